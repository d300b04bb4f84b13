//! The conditions of a template: which resources are there, and which side of `Fn::If` counts.

use serde_json::Value;

use super::functions::arguments;
use super::place::{Place, Problem};
use super::resolve::Resolver;

impl Resolver<'_> {
    /// Whether the condition of this name holds.
    pub(super) fn condition(&mut self, name: &str, place: &Place) -> Result<bool, Problem> {
        let Some(body) = self.template.entry("Conditions", name) else {
            let why = format!("no condition '{name}' is declared");
            return Err(Problem::new(place.clone(), why));
        };
        let place = Place::top("Conditions").member(name);
        self.deeper(&place, |this| this.holds(body, &place))
    }

    fn holds(&mut self, body: &Value, place: &Place) -> Result<bool, Problem> {
        let refuse = || Problem::new(place.clone(), "is no condition");
        let (function, argument) = body
            .as_object()
            .filter(|members| members.len() == 1)
            .and_then(|members| members.iter().next())
            .ok_or_else(refuse)?;
        let place = place.member(function);
        self.deeper(&place, |this| match function.as_str() {
            "Condition" => match argument {
                Value::String(name) => this.condition(name, &place),
                _ => Err(Problem::new(place.clone(), "must name a condition")),
            },
            "Fn::Equals" => {
                let [left, right] = arguments(argument, &place)?;
                let left = this.compared(left, &place.item(0))?;
                Ok(left == this.compared(right, &place.item(1))?)
            }
            "Fn::Not" => {
                let [inner] = arguments(argument, &place)?;
                Ok(!this.holds(inner, &place.item(0))?)
            }
            "Fn::And" | "Fn::Or" => {
                let all = function == "Fn::And";
                let inner = argument.as_array();
                let inner = inner.ok_or_else(|| Problem::new(place.clone(), "takes a list"))?;
                for (at, inner) in inner.iter().enumerate() {
                    if this.holds(inner, &place.item(at))? != all {
                        return Ok(!all);
                    }
                }
                Ok(all)
            }
            _ => Err(Problem::new(place.clone(), "is no condition")),
        })
    }

    /// A side of `Fn::Equals`. CloudFormation compares text, so `true` equals `"true"`.
    fn compared(&mut self, value: &Value, place: &Place) -> Result<String, Problem> {
        Ok(match self.resolve(value, place)? {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        })
    }
}
