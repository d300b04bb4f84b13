//! What a request deserves by the service model alone: an implementation of the model's rules that
//! shares nothing with the door's.

use serde_json::Value;

use super::service_model::{Model, has};

/// What the rules say of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not JSON of the right types.
    Serialization,
    /// These constraints are broken, in alphabetical order.
    Broken(Vec<String>),
    /// Nothing is wrong that the model knows of.
    Whole,
}

/// Shapes whose length is in bytes of UTF-8. Source: the quota page, though the model says "length".
const IN_BYTES: &[&str] = &["SensitiveData", "Definition"];

/// The model calls these optional; without them nothing can be done.
const REQUIRED_TOO: &[&str] = &[
    "Tag.key",
    "LogDestination.cloudWatchLogsLogGroup",
    "CloudWatchLogsLogGroup.logGroupArn",
];

/// Constraints of the model that AWS was seen not to enforce: an empty definition is answered with a
/// diagnosis.
const UNENFORCED: &[(&str, &str, &str)] = &[(
    "ValidateStateMachineDefinition",
    "definition",
    "Member must have length greater than or equal to 1",
)];

/// Patterns that the model has not, from the quota page: characters of tags, and AWS's own keys.
fn pattern_beyond_the_model(structure: &str, member: &str) -> Option<(&'static str, Pattern)> {
    match (structure, member) {
        ("Tag", "key") => Some((r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", |text| {
            !text.starts_with("aws:") && text.chars().all(in_tags)
        })),
        ("Tag", "value") => Some((r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", |text| {
            text.chars().all(in_tags)
        })),
        _ => None,
    }
}

type Pattern = fn(&str) -> bool;

// Of the texts the tests send, letters and numbers are these.
fn in_tags(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, 'é' | '文' | ' ') || "_.:/=+-@".contains(c)
}

/// The patterns of the model as code. A pattern that is not here fails the test by name.
fn pattern(text: &str) -> Pattern {
    match text {
        r"\p{ASCII}*" => str::is_ascii,
        r"[!-~]+" => |text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()),
        r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$" => |text| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            text.bytes().all(known) && text.bytes().any(|byte| !byte.is_ascii_digit())
        },
        other => panic!("a pattern this test knows nothing of: {other}"),
    }
}

/// Judges one body.
pub struct Judge<'m> {
    model: &'m Model,
    operation: &'m str,
    broken: Vec<String>,
    wrong_type: bool,
}

impl<'m> Judge<'m> {
    pub fn verdict(model: &'m Model, operation: &'m str, body: &Value) -> Verdict {
        let input = &model.operations()[operation]["input"]["shape"];
        let mut judge = Judge {
            model,
            operation,
            broken: Vec::new(),
            wrong_type: false,
        };
        judge.value(input, body, "");
        if judge.wrong_type {
            return Verdict::Serialization;
        }
        if judge.broken.is_empty() {
            return Verdict::Whole;
        }
        judge.broken.sort();
        Verdict::Broken(judge.broken)
    }

