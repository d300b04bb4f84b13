//! `loggingConfiguration`, `tracingConfiguration` and `encryptionConfiguration`, in and out.

use engine::shapes::{EncryptionConfiguration, LoggingConfiguration};
use engine::{ErrorName, Rejection};
use serde::Deserialize;

use crate::checks::Checks;
use crate::decode::{Object, Text};
use crate::members::{ARN, ENCRYPTION_TYPE, KMS_KEY_ID, LOG_LEVEL, REUSE_PERIOD_SECONDS};
use crate::write;

/// `encryptionConfiguration` as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EncryptionInput<'a> {
    #[serde(borrow)]
    kms_key_id: Option<Text<'a>>,
    kms_data_key_reuse_period_seconds: Option<i32>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

/// `loggingConfiguration` as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LoggingInput<'a> {
    #[serde(borrow)]
    level: Option<Text<'a>>,
    include_execution_data: Option<bool>,
    #[serde(borrow)]
    destinations: Option<Vec<Option<Object<LogDestinationInput<'a>>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LogDestinationInput<'a> {
    #[serde(borrow)]
    cloud_watch_logs_log_group: Option<Object<LogGroupInput<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LogGroupInput<'a> {
    #[serde(borrow)]
    log_group_arn: Option<Text<'a>>,
}

/// `tracingConfiguration` as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TracingInput {
    enabled: Option<bool>,
}

/// Checks the constraints of `encryptionConfiguration`.
pub(crate) fn encryption(
    checks: &mut Checks,
    input: Option<Object<EncryptionInput<'_>>>,
) -> Option<EncryptionConfiguration> {
    let Object(input) = input?;
    let key = input.kms_key_id;
    checks.optional(
        "encryptionConfiguration.kmsKeyId",
        key.as_ref(),
        &KMS_KEY_ID,
    );
    let period = input.kms_data_key_reuse_period_seconds;
    checks.range(
        "encryptionConfiguration.kmsDataKeyReusePeriodSeconds",
        period,
        &REUSE_PERIOD_SECONDS,
    );
    let kind = checks.required("encryptionConfiguration.type", input.kind, &ENCRYPTION_TYPE);
    Some(EncryptionConfiguration {
        kind: kind.into_string(),
        kms_key_id: key.map(Text::into_string),
        reuse_period_seconds: period.and_then(|seconds| u32::try_from(seconds).ok()),
    })
}

/// Refuses a key of ours with particulars, and a key of theirs without.
pub(crate) fn encryption_is_consistent(
    encryption: Option<&EncryptionConfiguration>,
) -> Result<(), Rejection> {
    let Some(encryption) = encryption else {
        return Ok(());
    };
    let owned = encryption.kind == "AWS_OWNED_KEY";
    let what = if !owned && encryption.kms_key_id.is_none() {
        "kmsKeyId must be specified for CUSTOMER_MANAGED_KMS_KEY"
    } else if owned && encryption.kms_key_id.is_some() {
        "kmsKeyId must not be specified for AWS_OWNED_KEY"
    } else if owned && encryption.reuse_period_seconds.is_some() {
        "kmsDataKeyReusePeriodSeconds must not be specified for AWS_OWNED_KEY"
    } else {
        return Ok(());
    };
    let message = format!("Invalid Encryption Configuration: '{what}'");
    Err(Rejection::new(
        ErrorName::InvalidEncryptionConfiguration,
        message,
    ))
}

/// Checks the constraints of `loggingConfiguration`.
pub(crate) fn logging(
    checks: &mut Checks,
    input: Option<Object<LoggingInput<'_>>>,
) -> Option<LoggingConfiguration> {
    let Object(input) = input?;
    checks.optional(
        "loggingConfiguration.level",
        input.level.as_ref(),
        &LOG_LEVEL,
    );
    let destinations = input.destinations.map(|destinations| {
        let numbered = (1..).zip(destinations);
        numbered
            .map(|(number, destination)| log_group(checks, number, destination))
            .collect()
    });
    Some(LoggingConfiguration {
        level: input
            .level
            .map_or_else(|| "OFF".to_owned(), Text::into_string),
        include_execution_data: input.include_execution_data.unwrap_or(false),
        destinations,
    })
}

/// The model requires nothing inside a destination, but nothing can be done without the ARN.
fn log_group(
    checks: &mut Checks,
    number: usize,
    destination: Option<Object<LogDestinationInput<'_>>>,
) -> String {
    let mut at = format!("loggingConfiguration.destinations.{number}.member");
    let Some(Object(destination)) = destination else {
        checks.null(&at, false);
        return String::new();
    };
    at.push_str(".cloudWatchLogsLogGroup");
    let Some(Object(group)) = destination.cloud_watch_logs_log_group else {
        checks.null(&at, false);
        return String::new();
    };
    at.push_str(".logGroupArn");
    checks
        .required(&at, group.log_group_arn, &ARN)
        .into_string()
}

/// Whoever logs, logs to one place.
pub(crate) fn logging_has_one_destination(
    logging: Option<&LoggingConfiguration>,
) -> Result<(), Rejection> {
    let Some(logging) = logging else {
        return Ok(());
    };
    let count = logging.destinations.as_ref().map_or(0, Vec::len);
    if count == 1 || (count == 0 && logging.level == "OFF") {
        return Ok(());
    }
    Err(Rejection::new(
        ErrorName::InvalidLoggingConfiguration,
        "Invalid Logging Configuration: Must specify exactly one Log Destination.",
    ))
}

/// `tracingConfiguration.enabled`.
pub(crate) fn tracing(input: Option<Object<TracingInput>>) -> Option<bool> {
    input.map(|Object(tracing)| tracing.enabled.unwrap_or(false))
}

/// Writes `encryptionConfiguration`.
pub(crate) fn write_encryption(
    object: &mut write::Object<'_>,
    encryption: &EncryptionConfiguration,
) {
    object.object("encryptionConfiguration", |object| {
        object.text_if("kmsKeyId", encryption.kms_key_id.as_deref());
        if let Some(seconds) = encryption.reuse_period_seconds {
            object.number("kmsDataKeyReusePeriodSeconds", seconds.into());
        }
        object.text("type", &encryption.kind);
    });
}

/// Writes `loggingConfiguration`.
pub(crate) fn write_logging(object: &mut write::Object<'_>, logging: &LoggingConfiguration) {
    object.object("loggingConfiguration", |object| {
        object.text("level", &logging.level);
        object.boolean("includeExecutionData", logging.include_execution_data);
        if let Some(destinations) = &logging.destinations {
            object.objects("destinations", destinations, |object, arn| {
                object.object("cloudWatchLogsLogGroup", |object| {
                    object.text("logGroupArn", arn)
                });
            });
        }
    });
}

/// Writes `tracingConfiguration`.
pub(crate) fn write_tracing(object: &mut write::Object<'_>, enabled: bool) {
    object.object("tracingConfiguration", |object| {
        object.boolean("enabled", enabled)
    });
}
