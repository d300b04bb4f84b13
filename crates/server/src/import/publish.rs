//! Versions and aliases: what a template publishes of its state machines.

use serde_json::{Value, json};

use super::apply::{ApplyError, Done, done};
use super::outcome::Action;
use super::place::Problem;
use super::resolve::Resolver;
use super::server::Server;
use super::template::Resource;

/// A version: the state machine as it is now, under a number.
pub(super) struct Version {
    pub machine: String,
    pub description: Option<String>,
}

/// An alias, and where it leads.
pub(super) struct Alias {
    pub name: String,
    pub arn: String,
    pub description: Option<String>,
    /// As `routingConfiguration` of the API.
    pub routing: Value,
}

/// Reads a version. `StateMachineRevisionId` is not read: what is published is what this import has
/// just made of the state machine.
pub(super) fn version(
    resolver: &mut Resolver<'_>,
    resource: &Resource,
) -> Result<Version, Problem> {
    Ok(Version {
        machine: resolver.required(resource, "StateMachineArn")?,
        description: optional(resolver, resource, "Description")?,
    })
}

/// Reads an alias.
pub(super) fn alias(resolver: &mut Resolver<'_>, resource: &Resource) -> Result<Alias, Problem> {
    let name = resolver.alias_name(resource)?;
    let machine = resolver.machine_of_alias(resource)?;
    let place = resource.place();
    let mut routing = Vec::new();
    if let Some(declared) = resource.properties.get("RoutingConfiguration") {
        let place = place.member("RoutingConfiguration");
        let resolved = resolver.resolve(declared, &place)?.unwrap_or_default();
        for (at, route) in resolved.as_array().into_iter().flatten().enumerate() {
            let weight = match route.get("Weight") {
                Some(weight) => resolver.text(weight, &place.item(at))?,
                None => "100".to_owned(),
            };
            let Ok(weight) = weight.parse::<u8>() else {
                let place = place.item(at).member("Weight");
                return Err(Problem::new(place, "must be a number from 0 to 100"));
            };
            routing.push(json!({
                "stateMachineVersionArn": route["StateMachineVersionArn"], "weight": weight,
            }));
        }
    } else if let Some(preference) = resource.properties.get("DeploymentPreference") {
        // Gradual deployments have no meaning in an import, which is over when it returns.
        let place = place.member("DeploymentPreference");
        let resolved = resolver.resolve(preference, &place)?.unwrap_or_default();
        let version = &resolved["StateMachineVersionArn"];
        routing.push(json!({"stateMachineVersionArn": version, "weight": 100}));
    }
    Ok(Alias {
        arn: format!("{machine}:{name}"),
        name,
        description: optional(resolver, resource, "Description")?,
        routing: Value::Array(routing),
    })
}

fn optional(
    resolver: &mut Resolver<'_>,
    resource: &Resource,
    property: &str,
) -> Result<Option<String>, Problem> {
    let place = resource.place().member(property);
    match resource.properties.get(property) {
        Some(value) => match resolver.resolve(value, &place)? {
            Some(value) => resolver.text(&value, &place).map(Some),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

impl Server<'_> {
    /// Publishes what the state machine is now, unless its newest version is just that.
    pub(super) fn version(&self, wanted: &Version) -> Result<Done, ApplyError> {
        let machine = json!({"stateMachineArn": wanted.machine});
        let new = format!("{}:?", wanted.machine);
        let updated = self.updated.borrow().contains(&wanted.machine);
        if !updated && self.describe("DescribeStateMachine", &machine)?.is_some() {
            let newest = json!({"stateMachineArn": wanted.machine, "maxResults": 1});
            let listed = self.ask("ListStateMachineVersions", &newest)?;
            let newest = &listed["stateMachineVersions"][0]["stateMachineVersionArn"];
            if let Some(newest) = newest.as_str()
                && self.is_current(newest, &wanted.machine, wanted.description.as_deref())?
            {
                return Ok(done(newest, Vec::new()));
            }
        }
        let mut input = machine;
        if let Some(description) = &wanted.description {
            input["description"] = Value::from(&**description);
        }
        let answer = self.change("PublishStateMachineVersion", &input)?;
        let published = answer
            .as_ref()
            .and_then(|it| it["stateMachineVersionArn"].as_str());
        Ok(Done {
            action: Action::Create,
            changes: Vec::new(),
            arn: published.unwrap_or(&new).to_owned(),
        })
    }

    /// Whether a version holds the revision that its state machine has now.
    fn is_current(
        &self,
        version: &str,
        machine: &str,
        description: Option<&str>,
    ) -> Result<bool, ApplyError> {
        let described =
            |arn: &str| self.ask("DescribeStateMachine", &json!({"stateMachineArn": arn}));
        let (version, machine) = (described(version)?, described(machine)?);
        Ok(version["revisionId"] == machine["revisionId"]
            && description.is_none_or(|it| version["description"] == it))
    }

    /// Creates an alias, or leads it elsewhere.
    pub(super) fn alias(&self, wanted: &Alias) -> Result<Done, ApplyError> {
        let arn = json!({"stateMachineAliasArn": wanted.arn});
        let routing = &wanted.routing;
        let Some(found) = self.describe("DescribeStateMachineAlias", &arn)? else {
            let mut input = json!({"name": wanted.name, "routingConfiguration": routing});
            if let Some(description) = &wanted.description {
                input["description"] = Value::from(&**description);
            }
            self.change("CreateStateMachineAlias", &input)?;
            return Ok(Done {
                action: Action::Create,
                changes: Vec::new(),
                arn: wanted.arn.clone(),
            });
        };
        let mut input = arn;
        let mut changes = Vec::new();
        if found["routingConfiguration"] != *routing {
            input["routingConfiguration"] = routing.clone();
            changes.push("routingConfiguration".to_owned());
        }
        if let Some(description) = &wanted.description
            && found["description"] != **description
        {
            input["description"] = Value::from(&**description);
            changes.push("description".to_owned());
        }
        if !changes.is_empty() {
            self.change("UpdateStateMachineAlias", &input)?;
        }
        Ok(done(&wanted.arn, changes))
    }
}