    fn value(&mut self, name: &Value, value: &Value, path: &str) {
        let shape = self.model.shape(name);
        match (shape["type"].as_str().unwrap(), value) {
            ("structure", Value::Object(_)) => self.structure(name, shape, value, path),
            ("list", Value::Array(items)) => {
                self.length(shape, items.len(), "", path);
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}.{}.member", index + 1);
                    self.present(&shape["member"]["shape"], item, &path, true);
                }
            }
            ("string", Value::String(text)) => self.string(name, shape, text, path),
            ("integer", Value::Number(number)) => match number.to_string().parse::<i32>() {
                Ok(number) => self.range(shape, f64::from(number), &number.to_string(), path),
                Err(_) => self.wrong_type = true,
            },
            ("long", Value::Number(number)) => match number.to_string().parse::<i64>() {
                Ok(long) => self.range(shape, long as f64, &long.to_string(), path),
                Err(_) => self.wrong_type = true,
            },
            ("float", Value::Number(number)) => {
                let float = number.as_f64().unwrap();
                self.range(shape, float, &format!("{float:?}"), path);
            }
            ("boolean", Value::Bool(_)) => {}
            ("structure" | "list" | "string" | "integer" | "long" | "float" | "boolean", _) => {
                self.wrong_type = true;
            }
            (other, _) => panic!("what is a {other}?"),
        }
    }

    fn structure(&mut self, name: &Value, shape: &'m Value, value: &Value, path: &str) {
        let structure = name.as_str().unwrap();
        let dot = if path.is_empty() { "" } else { "." };
        for (member, target) in shape["members"].as_object().unwrap() {
            let path = format!("{path}{dot}{member}");
            let required = has(&shape["required"], member)
                || REQUIRED_TOO.contains(&&*format!("{structure}.{member}"));
            let given = value.get(member).unwrap_or(&Value::Null);
            self.present(&target["shape"], given, &path, required);
            if let Some((text, matches)) = pattern_beyond_the_model(structure, member)
                && let Some(given) = given.as_str()
                && !matches(given)
            {
                let what = format!("Member must satisfy regular expression pattern: {text}");
                self.broken(false, &format!("'{given}' "), &path, &what);
            }
        }
    }

    fn present(&mut self, name: &Value, value: &Value, path: &str, required: bool) {
        if !value.is_null() {
            self.value(name, value, path);
        } else if required {
            let sensitive = self.model.shape(name)["sensitive"] == true;
            self.broken(sensitive, "null ", path, "Member must not be null");
        }
    }

    fn string(&mut self, name: &Value, shape: &Value, text: &str, path: &str) {
        let length = if IN_BYTES.contains(&name.as_str().unwrap()) {
            text.len()
        } else {
            text.chars().count()
        };
        let printed = format!("'{text}' ");
        self.length(shape, length, &printed, path);
        let sensitive = shape["sensitive"] == true;
        if let Some(text_of_pattern) = shape["pattern"].as_str()
            && !pattern(text_of_pattern)(text)
        {
            let what = format!("Member must satisfy regular expression pattern: {text_of_pattern}");
            self.broken(sensitive, &printed, path, &what);
        }
        if shape.get("enum").is_some() && !has(&shape["enum"], text) {
            let values = values_as_printed(shape);
            let what = format!(
                "Member must satisfy enum value set: [{}]",
                values.join(", ")
            );
            self.broken(sensitive, &printed, path, &what);
        }
    }

    fn length(&mut self, shape: &Value, length: usize, printed: &str, path: &str) {
        let sensitive = shape["sensitive"] == true;
        let bound = |name: &str| shape[name].as_u64().map(|bound| bound as usize);
        if let Some(min) = bound("min").filter(|min| length < *min) {
            let what = format!("Member must have length greater than or equal to {min}");
            self.broken(sensitive, printed, path, &what);
        }
        if let Some(max) = bound("max").filter(|max| length > *max) {
            let what = format!("Member must have length less than or equal to {max}");
            self.broken(sensitive, printed, path, &what);
        }
    }

    fn range(&mut self, shape: &Value, number: f64, printed: &str, path: &str) {
        let printed = format!("'{printed}' ");
        if let Some(min) = shape["min"].as_i64().filter(|min| number < *min as f64) {
            let what = format!("Member must have value greater than or equal to {min}");
            self.broken(false, &printed, path, &what);
        }
        if let Some(max) = shape["max"].as_i64().filter(|max| number > *max as f64) {
            let what = format!("Member must have value less than or equal to {max}");
            self.broken(false, &printed, path, &what);
        }
    }

    fn broken(&mut self, sensitive: bool, printed: &str, path: &str, what: &str) {
        if UNENFORCED.contains(&(self.operation, path, what)) {
            return;
        }
        let printed = if sensitive { "" } else { printed };
        self.broken.push(format!(
            "Value {printed}at '{path}' failed to satisfy constraint: {what}"
        ));
    }
}

/// The values of an enum in the order of AWS's hash map, where that was recorded, and as the model
/// lists them elsewhere.
fn values_as_printed(shape: &Value) -> Vec<&str> {
    let values = shape["enum"].as_array().unwrap();
    let mut values: Vec<&str> = values.iter().map(|value| value.as_str().unwrap()).collect();
    const STATUS: [&str; 6] = [
        "SUCCEEDED",
        "TIMED_OUT",
        "PENDING_REDRIVE",
        "ABORTED",
        "FAILED",
        "RUNNING",
    ];
    if values.len() == STATUS.len() && values.iter().all(|value| STATUS.contains(value)) {
        values = STATUS.to_vec();
    }
    values
}
