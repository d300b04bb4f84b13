//! A template in YAML as the JSON it stands for, short forms (`!Ref`, `!Sub`, …) written out.
//!
//! CloudFormation reads YAML 1.1 without aliases and merge keys; what it does not read is refused
//! here by its line. Plain words are read as YAML 1.2 does: only `true` and `false` are booleans, so
//! that a definition's `"on"` or `yes` stays what its author wrote.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Number, Value};

/// Deepest nesting that is read. Ours; serde_json refuses JSON templates deeper than 128 as well.
const DEPTH_MAX: usize = 128;

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut building = Vec::new();
    let mut document = None;
    for item in Parser::new_from_str(text) {
        let (event, span) = item.map_err(|error| {
            let mark = error.marker();
            format!("line {}: {}", mark.line(), error.info())
        })?;
        let at = |why: &str| format!("line {}: {why}", span.start.line());
        let finished = match event {
            Event::DocumentStart(_) if document.is_some() => {
                return Err(at("a template is one YAML document, here begins a second"));
            }
            Event::Alias(_) => return Err(at("CloudFormation reads no YAML aliases")),
            Event::SequenceStart(_, tag) => {
                building.push(Open::list(tag.as_deref(), &span)?);
                None
            }
            Event::MappingStart(_, tag) => {
                building.push(Open::map(tag.as_deref(), &span)?);
                None
            }
            Event::SequenceEnd | Event::MappingEnd => {
                building.pop().map(Open::close).transpose()?
            }
            Event::Scalar(text, style, _, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                let is_key = building.last().is_some_and(Open::awaits_key);
                Some(if is_key {
                    Value::String(text.into_owned())
                } else {
                    tagged(tag.as_deref(), value, &span)?
                })
            }
            _ => None,
        };
        if building.len() > DEPTH_MAX {
            return Err(at("nested too deeply"));
        }
        if let Some(value) = finished {
            match building.last_mut() {
                Some(open) => open.add(value, &span)?,
                None => document = Some(value),
            }
        }
    }
    document.ok_or_else(|| "holds nothing".to_owned())
}

/// A list or map whose end has not come yet.
struct Open {
    function: Option<String>,
    line: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

impl Open {
    fn list(tag: Option<&Tag>, span: &Span) -> Result<Open, String> {
        Open::new(tag, span, Content::List(Vec::new()))
    }

    fn map(tag: Option<&Tag>, span: &Span) -> Result<Open, String> {
        Open::new(tag, span, Content::Map(Map::new(), None))
    }

    fn new(tag: Option<&Tag>, span: &Span, content: Content) -> Result<Open, String> {
        Ok(Open {
            function: function(tag, span)?,
            line: span.start.line(),
            content,
        })
    }

    fn awaits_key(&self) -> bool {
        matches!(&self.content, Content::Map(_, None))
    }

    fn add(&mut self, value: Value, span: &Span) -> Result<(), String> {
        match &mut self.content {
            Content::List(items) => items.push(value),
            Content::Map(members, key) => match key.take() {
                Some(key) => {
                    members.insert(key, value);
                }
                None => {
                    let line = span.start.line();
                    let Value::String(name) = value else {
                        return Err(format!("line {line}: a key must be text"));
                    };
                    if name == "<<" {
                        return Err(format!("line {line}: CloudFormation reads no merge keys"));
                    }
                    if members.contains_key(&name) {
                        return Err(format!("line {line}: '{name}' stands here twice"));
                    }
                    *key = Some(name);
                }
            },
        }
        Ok(())
    }

