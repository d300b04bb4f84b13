//! `Resource` of a Task: an activity, a function, or an integration with another service.

mod integrations;

use std::sync::Arc;

use crate::MachineType;
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;

use integrations::Pattern;

/// What a resource names.
enum Resource {
    Activity,
    Function,
    Integration(Pattern),
}

/// Reads and checks `Resource`.
pub(crate) fn read(
    fields: &Fields<'_>,
    machine_type: MachineType,
    findings: &mut Findings,
) -> Option<Arc<str>> {
    let text = fields.string("Resource", findings)?;
    let Some(resource) = classify(text) else {
        let message = format!(
            "The resource provided {text} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
        );
        fields.report_field("Resource", &message, findings);
        return None;
    };
    if machine_type == MachineType::Express {
        // The second space is AWS's.
        let refusal = match resource {
            Resource::Activity => Some("Express state machine does not support Activity ARN"),
            Resource::Integration(Pattern::Sync) => {
                Some("Express state machine does not support '.sync' service integration")
            }
            Resource::Integration(Pattern::WaitForTaskToken) => Some(
                "Express state machine does not support '.waitForTaskToken' service integration ",
            ),
            Resource::Integration(Pattern::RequestResponse) | Resource::Function => None,
        };
        if let Some(message) = refusal {
            fields.report_field("Resource", message, findings);
            return None;
        }
    }
    Some(text.into())
}

fn classify(arn: &str) -> Option<Resource> {
    let mut parts = arn.splitn(6, ':');
    if parts.next() != Some("arn")
        || parts
            .next()
            .is_none_or(|partition| !partition.starts_with("aws"))
    {
        return None;
    }
    let (service, region) = (parts.next()?, parts.next()?);
    let (account, resource) = (parts.next()?, parts.next()?);
    match service {
        "states" if region.is_empty() && account.is_empty() => {
            integrations::pattern(resource).map(Resource::Integration)
        }
        "states" => {
            let name = resource.strip_prefix("activity:")?;
            let is_name = !name.is_empty() && !name.contains(':');
            (is_name && !region.is_empty() && !account.is_empty()).then_some(Resource::Activity)
        }
        "lambda" => {
            let name = resource.strip_prefix("function:")?;
            (!name.is_empty() && !region.is_empty()).then_some(Resource::Function)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(arn: &str) -> &'static str {
        match classify(arn) {
            None => "none",
            Some(Resource::Activity) => "activity",
            Some(Resource::Function) => "function",
            Some(Resource::Integration(Pattern::RequestResponse)) => "request",
            Some(Resource::Integration(Pattern::Sync)) => "sync",
            Some(Resource::Integration(Pattern::WaitForTaskToken)) => "token",
        }
    }

    #[test]
    fn kinds_of_resources() {
        let cases = [
            (
                "arn:aws:states:us-east-1:123456789012:activity:sort",
                "activity",
            ),
            (
                "arn:aws-cn:states:cn-north-1:123456789012:activity:sort",
                "activity",
            ),
            ("arn:aws:states:us-east-1:123456789012:activity:", "none"),
            (
                "arn:aws:states:us-east-1:123456789012:stateMachine:m",
                "none",
            ),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:f",
                "function",
            ),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:f:PROD",
                "function",
            ),
            ("arn:aws:states:::lambda:invoke", "request"),
            ("arn:aws:states:::lambda:invoke.waitForTaskToken", "token"),
            ("arn:aws:states:::lambda:invoke.sync", "none"),
            ("arn:aws:states:::states:startExecution.sync", "sync"),
            ("arn:aws:states:::states:startExecution.sync:2", "sync"),
            ("arn:aws:states:::dynamodb:query", "none"),
            ("arn:aws:states:::dynamodb:putItem", "request"),
            ("arn:aws:states:::aws-sdk:dynamodb:query", "request"),
            (
                "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken",
                "token",
            ),
            ("arn:aws:states:::aws-sdk:sqs:sendMessage.sync", "none"),
            ("arn:aws:states:::aws-sdk:sqs", "none"),
            ("arn:aws:states:::aws-sdk:SQS:SendMessage", "none"),
            ("arn:aws:states:::nothing:at.all", "none"),
            ("arn:aws:s3:::bucket", "none"),
            ("lambda", "none"),
            ("", "none"),
        ];
        for (arn, expected) in cases {
            assert_eq!(name_of(arn), expected, "{arn}");
        }
    }
}
