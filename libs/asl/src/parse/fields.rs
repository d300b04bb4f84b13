//! The fields of one object of a definition, read by type.
//!
//! A getter gives `None` both for a field that is not there and for one that is wrong; the wrong one
//! has been reported by then.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::findings::Findings;
use crate::definition::{PathOrNull, QueryLanguage, ResultPath};
use crate::json::{Data, Member, Node};
use crate::jsonata;
use crate::path::{Path, Root};
use crate::template::Template;
use crate::validate::language;

/// The fields an object may have, by query language.
pub(crate) struct Allowed {
    pub(crate) both: &'static [&'static str],
    pub(crate) jsonpath: &'static [&'static str],
    pub(crate) jsonata: &'static [&'static str],
}

/// An object and where it stands.
#[derive(Clone)]
pub(crate) struct Fields<'n> {
    members: &'n [Member],
    place: String,
    /// What stands before the name of a field in what its expressions say: `Catch[0]/`.
    field_prefix: String,
    /// Byte offset of the object.
    pub(crate) at: usize,
}

impl<'n> Fields<'n> {
    pub(crate) fn new(members: &'n [Member], place: String, at: usize) -> Self {
        Fields {
            members,
            place,
            field_prefix: String::new(),
            at,
        }
    }

    pub(crate) fn members(&self) -> &'n [Member] {
        self.members
    }

    /// Where the object is, as AWS prints it; the whole document is `/`.
    pub(crate) fn place(&self) -> &str {
        if self.place.is_empty() {
            "/"
        } else {
            &self.place
        }
    }

    /// Where the field `name` is.
    pub(crate) fn place_of(&self, name: &str) -> String {
        format!("{}/{}", self.place, shorten(name))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        self.members
            .iter()
            .find(|member| &*member.name == name)
            .map(|member| &member.value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Reports something about the object as a whole.
    pub(crate) fn report(&self, message: &str, findings: &mut Findings) {
        findings.schema(self.at, self.place(), message);
    }

    /// Reports something about the field `name`.
    pub(crate) fn report_field(&self, name: &str, message: &str, findings: &mut Findings) {
        let at = self.get(name).map_or(self.at, |node| node.at);
        findings.schema(at, &self.place_of(name), message);
    }

    /// Reports fields that do not belong here, or not in this language.
    pub(crate) fn check_allowed(
        &self,
        allowed: &Allowed,
        query_language: QueryLanguage,
        findings: &mut Findings,
    ) {
        let (ours, theirs) = match query_language {
            QueryLanguage::JsonPath => (allowed.jsonpath, allowed.jsonata),
            QueryLanguage::Jsonata => (allowed.jsonata, allowed.jsonpath),
        };
        for member in self.members {
            let name = &*member.name;
            if allowed.both.contains(&name) || ours.contains(&name) {
                continue;
            }
            if theirs.contains(&name) {
                let message = language::wrong_language(name, query_language);
                findings.schema(member.name_at, self.place(), &message);
            } else {
                let place = self.place_of(name);
                findings.schema(member.name_at, &place, "Field is not supported");
            }
        }
    }

    /// Reports the missing ones among `names`.
    pub(crate) fn require(&self, names: &[&str], findings: &mut Findings) {
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !self.has(name))
            .collect();
        if !missing.is_empty() {
            let message = format!("These fields are required: [{}]", missing.join(", "));
            self.report(&message, findings);
        }
    }

    /// Reports unless exactly one of `names` is there.
    pub(crate) fn require_one(&self, names: &[&str], findings: &mut Findings) {
        if names.iter().filter(|name| self.has(name)).count() != 1 {
            let message = format!(
                "Exactly one of these fields is required: [{}]",
                names.join(", ")
            );
            self.report(&message, findings);
        }
    }

    /// Reports if more than one of `names` is there.
    pub(crate) fn at_most_one(&self, names: &[&str], findings: &mut Findings) {
        let given: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.has(name))
            .collect();
        if given.len() > 1 {
            let message = format!(
                "Only one of these fields is allowed: [{}]",
                given.join(", ")
            );
            self.report(&message, findings);
        }
    }

    pub(crate) fn wrong_type(&self, name: &str, expected: &str, findings: &mut Findings) {
        self.report_field(
            name,
            &format!("Expected value of type {expected}"),
            findings,
        );
    }

    pub(crate) fn string(&self, name: &str, findings: &mut Findings) -> Option<&'n str> {
        match &self.get(name)?.data {
            Data::String(text) => Some(text),
            _ => {
                self.wrong_type(name, "String", findings);
                None
            }
        }
    }

    pub(crate) fn boolean(&self, name: &str, findings: &mut Findings) -> Option<bool> {
        match &self.get(name)?.data {
            Data::Bool(value) => Some(*value),
            _ => {
                self.wrong_type(name, "Boolean", findings);
                None
            }
        }
    }

    pub(crate) fn array(&self, name: &str, findings: &mut Findings) -> Option<&'n [Node]> {
        match &self.get(name)?.data {
            Data::Array(items) => Some(items),
            _ => {
                self.wrong_type(name, "Array", findings);
                None
            }
        }
    }

    /// An array that must have an item.
    pub(crate) fn items(&self, name: &str, findings: &mut Findings) -> Option<&'n [Node]> {
        let items = self.array(name, findings)?;
        if items.is_empty() {
            self.report_field(name, "Value cannot be empty", findings);
        }
        Some(items)
    }

    /// An array of objects that must have an item.
    pub(crate) fn objects(&self, name: &str, findings: &mut Findings) -> Option<Vec<Fields<'n>>> {
        let items = self.items(name, findings)?;
        let mut objects = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = format!("{}/{name}[{index}]", self.place);
            match &item.data {
                Data::Object(members) => objects.push(Fields {
                    members,
                    place,
                    field_prefix: format!("{}{name}[{index}]/", self.field_prefix),
                    at: item.at,
                }),
                _ => findings.schema(item.at, &place, "Expected value of type Object"),
            }
        }
        Some(objects)
    }

    pub(crate) fn object(&self, name: &str, findings: &mut Findings) -> Option<Fields<'n>> {
        let node = self.get(name)?;
        match &node.data {
            Data::Object(members) => Some(Fields::new(members, self.place_of(name), node.at)),
            _ => {
                self.wrong_type(name, "Object", findings);
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn word(
        &self,
        name: &str,
        words: &[&'static str],
        findings: &mut Findings,
    ) -> Option<&'static str> {
        let given = self.string(name, findings)?;
        let word = words.iter().copied().find(|word| *word == given);
        if word.is_none() {
            let message = format!(
                "The field '{name}' should have one of these values: [{}]",
                words.join(", ")
            );
            self.report_field(name, &message, findings);
        }
        word
    }

    pub(crate) fn integer(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
        findings: &mut Findings,
    ) -> Option<u64> {
        let Data::Number(number) = &self.get(name)?.data else {
            self.wrong_type(name, "Integer", findings);
            return None;
        };
        let is_integer = number
            .as_str()
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_digit());
        if !is_integer {
            self.wrong_type(name, "Integer", findings);
            return None;
        }
        let value = number.as_u64().filter(|value| range.contains(value));
        if value.is_none() {
            let message = format!(
                "Value must be between {} and {}",
                range.start(),
                range.end()
            );
            self.report_field(name, &message, findings);
        }
        value
    }

    /// A number of at least `least`.
    pub(crate) fn number(&self, name: &str, least: f64, findings: &mut Findings) -> Option<f64> {
        let Data::Number(number) = &self.get(name)?.data else {
            self.wrong_type(name, "Number", findings);
            return None;
        };
        let value = number
            .as_f64()
            .filter(|value| value.is_finite() && *value >= least);
        if value.is_none() {
            let message = format!("Value must be greater than or equal to {least:?}");
            self.report_field(name, &message, findings);
        }
        value
    }

    pub(crate) fn path(&self, name: &str, findings: &mut Findings) -> Option<Path> {
        let text = self.string(name, findings)?;
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(_) => {
                let message = format!("The value for the field '{name}' must be a valid JSONPath");
                self.report(&message, findings);
                None
            }
        }
    }

    /// `InputPath` and `OutputPath`.
    pub(crate) fn path_or_null(&self, name: &str, findings: &mut Findings) -> Option<PathOrNull> {
        match self.get(name).map(|node| &node.data) {
            None => Some(PathOrNull::Whole),
            Some(Data::Null) => Some(PathOrNull::Null),
            Some(Data::String(text)) if &**text == "$" => Some(PathOrNull::Whole),
            Some(_) => self.path(name, findings).map(PathOrNull::Path),
        }
    }

    pub(crate) fn result_path(&self, findings: &mut Findings) -> Option<ResultPath> {
        let name = "ResultPath";
        match self.get(name).map(|node| &node.data) {
            None => Some(ResultPath::Whole),
            Some(Data::Null) => Some(ResultPath::Discard),
            Some(Data::String(text)) if &**text == "$" => Some(ResultPath::Whole),
            Some(_) => {
                let path = self.path(name, findings)?;
                if path.is_reference() && matches!(path.root(), Root::Input) {
                    return Some(ResultPath::Path(path));
                }
                self.report_field(name, "Value is not a Reference Path", findings);
                None
            }
        }
    }

    /// A payload template.
    pub(crate) fn template(&self, name: &str, findings: &mut Findings) -> Option<Template> {
        let node = self.get(name)?;
        match Template::parse(&node.to_value()) {
            Ok(template) => Some(template),
            Err(error) => {
                // The message names the field; the place is the object around it.
                let inside = error.at.rsplit_once('/').map_or("", |(object, _)| object);
                let place = format!("{}{inside}", self.place_of(name));
                findings.schema(node.at, &place, &error.message);
                None
            }
        }
    }

    /// A field of a JSONata state. An expression that is none has been reported by the rule that looks at
    /// all strings of the state.
    pub(crate) fn jsonata(&self, name: &str) -> Option<jsonata::Template> {
        let field = format!("{}{name}", self.field_prefix);
        jsonata::Template::parse(&field, &self.get(name)?.to_value()).ok()
    }

    /// A field of an object that stands in the field `outer` of a JSONata state.
    pub(crate) fn jsonata_inside(&self, outer: &str, name: &str) -> Option<jsonata::Template> {
        let field = format!("{outer}/{name}");
        jsonata::Template::parse(&field, &self.get(name)?.to_value()).ok()
    }

    /// A field that may be an expression: `None` when it is none, `Some(None)` when it is a wrong one.
    pub(crate) fn jsonata_expression(&self, name: &str) -> Option<Option<jsonata::Template>> {
        match &self.get(name)?.data {
            Data::String(text) if jsonata::inside(text).is_some() => Some(self.jsonata(name)),
            _ => None,
        }
    }

    /// The object as a value, without the fields in `left_out`.
    pub(crate) fn to_value_without(&self, left_out: &[&str]) -> Value {
        let kept = self
            .members
            .iter()
            .filter(|member| !left_out.contains(&&*member.name));
        Value::Object(
            kept.map(|member| (member.name.to_string(), member.value.to_value()))
                .collect(),
        )
    }
}

/// Longest name that is shown in full in a place, in bytes.
///
/// Source: ours. No state's name may be longer; and without a bound, one name of a megabyte with a
/// hundred thousand things wrong inside would be shown as often.
const PLACE_NAME_BYTES_MAX: usize = 320;

/// A name as it is shown in places.
pub(crate) fn shorten(name: &str) -> Cow<'_, str> {
    if name.len() <= PLACE_NAME_BYTES_MAX {
        return Cow::Borrowed(name);
    }
    let end = name.floor_char_boundary(PLACE_NAME_BYTES_MAX);
    Cow::Owned(format!("{}…", &name[..end]))
}
