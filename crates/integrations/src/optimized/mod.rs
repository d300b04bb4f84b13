//! The optimized integrations: `arn:aws:states:::SERVICE:ACTION`.
//!
//! They speak to a service as [`crate::aws`] does, with names and errors of their own: those of version 1
//! of AWS's SDK for Java. Their results tell of the HTTP answer too. A service that needs no more is a line
//! of [`SERVICES`]; any other has a file.
//!
//! Source: AWS developer guide, "Integrating optimized services", and results recorded from AWS. Names of
//! exceptions where none was recorded: those of the SDK.

mod apigateway;
mod bedrock;
mod emr;
mod events;
mod jobs;
mod sqs;
mod stop;
mod watch;

use interpreter::Document;
use serde_json::{Value, json};

use crate::aws::{self, Ask, Failure, Words};
use crate::outbound::Outbound;
use crate::{Call, Outcome, lambda};

pub(crate) use stop::stop;
pub(crate) use watch::watch;

/// An optimized integration of a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Optimized {
    /// In resources.
    resource: &'static str,
    /// The model's name.
    model: &'static str,
    /// What names of its errors begin with.
    prefix: &'static str,
    /// As its errors call it.
    client: &'static str,
    /// The exception that stands for every code that has none.
    exception: &'static str,
}

macro_rules! services {
    ($($resource:literal $model:literal $prefix:literal $client:literal $exception:literal)*) => {
        &[$(Optimized {
            resource: $resource, model: $model, prefix: $prefix, client: $client, exception: $exception,
        }),*]
    };
}

#[rustfmt::skip]
const SERVICES: &[Optimized] = services! {
    "apigateway"       "apigateway"     "ApiGateway"    "AmazonApiGateway"       "AmazonApiGatewayException"
    "athena"           "athena"         "Athena"        "AmazonAthena"           "AmazonAthenaException"
    "batch"            "batch"          "Batch"         "AWSBatch"               "AWSBatchException"
    "bedrock"          "bedrock"        "Bedrock"       "AmazonBedrock"          "AmazonBedrockException"
    "codebuild"        "codebuild"      "CodeBuild"     "AWSCodeBuild"           "AWSCodeBuildException"
    "databrew"         "databrew"       "GlueDataBrew"  "AWSGlueDataBrew"        "AWSGlueDataBrewException"
    "dynamodb"         "dynamodb"       "DynamoDB"      "AmazonDynamoDBv2"       "AmazonDynamoDBException"
    "ecs"              "ecs"            "ECS"           "AmazonECS"              "AmazonECSException"
    "eks"              "eks"            "EKS"           "AmazonEKS"              "AmazonEKSException"
    "elasticmapreduce" "emr"            "ElasticMapReduce" "AmazonElasticMapReduce" "AmazonElasticMapReduceException"
    "emr-containers"   "emrcontainers"  "EMRContainers" "AmazonEMRContainers"    "AmazonEMRContainersException"
    "emr-serverless"   "emrserverless"  "EMRServerless" "AWSEMRServerless"       "AWSEMRServerlessException"
    "events"           "eventbridge"    "EventBridge"   "AmazonEventBridge"      "AmazonEventBridgeException"
    "glue"             "glue"           "Glue"          "AWSGlue"                "AWSGlueException"
    "mediaconvert"     "mediaconvert"   "MediaConvert"  "AWSMediaConvert"        "AWSMediaConvertException"
    "sagemaker"        "sagemaker"      "SageMaker"     "AmazonSageMaker"        "AmazonSageMakerException"
    "sns"              "sns"            "SNS"           "AmazonSNS"              "AmazonSNSException"
    "sqs"              "sqs"            "SQS"           "AmazonSQS"              "AmazonSQSException"
};

/// The integration of a service, if it is one of these.
pub(crate) fn of(resource: &str) -> Option<&'static Optimized> {
    SERVICES.iter().find(|service| service.resource == resource)
}

