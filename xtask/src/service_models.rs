//! `cargo xtask service-models`: takes the facts of service models out of an installed botocore.
//!
//! What is kept is said by [`DROPPED`]: documentation and whatever nobody reads goes, the rest stays in
//! botocore's own words, so that one reader serves the bundle and a folder of whole models alike. The
//! format of the file is described where it is read, in `crates/service-models/src/bundle.rs`.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::Failure;
use crate::arguments::Arguments;
use crate::process::root;
use crate::setup;

/// Most bytes of the file. Raising it is a decision: it is part of every binary.
const BYTES_MAX: usize = 3 << 19;

/// The services, by botocore's names: those of the optimized integrations, then those that state
/// machines use most, then what room was left for.
const SERVICES: &str = "
    stepfunctions lambda dynamodb sqs sns events batch ecs glue codebuild sagemaker emr emr-containers
    emr-serverless athena eks bedrock bedrock-runtime bedrock-agent bedrock-agent-runtime
    bedrock-agentcore databrew mediaconvert apigateway apigatewayv2
    s3 ec2 iam sts kms secretsmanager ssm logs cloudwatch cloudformation ecr elbv2 rds rds-data redshift
    redshift-data kinesis firehose cognito-idp cognito-identity ses sesv2 textract rekognition comprehend
    transcribe translate polly scheduler pipes appconfig appconfigdata cloudfront route53 organizations
    autoscaling application-autoscaling elasticache opensearch backup codepipeline codecommit config
    cloudtrail dynamodbstreams datasync dms transfer workspaces servicediscovery acm wafv2 guardduty
    securityhub inspector2 account cloudcontrol iot-data resourcegroupstaggingapi efs sagemaker-runtime
    xray mwaa timestream-write timestream-query personalize personalize-runtime forecast chatbot
    ssm-incidents support appsync mq kafka quicksight lakeformation budgets ce
";

/// Members of a model that are left out.
const DROPPED: &[&str] = &[
    "alias",
    "box",
    "clientContextParams",
    "contextParam",
    "deprecated",
    "deprecatedMessage",
    "deprecatedSince",
    "documentation",
    "documentationUrl",
    "endpointdiscovery",
    "endpointdiscoveryid",
    "endpointoperation",
    "examples",
    "fault",
    "idempotent",
    "internalonly",
    "operationContextParams",
    "pattern",
    "readonly",
    "requestcompression",
    "retryable",
    "serviceAbbreviation",
    "serviceFullName",
    "staticContextParams",
    "synthetic",
    "tags",
    "uid",
    "xmlOrder",
];

/// Members whose own members have names that the service chose.
const NAMED: &[&str] = &["members", "operations", "shapes"];

/// Writes `crates/service-models/data/models.bin`.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let given = arguments.option("--botocore")?.map(PathBuf::from);
    arguments.finish()?;
    let botocore = match given {
        Some(folder) => folder,
        None => installed()?,
    };
    let mut models = Vec::new();
    for service in SERVICES.split_whitespace() {
        let model = read(&newest(&botocore.join("data").join(service))?)?;
        let id = model["metadata"]["serviceId"].as_str();
        let id = id.ok_or_else(|| format!("{service} has no serviceId"))?;
        let text = serde_json::to_vec(&trimmed(&model, false))?;
        models.push((sdk_name(id), packed(&text)?));
    }
    models.sort();
    let bytes = bundle(&version(&botocore)?, &models)?;
    let path = root().join("crates/service-models/data/models.bin");
    if bytes.len() > BYTES_MAX {
        let message = format!("{} bytes are more than {BYTES_MAX}", bytes.len());
        return Err(message.into());
    }
    std::fs::write(&path, &bytes)?;
    println!(
        "{}: {} services, {} bytes",
        path.display(),
        models.len(),
        bytes.len()
    );
    Ok(())
}

/// The botocore that `cargo xtask setup` installed.
fn installed() -> Result<PathBuf, Failure> {
    let code = "import botocore, os; print(os.path.dirname(botocore.__file__))";
    let output = std::process::Command::new(setup::python())
        .args(["-c", code])
        .output()
        .map_err(|error| format!("cannot ask python for botocore ({error}); cargo xtask setup"))?;
    let folder = String::from_utf8(output.stdout)?;
    if !output.status.success() || folder.trim().is_empty() {
        return Err("botocore is not installed: cargo xtask setup".into());
    }
    Ok(PathBuf::from(folder.trim()))
}

fn version(botocore: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(botocore.join("__init__.py"))?;
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("__version__ = "))
        .ok_or("botocore has no version")?;
    Ok(version.trim_matches(['\'', '"']).to_owned())
}

/// Versions are dates: the last is the newest.
fn newest(service: &Path) -> Result<PathBuf, Failure> {
    let mut files = Vec::new();
    for version in std::fs::read_dir(service).map_err(|e| format!("{}: {e}", service.display()))? {
        let version = version?.path();
        for file in ["service-2.json", "service-2.json.gz"] {
            files.push(version.join(file));
        }
    }
    files.retain(|file| file.is_file());
    let newest = files.into_iter().max();
    newest.ok_or_else(|| format!("{} has no model", service.display()).into())
}

fn read(path: &Path) -> Result<Value, Failure> {
    let bytes = std::fs::read(path)?;
    if path.extension().is_some_and(|it| it == "gz") {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut text)?;
        return Ok(serde_json::from_slice(&text)?);
    }
    Ok(serde_json::from_slice(&bytes)?)
}

fn trimmed(value: &Value, names_are_chosen: bool) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members
                .iter()
                .filter(|(name, _)| names_are_chosen || !DROPPED.contains(&name.as_str()));
            let members: Map<String, Value> = kept
                .map(|(name, value)| {
                    let chosen = !names_are_chosen && NAMED.contains(&name.as_str());
                    (name.clone(), trimmed(value, chosen))
                })
                .collect();
            Value::Object(members)
        }
        Value::Array(items) => items.iter().map(|item| trimmed(item, false)).collect(),
        other => other.clone(),
    }
}

fn packed(text: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(text)?;
    Ok(packer.finish()?)
}

fn bundle(version: &str, models: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Failure> {
    let mut at = 0;
    let mut services = Vec::new();
    for (name, packed) in models {
        services.push(json!({"name": name, "at": at, "bytes": packed.len()}));
        at += packed.len();
    }
    let index = json!({"source": format!("botocore {version}"), "services": services});
    let index = serde_json::to_vec(&index)?;
    let mut bytes = b"TWSM\x01".to_vec();
    bytes.extend(u32::try_from(index.len())?.to_le_bytes());
    bytes.extend(index);
    for (_, packed) in models {
        bytes.extend(packed);
    }
    Ok(bytes)
}

/// As `service_models::sdk_name`, whose tests hold the two together.
fn sdk_name(service_id: &str) -> String {
    service_id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_goes_and_names_stay() {
        let model = json!({
            "documentation": "long",
            "shapes": {
                "documentation": {"type": "string", "pattern": ".*", "max": 5},
                "S": {"type": "structure", "members": {"tags": {"shape": "T", "documentation": "d"}}},
            },
        });
        let kept = json!({
            "shapes": {
                "documentation": {"type": "string", "max": 5},
                "S": {"type": "structure", "members": {"tags": {"shape": "T"}}},
            },
        });
        assert_eq!(trimmed(&model, false), kept);
    }
}
