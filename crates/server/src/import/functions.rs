//! The functions of templates, each as CloudFormation documents it.

use serde_json::Value;

use super::place::{Place, Problem};
use super::resolve::{Resolved, Resolver};

impl Resolver<'_> {
    /// Calls one function.
    pub(super) fn call(&mut self, name: &str, argument: &Value, place: &Place) -> Resolved {
        match name {
            "Ref" => match argument {
                Value::String(target) => self.reference(target, place),
                _ => Err(Problem::new(place.clone(), "must name one thing")),
            },
            "Fn::GetAtt" => self.get_att(argument, place).map(Some),
            "Fn::Join" => self.join(argument, place).map(Some),
            "Fn::Sub" => self.sub(argument, place).map(Some),
            "Fn::If" => self.choose(argument, place),
            "Fn::Select" => self.select(argument, place),
            "Fn::Split" => self.split(argument, place).map(Some),
            "Fn::FindInMap" => self.find_in_map(argument, place),
            "Fn::ToJsonString" => {
                let value = self.resolve(argument, place)?.unwrap_or(Value::Null);
                Ok(Some(Value::String(value.to_string())))
            }
            "Fn::Length" => match self.resolve(argument, place)? {
                Some(Value::Array(items)) => Ok(Some(Value::from(items.len()))),
                _ => Err(Problem::new(place.clone(), "takes a list")),
            },
            "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" => {
                let why = format!("{name} stands only in Conditions; use Fn::If here");
                Err(Problem::new(place.clone(), why))
            }
            "Fn::ImportValue" => Err(Problem::new(
                place.clone(),
                "another stack's export is not known here: make it a parameter, or name the \
                 resource with --resource",
            )),
            _ => Err(Problem::new(
                place.clone(),
                format!("{name} is not supported by towpath import"),
            )),
        }
    }

    fn join(&mut self, argument: &Value, place: &Place) -> Result<Value, Problem> {
        let [delimiter, items] = arguments(argument, place)?;
        let delimiter = self.text(delimiter, &place.item(0))?;
        let items_place = place.item(1);
        let texts: Vec<String> = match items {
            Value::Array(items) => {
                let mut texts = Vec::new();
                for (at, item) in items.iter().enumerate() {
                    let place = items_place.item(at);
                    // What AWS::NoValue leaves out is not joined.
                    if let Some(value) = self.resolve(item, &place)? {
                        texts.push(text_of(&value, &place)?);
                    }
                }
                texts
            }
            other => match self.resolve(other, &items_place)? {
                Some(Value::Array(items)) => items
                    .iter()
                    .map(|item| text_of(item, &items_place))
                    .collect::<Result<_, _>>()?,
                _ => return Err(Problem::new(items_place, "must be a list")),
            },
        };
        Ok(Value::String(texts.join(&delimiter)))
    }

    fn sub(&mut self, argument: &Value, place: &Place) -> Result<Value, Problem> {
        let (text, own) = match argument {
            Value::String(text) => (text, None),
            _ => match arguments(argument, place)? {
                [Value::String(text), Value::Object(own)] => (text, Some(own)),
                _ => {
                    let why = "takes text, or text and an object of values";
                    return Err(Problem::new(place.clone(), why));
                }
            },
        };
        let mut made = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("${") {
            made += &rest[..at];
            let after = &rest[at + 2..];
            let Some(end) = after.find('}') else {
                rest = &rest[at..];
                break;
            };
            let name = after[..end].trim();
            if let Some(literal) = name.strip_prefix('!') {
                made += &format!("${{{literal}}}");
            } else if let Some(value) = own.and_then(|own| own.get(name)) {
                made += &self.text(value, &place.item(1).member(name))?;
            } else {
                let value = match name.split_once('.') {
                    Some((logical, attribute)) => self.attribute(logical, attribute, place)?,
                    None => self
                        .reference(name, place)?
                        .unwrap_or_else(|| Value::String(String::new())),
                };
                made += &text_of(&value, place)?;
            }
            rest = &after[end + 1..];
        }
        Ok(Value::String(made + rest))
    }

    fn choose(&mut self, argument: &Value, place: &Place) -> Resolved {
        let [condition, then, otherwise] = arguments(argument, place)?;
        let Value::String(condition) = condition else {
            return Err(Problem::new(place.item(0), "must name a condition"));
        };
        if self.condition(condition, &place.item(0))? {
            self.resolve(then, &place.item(1))
        } else {
            self.resolve(otherwise, &place.item(2))
        }
    }

    fn select(&mut self, argument: &Value, place: &Place) -> Resolved {
        let [index, items] = arguments(argument, place)?;
        let index = self.text(index, &place.item(0))?;
        let Some(Value::Array(items)) = self.resolve(items, &place.item(1))? else {
            return Err(Problem::new(place.item(1), "must be a list"));
        };
        let chosen = index.parse().ok().and_then(|at: usize| items.get(at));
        match chosen {
            Some(item) => Ok(Some(item.clone())),
            None => Err(Problem::new(
                place.item(0),
                format!("{index} is no index of a list of {}", items.len()),
            )),
        }
    }

    fn split(&mut self, argument: &Value, place: &Place) -> Result<Value, Problem> {
        let [delimiter, text] = arguments(argument, place)?;
        let delimiter = self.text(delimiter, &place.item(0))?;
        let text = self.text(text, &place.item(1))?;
        if delimiter.is_empty() {
            return Err(Problem::new(place.item(0), "must not be empty"));
        }
        Ok(text.split(&delimiter).collect())
    }

    fn find_in_map(&mut self, argument: &Value, place: &Place) -> Resolved {
        let [name, top, second] = arguments(argument, place)?;
        let name = self.text(name, &place.item(0))?;
        let top = self.text(top, &place.item(1))?;
        let second = self.text(second, &place.item(2))?;
        let map = self.template.entry("Mappings", &name);
        let found = map.and_then(|map| map.get(&top)?.get(&second));
        match found {
            Some(value) => Ok(Some(value.clone())),
            None => Err(Problem::new(
                place.clone(),
                format!("Mappings.{name}.{top}.{second} does not exist"),
            )),
        }
    }

    fn get_att(&mut self, argument: &Value, place: &Place) -> Result<Value, Problem> {
        if let Value::String(text) = argument
            && let Some((logical, attribute)) = text.split_once('.')
        {
            return self.attribute(logical, attribute, place);
        }
        let [logical, attribute] = arguments(argument, place)?;
        let Value::String(logical) = logical else {
            return Err(Problem::new(place.item(0), "must be a logical id"));
        };
        let attribute = self.text(attribute, &place.item(1))?;
        self.attribute(logical, &attribute, place)
    }
}

/// The `N` arguments that a function takes.
pub(super) fn arguments<'v, const N: usize>(
    argument: &'v Value,
    place: &Place,
) -> Result<&'v [Value; N], Problem> {
    argument
        .as_array()
        .and_then(|items| items.as_slice().try_into().ok())
        .ok_or_else(|| Problem::new(place.clone(), format!("takes a list of {N}")))
}

fn text_of(value: &Value, place: &Place) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(Problem::new(
            place.clone(),
            "must be text, not a list or an object",
        )),
    }
}
