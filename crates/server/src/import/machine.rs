//! State machines and activities as a template wants them to be.

use std::collections::BTreeMap;
use std::fs;

use asl::{MachineType, Severity};
use serde_json::{Map, Value, json};

use super::place::{Place, Problem};
use super::references::SAM_STATE_MACHINE;
use super::resolve::Resolver;
use super::template::{Resource, Template};
use super::yaml;

/// Tags by key; none where the template is silent about tags.
pub(super) type Tags = Option<BTreeMap<String, String>>;

/// A state machine, ready to be compared with the one at the server.
pub(super) struct Machine {
    pub name: String,
    pub arn: String,
    pub definition: String,
    pub role_arn: String,
    /// As the API spells it.
    pub kind: String,
    /// The configuration blocks, in the API's spelling.
    pub logging: Value,
    pub tracing: Value,
    /// Left alone where the template does not say.
    pub encryption: Option<Value>,
    pub tags: Tags,
    /// SAM's `AutoPublishAlias`.
    pub auto_publish_alias: Option<String>,
}

/// An activity: nothing of it but its tags can change.
pub(super) struct Activity {
    pub name: String,
    pub arn: String,
    pub tags: Tags,
}

/// Reads an activity.
pub(super) fn activity(
    resolver: &mut Resolver<'_>,
    resource: &Resource,
) -> Result<Activity, Problem> {
    Ok(Activity {
        name: resolver.own_name(resource)?,
        arn: resolver.own_arn(resource)?,
        tags: tags(resolver, resource)?,
    })
}

/// Reads a state machine, of CloudFormation's type or of SAM's.
pub(super) fn machine(
    resolver: &mut Resolver<'_>,
    resource: &Resource,
) -> Result<Machine, Problem> {
    let sam = resource.kind == SAM_STATE_MACHINE;
    let place = resource.place();
    let mut block = |name: &str| -> Result<Option<Value>, Problem> {
        match resource.properties.get(name) {
            Some(value) => Ok(resolver.resolve(value, &place.member(name))?.map(spelled)),
            None => Ok(None),
        }
    };
    let property = |cfn: &'static str, in_sam: &'static str| if sam { in_sam } else { cfn };
    let logging = block(property("LoggingConfiguration", "Logging"))?;
    let tracing = block(property("TracingConfiguration", "Tracing"))?;
    let encryption = block("EncryptionConfiguration")?;
    let kind = block(property("StateMachineType", "Type"))?;
    let kind = match kind {
        None => "STANDARD".to_owned(),
        Some(Value::String(kind)) if kind == "STANDARD" || kind == "EXPRESS" => kind,
        Some(other) => {
            let place = place.member(property("StateMachineType", "Type"));
            let why = format!("{other} is neither STANDARD nor EXPRESS");
            return Err(Problem::new(place, why));
        }
    };
    let auto_publish_alias = match block("AutoPublishAlias")? {
        Some(Value::String(alias)) if sam => Some(alias),
        _ => None,
    };
    let (definition, from) = definition(resolver, resource)?;
    check(&definition, &kind, &from)?;
    Ok(Machine {
        name: resolver.own_name(resource)?,
        arn: resolver.own_arn(resource)?,
        definition,
        role_arn: role(resolver, resource, property("RoleArn", "Role"), sam)?,
        kind,
        logging: logging.unwrap_or_else(|| json!({"level": "OFF", "includeExecutionData": false})),
        tracing: tracing.unwrap_or_else(|| json!({"enabled": false})),
        encryption,
        tags: tags(resolver, resource)?,
        auto_publish_alias,
    })
}

/// The definition's text and the property it comes from.
fn definition(
    resolver: &mut Resolver<'_>,
    resource: &Resource,
) -> Result<(String, Place), Problem> {
    let place = resource.place();
    let mut text = None;
    for (property, value) in &resource.properties {
        let from = place.member(property);
        let found = match property.as_str() {
            "DefinitionString" => resolver.text(value, &from)?,
            "Definition" => match resolver.resolve(value, &from)? {
                Some(object @ Value::Object(_)) => object.to_string(),
                None => continue,
                Some(_) => return Err(Problem::new(from, "must be an object")),
            },
            "DefinitionUri" | "DefinitionS3Location" => match resolver.resolve(value, &from)? {
                Some(Value::String(path)) if !path.starts_with("s3://") => {
                    file(resolver.template, &path, &from)?
                }
                None => continue,
                Some(_) => {
                    let why = format!(
                        "{property} names an object in S3, which is not read: give the \
                         definition itself, or the path of a file beside the template"
                    );
                    return Err(Problem::new(from, why));
                }
            },
            _ => continue,
        };
        if text.replace((found, from.clone())).is_some() {
            return Err(Problem::new(
                from,
                "is the second definition of this state machine",
            ));
        }
    }
    let Some((text, from)) = text else {
        let why = "has no definition: DefinitionString, Definition or, with SAM, DefinitionUri";
        return Err(Problem::new(place, why));
    };
    Ok((substituted(resolver, resource, text)?, from))
}

