//! The optimized integrations, by service and action, and which patterns each has; and the rule for
//! `aws-sdk`, which takes any service.
//!
//! Source: AWS developer guide, "Integrating optimized services".

/// How a Task waits for the service it called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// For the response.
    RequestResponse,
    /// `.sync`, `.sync:2`: for the job to end.
    Sync,
    /// `.waitForTaskToken`: for somebody to hand the token back.
    WaitForTaskToken,
}

/// Patterns besides request and response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Also {
    Nothing,
    Sync,
    Token,
    Both,
}

use Also::{Both, Nothing, Sync, Token};

const OPTIMIZED: &[(&str, &[(&str, Also)])] = &[
    ("apigateway", &[("invoke", Token)]),
    (
        "athena",
        &[
            ("startQueryExecution", Sync),
            ("stopQueryExecution", Nothing),
            ("getQueryExecution", Nothing),
            ("getQueryResults", Nothing),
        ],
    ),
    ("batch", &[("submitJob", Sync)]),
    (
        "bedrock",
        &[
            ("invokeModel", Nothing),
            ("createModelCustomizationJob", Sync),
        ],
    ),
    (
        "codebuild",
        &[
            ("startBuild", Sync),
            ("stopBuild", Nothing),
            ("batchDeleteBuilds", Nothing),
            ("batchGetReports", Nothing),
            ("startBuildBatch", Sync),
            ("stopBuildBatch", Nothing),
            ("retryBuildBatch", Sync),
            ("deleteBuildBatch", Nothing),
        ],
    ),
    ("databrew", &[("startJobRun", Sync)]),
    (
        "dynamodb",
        &[
            ("getItem", Nothing),
            ("putItem", Nothing),
            ("deleteItem", Nothing),
            ("updateItem", Nothing),
        ],
    ),
    ("ecs", &[("runTask", Both)]),
    (
        "eks",
        &[
            ("call", Nothing),
            ("runJob", Sync),
            ("createCluster", Sync),
            ("deleteCluster", Sync),
            ("createNodegroup", Sync),
            ("deleteNodegroup", Sync),
            ("createFargateProfile", Sync),
            ("deleteFargateProfile", Sync),
        ],
    ),
    (
        "elasticmapreduce",
        &[
            ("createCluster", Sync),
            ("terminateCluster", Sync),
            ("addStep", Sync),
            ("cancelStep", Nothing),
            ("setClusterTerminationProtection", Nothing),
            ("modifyInstanceFleetByName", Nothing),
            ("modifyInstanceGroupByName", Nothing),
        ],
    ),
    (
        "emr-containers",
        &[
            ("createVirtualCluster", Nothing),
            ("deleteVirtualCluster", Sync),
            ("startJobRun", Sync),
        ],
    ),
    (
        "emr-serverless",
        &[
            ("createApplication", Sync),
            ("startApplication", Sync),
            ("stopApplication", Sync),
            ("deleteApplication", Sync),
            ("startJobRun", Sync),
            ("cancelJobRun", Sync),
        ],
    ),
    ("events", &[("putEvents", Token)]),
    ("glue", &[("startJobRun", Sync)]),
    ("http", &[("invoke", Nothing)]),
    ("lambda", &[("invoke", Token)]),
    ("mediaconvert", &[("createJob", Sync)]),
    (
        "sagemaker",
        &[
            ("createEndpoint", Nothing),
            ("createEndpointConfig", Nothing),
            ("createHyperParameterTuningJob", Sync),
            ("createLabelingJob", Sync),
            ("createModel", Nothing),
            ("createProcessingJob", Sync),
            ("createTrainingJob", Sync),
            ("createTransformJob", Sync),
            ("updateEndpoint", Nothing),
        ],
    ),
    ("sns", &[("publish", Token)]),
    ("sqs", &[("sendMessage", Token)]),
    ("states", &[("startExecution", Both)]),
];

/// The pattern of the integration `service:action[.pattern]`, if there is such a one.
pub(super) fn pattern(resource: &str) -> Option<Pattern> {
    let (service, rest) = resource.split_once(':')?;
    if service == "aws-sdk" {
        return sdk_pattern(rest);
    }
    let (action, suffix) = match rest.split_once('.') {
        Some((action, suffix)) => (action, Some(suffix)),
        None => (rest, None),
    };
    let (_, actions) = OPTIMIZED.iter().find(|(name, _)| *name == service)?;
    let (_, also) = actions.iter().find(|(name, _)| *name == action)?;
    match suffix {
        None => Some(Pattern::RequestResponse),
        Some("sync") if matches!(also, Sync | Both) => Some(Pattern::Sync),
        Some("sync:2") if service == "states" => Some(Pattern::Sync),
        Some("waitForTaskToken") if matches!(also, Token | Both) => Some(Pattern::WaitForTaskToken),
        Some(_) => None,
    }
}

/// `aws-sdk:service:action[.waitForTaskToken]`. Which services and actions there are changes with every
/// release of the SDK, so only the form is checked.
fn sdk_pattern(rest: &str) -> Option<Pattern> {
    let (service, action) = rest.split_once(':')?;
    let (action, pattern) = match action.split_once('.') {
        None => (action, Pattern::RequestResponse),
        Some((action, "waitForTaskToken")) => (action, Pattern::WaitForTaskToken),
        Some(_) => return None,
    };
    let is_service = !service.is_empty()
        && service
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let is_action = action.starts_with(|first: char| first.is_ascii_lowercase())
        && action.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_service && is_action).then_some(pattern)
}