/// Makes the call.
pub(crate) async fn call(
    outbound: &Outbound,
    service: &Optimized,
    action: &str,
    call: Call<'_>,
) -> Outcome {
    let given = call.parameters.value();
    let ask = |action, parameters| ask(outbound, service, action, parameters, call);
    let result = match (service.resource, action) {
        ("apigateway", "invoke") => return apigateway::invoke(outbound, given).await,
        ("sqs", "sendMessage") => {
            let parameters = sqs::parameters(given);
            let parameters = parameters.map_err(|cause| service.client_error(cause))?;
            ask(action, &parameters).await?
        }
        ("sns", "publish") => ask(action, &with_text(given, "Message")).await?,
        ("events", "putEvents") => events::checked(ask(action, given).await?)?,
        ("bedrock", "invokeModel") => {
            let parameters = bedrock::parameters(outbound, given).await?;
            let invoked = self::ask(outbound, &BEDROCK_RUNTIME, action, &parameters, call).await?;
            bedrock::result(outbound, given, invoked).await?
        }
        ("elasticmapreduce", _) => {
            if let Some(change) = emr::by_name(action) {
                let cluster = json!({"ClusterId": given.get("ClusterId")});
                let list = ask(change.list, &cluster).await?;
                let parameters = change.parameters(given, &list);
                let parameters = parameters.map_err(|cause| service.client_error(cause))?;
                ask(change.change, &parameters).await?
            } else if let Some(emr::Request {
                action: own,
                parameters,
            }) = emr::request(action, given)
            {
                emr::result(action, ask(own, &parameters).await?)
            } else {
                return Err(crate::not_called(call.resource));
            }
        }
        // These speak to the API of a cluster, and not to EKS.
        ("eks", "call" | "runJob") => return Err(crate::not_called(call.resource)),
        _ => ask(action, given).await?,
    };
    Ok(Document::from_value(result))
}

/// Models are invoked at another service than they are made.
static BEDROCK_RUNTIME: Optimized = Optimized {
    resource: "bedrock",
    model: "bedrockruntime",
    prefix: "Bedrock",
    client: "AmazonBedrockRuntime",
    exception: "AmazonBedrockRuntimeException",
};

/// Asks, and gives the result with what is told of the answer.
async fn ask(
    outbound: &Outbound,
    service: &Optimized,
    action: &str,
    parameters: &Value,
    call: Call<'_>,
) -> Result<Value, (String, String)> {
    let ask = Ask {
        service: service.model,
        action,
        parameters,
        key: Some(call.key),
        bytes: None,
    };
    let answer = aws::ask(outbound, ask).await;
    let answer = answer.map_err(|failure| service.failed(call.parameters.text(), failure))?;
    let mut result = answer.shown(Words::Optimized);
    if let Value::Object(members) = &mut result {
        let http = lambda::http_metadata(&answer.told);
        members.insert("SdkHttpMetadata".to_owned(), http);
        let metadata = json!({ "RequestId": answer.request_id });
        members.insert("SdkResponseMetadata".to_owned(), metadata);
    }
    Ok(result)
}

impl Optimized {
    fn failed(&self, parameters: &str, failure: Failure) -> (String, String) {
        match failure {
            Failure::Refused(refusal) => {
                let name = refusal.name(Words::Optimized, self.prefix, self.exception);
                (name, refusal.cause(Words::Optimized, self.client))
            }
            other => aws::not_asked(self.prefix, parameters, &other),
        }
    }

    fn client_error(&self, cause: String) -> (String, String) {
        (format!("{}.SdkClientException", self.prefix), cause)
    }
}

/// With a member as text, whatever JSON it is.
fn with_text(parameters: &Value, name: &str) -> Value {
    let mut parameters = parameters.clone();
    match parameters.get_mut(name) {
        None | Some(Value::Null | Value::String(_)) => {}
        Some(other) => *other = Value::String(other.to_string()),
    }
    parameters
}