    fn close(self) -> Result<Value, String> {
        let value = match self.content {
            Content::List(items) => Value::Array(items),
            Content::Map(members, _) => Value::Object(members),
        };
        written_out(self.function, value, self.line)
    }
}

fn tagged(tag: Option<&Tag>, value: Value, span: &Span) -> Result<Value, String> {
    written_out(function(tag, span)?, value, span.start.line())
}

/// The function a short form stands for; `!Sub` is `Fn::Sub`.
fn function(tag: Option<&Tag>, span: &Span) -> Result<Option<String>, String> {
    match tag {
        None => Ok(None),
        Some(tag) if tag.is_yaml_core_schema() => Ok(None),
        Some(tag) if tag.handle == "!" && !tag.suffix.is_empty() => {
            Ok(Some(match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            }))
        }
        // A lone `!` only says that the value is no number.
        Some(tag) if tag.suffix == "!" || tag.suffix.is_empty() => Ok(None),
        Some(tag) => Err(format!(
            "line {}: unknown tag {}{}",
            span.start.line(),
            tag.handle,
            tag.suffix
        )),
    }
}

fn written_out(function: Option<String>, value: Value, line: usize) -> Result<Value, String> {
    let Some(function) = function else {
        return Ok(value);
    };
    let argument = match value {
        // The short form writes LOGICAL.ATTRIBUTE; the attribute may itself hold dots.
        Value::String(text) if function == "Fn::GetAtt" => {
            let Some((logical, attribute)) = text.split_once('.') else {
                return Err(format!("line {line}: !GetAtt takes LOGICAL.ATTRIBUTE"));
            };
            Value::from(vec![logical, attribute])
        }
        other => other,
    };
    Ok(Value::Object(Map::from_iter([(function, argument)])))
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let core = tag.filter(|tag| tag.is_yaml_core_schema());
    let is_text = core.is_some_and(|tag| tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

/// A number, digits as they stand. An account number such as 012345678901 is text.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn short_forms_are_written_out() {
        let text = "a: !Ref B\nb: !GetAtt C.D.E\nc: !Sub '${X}-y'\nd: !Join ['', [!Ref A, b]]\n\
                    e: !If [Yes, 1, !Ref AWS::NoValue]\nf: !Condition G\n\
                    g: !Sub\n  - ${Z}\n  - Z: !Ref Q\n";
        let expected = json!({
            "a": {"Ref": "B"}, "b": {"Fn::GetAtt": ["C", "D.E"]}, "c": {"Fn::Sub": "${X}-y"},
            "d": {"Fn::Join": ["", [{"Ref": "A"}, "b"]]},
            "e": {"Fn::If": ["Yes", 1, {"Ref": "AWS::NoValue"}]}, "f": {"Condition": "G"},
            "g": {"Fn::Sub": ["${Z}", {"Z": {"Ref": "Q"}}]},
        });
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn plain_words_are_what_they_look_like() {
        let text = "a: 012345678901\nb: 12\nc: 2010-09-09\nd: 'true'\ne: yes\nf: true\ng:\nh: |\n  x\n  y\n1: one\ni: 1.50\n";
        let expected = json!({
            "a": "012345678901", "b": 12, "c": "2010-09-09", "d": "true", "e": "yes", "f": true,
            "g": null, "h": "x\ny\n", "1": "one",
        });
        let mut read = read(text).unwrap();
        assert_eq!(read["i"].to_string(), "1.50");
        read.as_object_mut().unwrap().remove("i");
        assert_eq!(read, expected);
    }

    #[test]
    fn what_cloudformation_does_not_read_is_refused_with_its_line() {
        for (text, why) in [
            (
                "a: &x 1\nb: *x\n",
                "line 2: CloudFormation reads no YAML aliases",
            ),
            ("a: 1\na: 2\n", "line 2: 'a' stands here twice"),
            ("? [a]\n: b\n", "line 1: a key must be text"),
            (
                "a: 1\n---\nb: 2\n",
                "line 2: a template is one YAML document, here begins a second",
            ),
            ("a: !GetAtt B\n", "line 1: !GetAtt takes LOGICAL.ATTRIBUTE"),
        ] {
            assert_eq!(read(text), Err(why.to_owned()), "{text}");
        }
        assert!(read(&"[".repeat(1_000)).is_err());
        assert!(read("").is_err());
        assert!(read("a: [b\n").is_err());
    }
}
