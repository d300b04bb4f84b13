//! Jobs that `.sync` waits for: how each is looked at, and when it has ended.
//!
//! Source: AWS developer guide, "Integrating optimized services", and the API references of the services.

use serde_json::{Map, Value};

/// A job of one integration.
#[derive(Debug)]
pub(super) struct Job {
    /// `batch:submitJob`
    pub(super) resource: &'static str,
    /// The action that describes it.
    pub(super) describe: &'static str,
    /// The parameters of that, each a member and where its value is.
    ask: &'static [(&'static str, Place)],
    /// Where the job is in the answer; a JSON pointer.
    inner: &'static str,
    /// Where its status is in the job; likewise.
    status: &'static str,
    done: &'static [&'static str],
    failed: &'static [&'static str],
    shown: Shown,
}

/// Where a value is: a JSON pointer into what was given, or into what was answered.
#[derive(Debug)]
pub(super) enum Place {
    Given(&'static str),
    Submitted(&'static str),
    /// A list of that one.
    SubmittedAsList(&'static str),
    /// This text.
    Is(&'static str),
}

/// What the result is.
#[derive(Debug)]
enum Shown {
    /// The job.
    Inner,
    /// The answer as a whole.
    Whole,
    /// The job as a member of this name.
    As(&'static str),
    /// The answer, and what was answered when the job was submitted.
    Both,
}

/// How a job stands.
#[derive(Debug, PartialEq)]
pub(super) enum Standing {
    Running,
    Done(Value),
    Failed(Value),
    /// It is not in the answer.
    Gone,
}

use Place::{Given, Submitted, SubmittedAsList};

macro_rules! jobs {
    ($($resource:literal, $describe:literal { $($member:literal: $from:expr),* } $inner:literal $status:literal
       done $done:expr, failed $failed:expr, $shown:expr;)*) => {
        &[$(Job {
            resource: $resource, describe: $describe, ask: &[$(($member, $from)),*], inner: $inner,
            status: $status, done: &$done, failed: &$failed, shown: $shown,
        }),*]
    };
}

#[rustfmt::skip]
const JOBS: &[Job] = jobs! {
    "athena:startQueryExecution", "getQueryExecution" {"QueryExecutionId": Submitted("/QueryExecutionId")}
        "/QueryExecution" "/Status/State" done ["SUCCEEDED"], failed ["FAILED", "CANCELLED"], Shown::As("QueryExecution");
    "batch:submitJob", "describeJobs" {"Jobs": SubmittedAsList("/JobId")}
        "/Jobs/0" "/Status" done ["SUCCEEDED"], failed ["FAILED"], Shown::Inner;
    "bedrock:createModelCustomizationJob", "getModelCustomizationJob" {"JobIdentifier": Submitted("/JobArn")}
        "" "/Status" done ["Completed"], failed ["Failed", "Stopped"], Shown::Whole;
    "codebuild:startBuild", "batchGetBuilds" {"Ids": SubmittedAsList("/Build/Id")}
        "/Builds/0" "/BuildStatus" done ["SUCCEEDED"], failed ["FAILED", "FAULT", "TIMED_OUT", "STOPPED"], Shown::As("Build");
    "codebuild:startBuildBatch", "batchGetBuildBatches" {"Ids": SubmittedAsList("/BuildBatch/Id")}
        "/BuildBatches/0" "/BuildBatchStatus" done ["SUCCEEDED"], failed ["FAILED", "FAULT", "TIMED_OUT", "STOPPED"], Shown::As("BuildBatch");
    "codebuild:retryBuildBatch", "batchGetBuildBatches" {"Ids": SubmittedAsList("/BuildBatch/Id")}
        "/BuildBatches/0" "/BuildBatchStatus" done ["SUCCEEDED"], failed ["FAILED", "FAULT", "TIMED_OUT", "STOPPED"], Shown::As("BuildBatch");
    "databrew:startJobRun", "describeJobRun" {"Name": Given("/Name"), "RunId": Submitted("/RunId")}
        "" "/State" done ["SUCCEEDED"], failed ["FAILED", "STOPPED", "TIMEOUT"], Shown::Whole;
    // A task has no status of success: its containers tell.
    "ecs:runTask", "describeTasks" {"Cluster": Given("/Cluster"), "Tasks": SubmittedAsList("/Tasks/0/TaskArn")}
        "/Tasks/0" "/LastStatus" done ["STOPPED"], failed [], Shown::Inner;
    "eks:createCluster", "describeCluster" {"Name": Given("/Name")}
        "/Cluster" "/Status" done ["ACTIVE"], failed ["FAILED"], Shown::As("Cluster");
    "eks:deleteCluster", "describeCluster" {"Name": Given("/Name")}
        "/Cluster" "/Status" done [], failed ["FAILED"], Shown::As("Cluster");
    "eks:createNodegroup", "describeNodegroup" {"ClusterName": Given("/ClusterName"), "NodegroupName": Given("/NodegroupName")}
        "/Nodegroup" "/Status" done ["ACTIVE"], failed ["CREATE_FAILED", "DEGRADED"], Shown::As("Nodegroup");
    "eks:deleteNodegroup", "describeNodegroup" {"ClusterName": Given("/ClusterName"), "NodegroupName": Given("/NodegroupName")}
        "/Nodegroup" "/Status" done [], failed ["DELETE_FAILED"], Shown::As("Nodegroup");
    "eks:createFargateProfile", "describeFargateProfile" {"ClusterName": Given("/ClusterName"), "FargateProfileName": Given("/FargateProfileName")}
        "/FargateProfile" "/Status" done ["ACTIVE"], failed ["CREATE_FAILED"], Shown::As("FargateProfile");
    "eks:deleteFargateProfile", "describeFargateProfile" {"ClusterName": Given("/ClusterName"), "FargateProfileName": Given("/FargateProfileName")}
        "/FargateProfile" "/Status" done [], failed ["DELETE_FAILED"], Shown::As("FargateProfile");
    "elasticmapreduce:createCluster", "describeCluster" {"ClusterId": Submitted("/ClusterId")}
        "/Cluster" "/Status/State" done ["WAITING"], failed ["TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"], Shown::Both;
    "elasticmapreduce:terminateCluster", "describeCluster" {"ClusterId": Given("/ClusterId")}
        "/Cluster" "/Status/State" done ["TERMINATED"], failed ["TERMINATED_WITH_ERRORS"], Shown::Whole;
    "elasticmapreduce:addStep", "describeStep" {"ClusterId": Given("/ClusterId"), "StepId": Submitted("/StepId")}
        "/Step" "/Status/State" done ["COMPLETED"], failed ["FAILED", "CANCELLED", "INTERRUPTED"], Shown::Both;
    "emr-containers:startJobRun", "describeJobRun" {"VirtualClusterId": Given("/VirtualClusterId"), "Id": Submitted("/Id")}
        "/JobRun" "/State" done ["COMPLETED"], failed ["FAILED", "CANCELLED"], Shown::Inner;
    "emr-containers:deleteVirtualCluster", "describeVirtualCluster" {"Id": Submitted("/Id")}
        "/VirtualCluster" "/State" done ["TERMINATED"], failed ["ARRESTED"], Shown::Inner;
    "emr-serverless:createApplication", "getApplication" {"ApplicationId": Submitted("/ApplicationId")}
        "/Application" "/State" done ["CREATED", "STARTED"], failed ["TERMINATED"], Shown::Inner;
    "emr-serverless:startApplication", "getApplication" {"ApplicationId": Given("/ApplicationId")}
        "/Application" "/State" done ["STARTED"], failed ["STOPPED", "TERMINATED"], Shown::Inner;
    "emr-serverless:stopApplication", "getApplication" {"ApplicationId": Given("/ApplicationId")}
        "/Application" "/State" done ["STOPPED"], failed ["TERMINATED"], Shown::Inner;
    "emr-serverless:deleteApplication", "getApplication" {"ApplicationId": Given("/ApplicationId")}
        "/Application" "/State" done ["TERMINATED"], failed [], Shown::Inner;
    "emr-serverless:startJobRun", "getJobRun" {"ApplicationId": Submitted("/ApplicationId"), "JobRunId": Submitted("/JobRunId")}
        "/JobRun" "/State" done ["SUCCESS"], failed ["FAILED", "CANCELLED"], Shown::Inner;
    "emr-serverless:cancelJobRun", "getJobRun" {"ApplicationId": Given("/ApplicationId"), "JobRunId": Given("/JobRunId")}
        "/JobRun" "/State" done ["CANCELLED"], failed ["SUCCESS", "FAILED"], Shown::Inner;
    "glue:startJobRun", "getJobRun" {"JobName": Given("/JobName"), "RunId": Submitted("/JobRunId")}
        "/JobRun" "/JobRunState" done ["SUCCEEDED"], failed ["FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"], Shown::Inner;
    "mediaconvert:createJob", "getJob" {"Id": Submitted("/Job/Id")}
        "/Job" "/Status" done ["COMPLETE"], failed ["ERROR", "CANCELED"], Shown::As("Job");
    "sagemaker:createHyperParameterTuningJob", "describeHyperParameterTuningJob" {"HyperParameterTuningJobName": Given("/HyperParameterTuningJobName")}
        "" "/HyperParameterTuningJobStatus" done ["Completed"], failed ["Failed", "Stopped"], Shown::Whole;
    "sagemaker:createLabelingJob", "describeLabelingJob" {"LabelingJobName": Given("/LabelingJobName")}
        "" "/LabelingJobStatus" done ["Completed"], failed ["Failed", "Stopped"], Shown::Whole;
    "sagemaker:createProcessingJob", "describeProcessingJob" {"ProcessingJobName": Given("/ProcessingJobName")}
        "" "/ProcessingJobStatus" done ["Completed"], failed ["Failed", "Stopped"], Shown::Whole;
    "sagemaker:createTrainingJob", "describeTrainingJob" {"TrainingJobName": Given("/TrainingJobName")}
        "" "/TrainingJobStatus" done ["Completed"], failed ["Failed", "Stopped"], Shown::Whole;
    "sagemaker:createTransformJob", "describeTransformJob" {"TransformJobName": Given("/TransformJobName")}
        "" "/TransformJobStatus" done ["Completed"], failed ["Failed", "Stopped"], Shown::Whole;
};

/// The job of `SERVICE:ACTION`, if it is one that can be waited for.
pub(super) fn of(resource: &str) -> Option<&'static Job> {
    JOBS.iter().find(|job| job.resource == resource)
}

/// Members with their values; `None` when one that was to be answered is not there.
pub(super) fn parameters(
    members: &[(&str, Place)],
    given: &Value,
    submitted: &Value,
) -> Option<Value> {
    let mut parameters = Map::new();
    let there = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    for (member, place) in members {
        let value = match place {
            Given(pointer) => match there(given.pointer(pointer)) {
                Some(value) => value,
                // It may have a default; the service complains if not.
                None => continue,
            },
            Submitted(pointer) => there(submitted.pointer(pointer))?,
            SubmittedAsList(pointer) => Value::Array(vec![there(submitted.pointer(pointer))?]),
            Place::Is(text) => Value::String((*text).to_owned()),
        };
        parameters.insert((*member).to_owned(), value);
    }
    Some(Value::Object(parameters))
}

impl Job {
    /// The parameters that ask how it stands; `None` when what was answered names no job, as when no
    /// task of ECS could be placed.
    pub(super) fn parameters(&self, given: &Value, submitted: &Value) -> Option<Value> {
        parameters(self.ask, given, submitted)
    }

    /// Whether it is done when it is no longer there.
    pub(super) fn ends_gone(&self) -> bool {
        self.done.is_empty()
    }

    /// How it stands, by the answer to that.
    pub(super) fn standing(&self, answer: Value, submitted: &Value) -> Standing {
        let Some(inner) = answer.pointer(self.inner) else {
            return Standing::Gone;
        };
        let status = inner.pointer(self.status).and_then(Value::as_str);
        let status = status.unwrap_or_default();
        let is_done = self.done.contains(&status);
        if !is_done && !self.failed.contains(&status) {
            return Standing::Running;
        }
        let went_well = is_done && (self.resource != "ecs:runTask" || containers_went_well(inner));
        let inner = inner.clone();
        let shown = match self.shown {
            Shown::Inner => inner,
            Shown::Whole => answer,
            Shown::As(name) => Value::Object(Map::from_iter([(name.to_owned(), inner)])),
            Shown::Both => both(answer, submitted),
        };
        match went_well {
            true => Standing::Done(shown),
            false => Standing::Failed(shown),
        }
    }
}

/// Every container that ended did so with 0, and one did. A task that was stopped before its containers
/// began has no exit code at all.
fn containers_went_well(task: &Value) -> bool {
    let containers = task.get("Containers").and_then(Value::as_array);
    let codes = containers
        .into_iter()
        .flatten()
        .map(|container| container.get("ExitCode"));
    let mut codes = codes.peekable();
    codes.peek().is_some() && codes.all(|code| code.and_then(Value::as_i64) == Some(0))
}

fn both(answer: Value, submitted: &Value) -> Value {
    let mut members = match submitted {
        Value::Object(members) => members.clone(),
        _ => Map::new(),
    };
    // They tell of another answer.
    members.shift_remove("SdkHttpMetadata");
    members.shift_remove("SdkResponseMetadata");
    if let Value::Object(answer) = answer {
        members.extend(answer);
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use service_models::bundled;

    use super::*;

    fn standing(resource: &str, answer: Value) -> Standing {
        of(resource).unwrap().standing(answer, &json!({}))
    }

    #[test]
    fn every_job_is_looked_at_by_an_action_that_takes_what_is_asked() {
        for job in JOBS {
            let (service, action) = job.resource.split_once(':').unwrap();
            let service = super::super::of(service).unwrap();
            let model = bundled(service.model).unwrap();
            let describe = model.operation(job.describe).unwrap();
            let input = model.shape(describe.input.as_ref().unwrap()).unwrap();
            for (member, _) in job.ask {
                let known = input.members.keys();
                let mut known = known.map(|name| crate::aws::names::capital(name));
                assert!(
                    known.any(|name| name == *member),
                    "{}: {member}",
                    job.resource
                );
            }
            let required = input.required.iter().all(|name| {
                let name = crate::aws::names::capital(name);
                job.ask.iter().any(|(member, _)| *member == name)
            });
            assert!(required, "{}: {:?}", job.resource, input.required);
            let is_one =
                service.resource == "elasticmapreduce" || model.operation(action).is_some();
            assert!(is_one, "{}", job.resource);
        }
    }

    #[test]
    fn a_status_of_every_job_is_one_that_its_service_gives() {
        for job in JOBS {
            let (service, _) = job.resource.split_once(':').unwrap();
            let model = bundled(super::super::of(service).unwrap().model).unwrap();
            let values: Vec<&String> = model
                .shapes
                .values()
                .flat_map(|shape| &shape.values)
                .collect();
            for status in job.done.iter().chain(job.failed) {
                // ECS has no list of them.
                let is_known = values.iter().any(|value| value == status) || service == "ecs";
                assert!(is_known, "{}: {status}", job.resource);
            }
        }
    }

    #[test]
    fn what_is_asked_for_comes_from_both_sides() {
        let job = of("glue:startJobRun").unwrap();
        let parameters = job.parameters(&json!({"JobName": "j"}), &json!({"JobRunId": "r"}));
        assert_eq!(parameters, Some(json!({"JobName": "j", "RunId": "r"})));
        let job = of("ecs:runTask").unwrap();
        let submitted = json!({"Tasks": [{"TaskArn": "t"}]});
        let parameters = job.parameters(&json!({}), &submitted);
        assert_eq!(parameters, Some(json!({"Tasks": ["t"]})));
        let nothing = json!({"Tasks": [], "Failures": [{"Reason": "RESOURCE:MEMORY"}]});
        assert_eq!(job.parameters(&json!({}), &nothing), None);
    }

    #[test]
    fn a_job_stands_as_its_status_says() {
        let job = |status: &str| json!({"Jobs": [{"JobId": "j", "Status": status}]});
        assert_eq!(
            standing("batch:submitJob", job("RUNNABLE")),
            Standing::Running
        );
        let shown = |status: &str| json!({"JobId": "j", "Status": status});
        assert_eq!(
            standing("batch:submitJob", job("SUCCEEDED")),
            Standing::Done(shown("SUCCEEDED"))
        );
        assert_eq!(
            standing("batch:submitJob", job("FAILED")),
            Standing::Failed(shown("FAILED"))
        );
        assert_eq!(
            standing("batch:submitJob", json!({"Jobs": []})),
            Standing::Gone
        );
    }

    #[test]
    fn a_task_went_well_if_all_its_containers_did() {
        let task = |containers: Value| json!({"Tasks": [{"LastStatus": "STOPPED", "Containers": containers}]});
        let went_well = |containers| match standing("ecs:runTask", task(containers)) {
            Standing::Done(_) => true,
            Standing::Failed(_) => false,
            other => panic!("{other:?}"),
        };
        assert!(went_well(json!([{"ExitCode": 0}, {"ExitCode": 0}])));
        assert!(!went_well(json!([{"ExitCode": 0}, {"ExitCode": 1}])));
        assert!(!went_well(json!([{"Reason": "CannotPullContainerError"}])));
        assert!(!went_well(json!([])));
    }

    #[test]
    fn a_cluster_is_told_with_its_id() {
        let job = of("elasticmapreduce:createCluster").unwrap();
        let cluster = json!({"Cluster": {"Id": "c", "Status": {"State": "WAITING"}}});
        let submitted = json!({"ClusterId": "c", "SdkHttpMetadata": {}});
        let Standing::Done(shown) = job.standing(cluster.clone(), &submitted) else {
            panic!("not done");
        };
        assert_eq!(
            shown,
            json!({"ClusterId": "c", "Cluster": cluster["Cluster"]})
        );
    }
}