fn file(template: &Template, path: &str, from: &Place) -> Result<String, Problem> {
    let path = template.beside(path);
    let refuse = |why: String| Problem::new(from.clone(), format!("{}: {why}", path.display()));
    let text = fs::read_to_string(&path).map_err(|error| refuse(error.to_string()))?;
    if text.trim_start().starts_with('{') {
        return Ok(text);
    }
    let value = yaml::read(&text).map_err(|why| refuse(format!("is no YAML: {why}")))?;
    Ok(value.to_string())
}

/// Replaces `${KEY}` by what `DefinitionSubstitutions` says; what it does not name stays.
fn substituted(
    resolver: &mut Resolver<'_>,
    resource: &Resource,
    mut text: String,
) -> Result<String, Problem> {
    let place = resource.place().member("DefinitionSubstitutions");
    let Some(Value::Object(substitutions)) = resource.properties.get("DefinitionSubstitutions")
    else {
        return Ok(text);
    };
    for (key, value) in substitutions {
        if let Some(value) = resolver.resolve(value, &place.member(key))? {
            let value = resolver.text(&value, &place.member(key))?;
            text = text.replace(&format!("${{{key}}}"), &value);
        }
    }
    Ok(text)
}

/// Refuses a definition before anything is changed at the server.
fn check(definition: &str, kind: &str, from: &Place) -> Result<(), Problem> {
    let machine_type = match kind {
        "EXPRESS" => MachineType::Express,
        _ => MachineType::Standard,
    };
    let parsed = asl::parse(definition, machine_type);
    let errors: Vec<String> = parsed
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(Problem::new(from.clone(), errors.join("; ")))
}

fn role(
    resolver: &mut Resolver<'_>,
    resource: &Resource,
    property: &str,
    sam: bool,
) -> Result<String, Problem> {
    let place = resource.place().member(property);
    let given = match resource.properties.get(property) {
        Some(value) => resolver.resolve(value, &place)?,
        None => None,
    };
    match given {
        Some(value) => resolver.text(&value, &place),
        // SAM makes a role of this logical id from `Policies`.
        None if sam => {
            let logical = format!("{}Role", resource.logical);
            let stack = resolver.stack;
            let name = stack.generated_name(&logical, 64);
            let arn = format!(
                "arn:{}:iam::{}:role/{name}",
                stack.partition(),
                stack.account
            );
            Ok(resolver.overrides.get(&logical).cloned().unwrap_or(arn))
        }
        None => Err(Problem::new(place, "is required")),
    }
}

/// CloudFormation writes a list of `Key` and `Value`, SAM an object.
fn tags(resolver: &mut Resolver<'_>, resource: &Resource) -> Result<Tags, Problem> {
    let place = resource.place().member("Tags");
    let Some(declared) = resource.properties.get("Tags") else {
        return Ok(None);
    };
    let mut tags = BTreeMap::new();
    match resolver.resolve(declared, &place)? {
        None => return Ok(None),
        Some(Value::Object(members)) => {
            for (key, value) in &members {
                tags.insert(key.clone(), resolver.text(value, &place.member(key))?);
            }
        }
        Some(Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                let place = place.item(at);
                let mut part = |name: &str| match item.get(name) {
                    Some(value) => resolver.text(value, &place.member(name)),
                    None => Err(Problem::new(place.member(name), "is required")),
                };
                tags.insert(part("Key")?, part("Value")?);
            }
        }
        Some(_) => return Err(Problem::new(place, "must be a list of Key and Value")),
    }
    Ok(Some(tags))
}

/// A block in the API's spelling: `IncludeExecutionData: "true"` is `includeExecutionData: true`.
fn spelled(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(spelled).collect(),
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let value = match (name.as_str(), &value) {
                    ("IncludeExecutionData" | "Enabled", Value::String(text)) => {
                        Value::Bool(text == "true")
                    }
                    ("KmsDataKeyReusePeriodSeconds", Value::String(text)) => text
                        .parse::<u64>()
                        .map_or_else(|_| value.clone(), Value::from),
                    _ => spelled(value),
                };
                let mut characters = name.chars();
                let first = characters.next().map(|first| first.to_ascii_lowercase());
                (first.into_iter().chain(characters).collect(), value)
            };
            Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
        }
        plain => plain,
    }
}
