//! In which order resources are made: none before one that it refers to.

use serde_json::Value;

use super::place::Problem;
use super::resolve::function_of;
use super::template::{Resource, Template};

/// `chosen` in an order in which each comes after those of them that it refers to.
pub(super) fn of<'t>(
    template: &Template,
    chosen: Vec<&'t Resource>,
) -> Result<Vec<&'t Resource>, Problem> {
    let mut ordered: Vec<&Resource> = Vec::new();
    let mut waiting = chosen;
    while !waiting.is_empty() {
        let names: Vec<&str> = waiting.iter().map(|it| it.logical.as_str()).collect();
        let is_free = |resource: &Resource| {
            let needs = needs(template, resource);
            !needs.iter().any(|need| names.contains(&need.as_str()))
        };
        let (free, rest): (Vec<&Resource>, Vec<&Resource>) =
            waiting.iter().partition(|resource| is_free(resource));
        if free.is_empty() {
            let place = rest[0].place();
            let names = names.join(", ");
            return Err(Problem::new(
                place,
                format!("these refer to each other in a circle: {names}"),
            ));
        }
        ordered.extend(free);
        waiting = rest;
    }
    Ok(ordered)
}

/// The logical ids that a resource names.
fn needs(template: &Template, resource: &Resource) -> Vec<String> {
    let mut found = resource.depends_on.clone();
    for property in resource.properties.values() {
        collect(property, &mut found);
    }
    found.retain(|name| template.resource(name).is_some());
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            match function_of(members) {
                Some(("Ref", Value::String(name))) => found.push(name.clone()),
                Some(("Fn::GetAtt", argument)) => {
                    let logical = match argument {
                        Value::Array(items) => items.first().and_then(Value::as_str),
                        Value::String(text) => text.split('.').next(),
                        _ => None,
                    };
                    found.extend(logical.map(str::to_owned));
                }
                Some(("Fn::Sub", argument)) => {
                    let text = argument.as_str().or_else(|| argument.get(0)?.as_str());
                    for part in text.unwrap_or_default().split("${").skip(1) {
                        let name = part.split(['}', '.']).next().unwrap_or_default();
                        found.push(name.trim().to_owned());
                    }
                }
                _ => {}
            }
            members.values().for_each(|member| collect(member, found));
        }
        _ => {}
    }
}
