//! What a value of the template becomes: references, functions and conditions, resolved.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::parameters::Parameters;
use super::place::{Place, Problem};
use super::stack::Stack;
use super::template::Template;

/// A value; none is what `AWS::NoValue` leaves behind.
pub(super) type Resolved = Result<Option<Value>, Problem>;

/// Most references that are followed one from another. A template that needs more goes in a circle.
const DEPTH_MAX: usize = 64;

/// Everything that a value may refer to.
pub(super) struct Resolver<'a> {
    pub template: &'a Template,
    pub stack: &'a Stack,
    pub parameters: &'a Parameters,
    /// What `--resource` says: by logical id, or by logical id and attribute.
    pub overrides: &'a BTreeMap<String, String>,
    /// The ARNs of versions, as far as they are published.
    pub versions: BTreeMap<String, String>,
    depth: usize,
}

impl<'a> Resolver<'a> {
    pub fn new(
        template: &'a Template,
        stack: &'a Stack,
        parameters: &'a Parameters,
        overrides: &'a BTreeMap<String, String>,
    ) -> Resolver<'a> {
        Resolver {
            template,
            stack,
            parameters,
            overrides,
            versions: BTreeMap::new(),
            depth: 0,
        }
    }

    /// Resolves a value and all that it holds.
    pub fn resolve(&mut self, value: &Value, place: &Place) -> Resolved {
        match value {
            Value::Array(items) => self.list(items, place),
            Value::Object(members) => match function_of(members) {
                Some((name, argument)) => {
                    let place = place.member(name);
                    self.deeper(&place, |this| this.call(name, argument, &place))
                }
                None => self.object(members, place),
            },
            Value::String(text) if text.contains("{{resolve:") => Err(Problem::new(
                place.clone(),
                "is a dynamic reference, which only CloudFormation can read: make it a parameter",
            )),
            plain => Ok(Some(plain.clone())),
        }
    }

    /// Resolves to text. Numbers and booleans are text where CloudFormation wants some.
    pub fn text(&mut self, value: &Value, place: &Place) -> Result<String, Problem> {
        match self.resolve(value, place)? {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Bool(flag)) => Ok(flag.to_string()),
            _ => Err(Problem::new(place.clone(), "must be text")),
        }
    }

    /// Follows one more reference.
    pub fn deeper<T>(
        &mut self,
        place: &Place,
        follow: impl FnOnce(&mut Self) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        if self.depth >= DEPTH_MAX {
            let why = "leads in a circle, or nests functions too deeply";
            return Err(Problem::new(place.clone(), why));
        }
        self.depth += 1;
        let result = follow(self);
        self.depth -= 1;
        result
    }

    fn list(&mut self, items: &[Value], place: &Place) -> Resolved {
        let mut resolved = Vec::new();
        for (at, item) in items.iter().enumerate() {
            resolved.extend(self.resolve(item, &place.item(at))?);
        }
        Ok(Some(Value::Array(resolved)))
    }

    fn object(&mut self, members: &Map<String, Value>, place: &Place) -> Resolved {
        let mut resolved = Map::new();
        for (name, member) in members {
            if let Some(member) = self.resolve(member, &place.member(name))? {
                resolved.insert(name.clone(), member);
            }
        }
        Ok(Some(Value::Object(resolved)))
    }
}

/// The one member of an object that is a function's call.
///
/// `Condition` names a condition only where one is asked for: elsewhere it is a member like others,
/// as in an IAM statement or in a Choice rule.
pub(super) fn function_of(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next()?;
    let is_function = name == "Ref" || name.starts_with("Fn::");
    (members.len() == 1 && is_function).then_some((name.as_str(), argument))
}
