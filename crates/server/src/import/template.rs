//! A template: what it declares, before anything is resolved.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::place::{Place, Problem};
use super::yaml;

/// A template file, read.
pub(super) struct Template {
    /// The file's name, as it was given.
    pub file: PathBuf,
    root: Map<String, Value>,
    resources: Vec<Resource>,
}

/// One entry of `Resources`.
pub(super) struct Resource {
    pub logical: String,
    /// For example `AWS::StepFunctions::StateMachine`.
    pub kind: String,
    pub condition: Option<String>,
    pub properties: Map<String, Value>,
    /// What `DependsOn` names.
    pub depends_on: Vec<String>,
}

impl Resource {
    /// Where its properties stand.
    pub fn place(&self) -> Place {
        Place::top("Resources")
            .member(&self.logical)
            .member("Properties")
    }
}

impl Template {
    /// Reads JSON or YAML, by what the text is and not by the file's name.
    pub fn read(file: &Path, text: &str) -> Result<Template, Problem> {
        let refuse = |why: String| Problem::new(Place::default(), why);
        let text = text.trim_start_matches('\u{feff}');
        let value = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).or_else(|json| {
                // A flow mapping of YAML also begins with a brace.
                yaml::read(text).map_err(|_| refuse(format!("is no JSON: {json}")))
            })?
        } else {
            yaml::read(text).map_err(|yaml| refuse(format!("is no YAML: {yaml}")))?
        };
        let Value::Object(root) = value else {
            return Err(refuse("is no template: it must be an object".to_owned()));
        };
        let place = Place::top("Resources");
        let Some(Value::Object(declared)) = root.get("Resources") else {
            let why = "is missing: a template declares its resources there";
            return Err(Problem::new(place, why));
        };
        let mut resources = Vec::new();
        for (logical, body) in declared {
            resources.push(resource(logical, body, &place.member(logical))?);
        }
        Ok(Template {
            file: file.to_owned(),
            root,
            resources,
        })
    }

    /// All resources, in the order of the template.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The resource of a logical id.
    pub fn resource(&self, logical: &str) -> Option<&Resource> {
        self.resources.iter().find(|it| it.logical == logical)
    }

    /// A section such as `Parameters`; empty where there is none.
    pub fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        let section = self.root.get(name).and_then(Value::as_object);
        section.into_iter().flatten()
    }

    /// One entry of a section.
    pub fn entry(&self, section: &str, name: &str) -> Option<&Value> {
        self.root.get(section)?.as_object()?.get(name)
    }

    /// The file that a path in the template names.
    pub fn beside(&self, path: &str) -> PathBuf {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        folder.join(path)
    }
}

fn resource(logical: &str, body: &Value, place: &Place) -> Result<Resource, Problem> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(kind) = text("Type") else {
        return Err(Problem::new(place.member("Type"), "must name a type"));
    };
    let properties = match body.get("Properties") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(properties)) => properties.clone(),
        Some(_) => {
            return Err(Problem::new(
                place.member("Properties"),
                "must be an object",
            ));
        }
    };
    let depends_on = match body.get("DependsOn") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    Ok(Resource {
        logical: logical.to_owned(),
        kind,
        condition: text("Condition"),
        properties,
        depends_on,
    })
}
