//! The parameters of a template: what the command line gives, else their defaults.

use std::collections::BTreeMap;

use serde_json::Value;

use super::place::{Place, Problem};
use super::template::Template;

/// What each declared parameter is; a parameter that nobody refers to may be anything.
pub(super) struct Parameters {
    values: BTreeMap<String, Result<Value, Problem>>,
}

impl Parameters {
    /// Matches what is given with what is declared. Fails for what is given but not declared.
    pub fn new(
        template: &Template,
        given: &BTreeMap<String, String>,
    ) -> Result<Parameters, Problem> {
        let mut values = BTreeMap::new();
        for (name, declared) in template.section("Parameters") {
            let place = Place::top("Parameters").member(name);
            let value = value(name, declared, given.get(name), place);
            values.insert(name.clone(), value);
        }
        if let Some(unknown) = given.keys().find(|name| !values.contains_key(*name)) {
            let declared: Vec<&str> = values.keys().map(String::as_str).collect();
            let why = match declared.is_empty() {
                true => format!("--parameter {unknown}: the template declares none"),
                false => format!(
                    "--parameter {unknown}: the template declares only {}",
                    declared.join(", ")
                ),
            };
            return Err(Problem::new(Place::top("Parameters"), why));
        }
        Ok(Parameters { values })
    }

    /// The value of a parameter; `None` if there is no such parameter.
    pub fn get(&self, name: &str) -> Option<Result<Value, Problem>> {
        self.values.get(name).cloned()
    }
}

fn value(
    name: &str,
    declared: &Value,
    given: Option<&String>,
    place: Place,
) -> Result<Value, Problem> {
    let kind = declared
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or("String");
    let default = declared.get("Default").and_then(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    });
    // The default of such a parameter is the name of a secret or setting, and not its value.
    let default = default.filter(|_| !kind.starts_with("AWS::SSM::Parameter::Value"));
    let Some(text) = given.cloned().or(default) else {
        let why = format!("has no value: say --parameter {name}=VALUE");
        return Err(Problem::new(place, why));
    };
    let allowed = declared.get("AllowedValues").and_then(Value::as_array);
    if let Some(allowed) = allowed {
        // A number is allowed as it is written.
        let written = |one: &Value| one.as_str().map_or_else(|| one.to_string(), str::to_owned);
        let is_allowed = |one: &Value| written(one) == text;
        if !allowed.iter().any(is_allowed) {
            let allowed = Value::from(allowed.clone());
            return Err(Problem::new(
                place,
                format!("'{text}' is none of {allowed}"),
            ));
        }
    }
    let is_list = kind == "CommaDelimitedList" || kind.contains("List<");
    if kind == "Number" && text.parse::<f64>().is_err() {
        return Err(Problem::new(place, format!("'{text}' is no number")));
    }
    Ok(if is_list {
        text.split(',').map(str::trim).collect()
    } else {
        Value::String(text)
    })
}
