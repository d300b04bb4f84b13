//! Stops a job that nobody waits for any more: its execution was stopped, or its task timed out.
//!
//! Source: the permissions that the AWS developer guide lists for `.sync`, which name these actions.

use interpreter::Document;

use super::Optimized;
use super::jobs::{self, Place};
use crate::aws::{self, Ask};
use crate::outbound::Outbound;
use Place::{Given, Is, Submitted, SubmittedAsList};

/// What is told to a service that asks why.
const REASON: &str = "The execution that waited for it has ended.";

type Stop = (&'static str, &'static str, &'static [(&'static str, Place)]);

#[rustfmt::skip]
const STOPS: &[Stop] = &[
    ("athena:startQueryExecution", "stopQueryExecution", &[("QueryExecutionId", Submitted("/QueryExecutionId"))]),
    ("batch:submitJob", "terminateJob", &[("JobId", Submitted("/JobId")), ("Reason", Is(REASON))]),
    ("bedrock:createModelCustomizationJob", "stopModelCustomizationJob", &[("JobIdentifier", Submitted("/JobArn"))]),
    ("codebuild:startBuild", "stopBuild", &[("Id", Submitted("/Build/Id"))]),
    ("codebuild:startBuildBatch", "stopBuildBatch", &[("Id", Submitted("/BuildBatch/Id"))]),
    ("codebuild:retryBuildBatch", "stopBuildBatch", &[("Id", Submitted("/BuildBatch/Id"))]),
    ("databrew:startJobRun", "stopJobRun", &[("Name", Given("/Name")), ("RunId", Submitted("/RunId"))]),
    ("ecs:runTask", "stopTask", &[("Cluster", Given("/Cluster")), ("Task", Submitted("/Tasks/0/TaskArn")), ("Reason", Is(REASON))]),
    ("elasticmapreduce:addStep", "cancelSteps", &[("ClusterId", Given("/ClusterId")), ("StepIds", SubmittedAsList("/StepId"))]),
    ("elasticmapreduce:createCluster", "terminateJobFlows", &[("JobFlowIds", SubmittedAsList("/ClusterId"))]),
    ("emr-containers:startJobRun", "cancelJobRun", &[("VirtualClusterId", Given("/VirtualClusterId")), ("Id", Submitted("/Id"))]),
    ("emr-serverless:startJobRun", "cancelJobRun", &[("ApplicationId", Submitted("/ApplicationId")), ("JobRunId", Submitted("/JobRunId"))]),
    ("glue:startJobRun", "batchStopJobRun", &[("JobName", Given("/JobName")), ("JobRunIds", SubmittedAsList("/JobRunId"))]),
    ("mediaconvert:createJob", "cancelJob", &[("Id", Submitted("/Job/Id"))]),
    ("sagemaker:createHyperParameterTuningJob", "stopHyperParameterTuningJob", &[("HyperParameterTuningJobName", Given("/HyperParameterTuningJobName"))]),
    ("sagemaker:createLabelingJob", "stopLabelingJob", &[("LabelingJobName", Given("/LabelingJobName"))]),
    ("sagemaker:createProcessingJob", "stopProcessingJob", &[("ProcessingJobName", Given("/ProcessingJobName"))]),
    ("sagemaker:createTrainingJob", "stopTrainingJob", &[("TrainingJobName", Given("/TrainingJobName"))]),
    ("sagemaker:createTransformJob", "stopTransformJob", &[("TransformJobName", Given("/TransformJobName"))]),
    ("emr-serverless:startApplication", "stopApplication", &[("ApplicationId", Given("/ApplicationId"))]),
];

/// Asks the service to stop the job, once. The error is a sentence for the log: nobody else waits for it.
pub(crate) async fn stop(
    outbound: &Outbound,
    service: &Optimized,
    action: &str,
    parameters: &Document,
    submitted: &Document,
) -> Result<(), String> {
    let resource = format!("{}:{action}", service.resource);
    let Some((_, stop, members)) = STOPS.iter().find(|(known, ..)| *known == resource) else {
        return Ok(());
    };
    let asked = jobs::parameters(members, parameters.value(), submitted.value());
    let Some(asked) = asked else {
        return Ok(());
    };
    let ask = Ask {
        service: service.model,
        action: stop,
        parameters: &asked,
        key: None,
        bytes: None,
    };
    let stopped = aws::ask(outbound, ask).await;
    stopped.map(|_| ()).map_err(|failure| failure.to_string())
}

#[cfg(test)]
mod tests {
    use service_models::bundled;

    use super::*;
    use crate::aws::names;

    #[test]
    fn every_stop_is_an_action_that_takes_what_it_is_given() {
        for (resource, stop, given) in STOPS {
            assert!(jobs::of(resource).is_some(), "{resource}");
            let (service, _) = resource.split_once(':').unwrap();
            let model = bundled(super::super::of(service).unwrap().model).unwrap();
            let input = model.operation(stop).unwrap().input.as_ref().unwrap();
            let input = model.shape(input).unwrap();
            for name in &input.required {
                let name = names::capital(name);
                assert!(
                    given.iter().any(|(member, _)| *member == name),
                    "{resource}: {name}"
                );
            }
            for (member, _) in *given {
                let mut names = input.members.keys().map(|name| names::capital(name));
                assert!(names.any(|name| name == *member), "{resource}: {member}");
            }
        }
    }
}
