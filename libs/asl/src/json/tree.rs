//! A JSON text as a tree that remembers where everything stood.

use serde_json::{Map, Number, Value};

use super::error::JacksonError;
use super::scan::{self, Sink};
use super::text::RawText;

/// A value and where it starts.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Byte offset of its first character.
    pub(crate) at: usize,
    pub(crate) data: Data,
}

#[derive(Clone, Debug)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    String(Box<str>),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Box<str>,
    /// Byte offset of the name's opening quote.
    pub(crate) name_at: usize,
    /// Byte offset behind the name's closing quote.
    pub(crate) name_end: usize,
    pub(crate) value: Node,
}

impl Member {
    /// A member that stands in no text.
    pub(crate) fn artificial(name: &str, data: Data) -> Member {
        Member {
            name: name.into(),
            name_at: 0,
            name_end: 0,
            value: Node { at: 0, data },
        }
    }
}

impl Node {
    /// The plain value.
    pub(crate) fn to_value(&self) -> Value {
        self.clone().into_value()
    }

    pub(crate) fn into_value(self) -> Value {
        match self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(value),
            Data::Number(number) => Value::Number(number),
            Data::String(text) => Value::String(text.into()),
            Data::Array(items) => items.into_iter().map(Node::into_value).collect(),
            Data::Object(members) => {
                let mut object = Map::with_capacity(members.len());
                for member in members {
                    object.insert(member.name.into(), member.value.into_value());
                }
                Value::Object(object)
            }
        }
    }

    /// A member whose name another member of the same object had before, if there is one: the first
    /// in the text.
    pub(crate) fn duplicate(&self) -> Option<&Member> {
        match &self.data {
            Data::Array(items) => items.iter().find_map(Node::duplicate),
            Data::Object(members) => {
                // Sorting keeps this fast for an object with very many members.
                let mut by_name: Vec<&Member> = members.iter().collect();
                by_name.sort_by(|a, b| a.name.cmp(&b.name));
                let here = by_name
                    .windows(2)
                    .filter(|pair| pair[0].name == pair[1].name)
                    .map(|pair| pair[1]);
                let inside = members.iter().find_map(|member| member.value.duplicate());
                here.chain(inside).min_by_key(|member| member.name_at)
            }
            _ => None,
        }
    }
}

pub(super) fn read(text: &str) -> Result<Node, JacksonError> {
    let mut builder = Builder {
        open: Vec::new(),
        root: None,
    };
    scan::scan(text, &mut builder)?;
    Ok(builder
        .root
        .expect("a scan without error has seen one value"))
}

/// A container not yet closed.
enum Open {
    Array(usize, Vec<Node>),
    Object(usize, Vec<Member>),
}

struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder {
    fn add(&mut self, at: usize, data: Data) {
        let node = Node { at, data };
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Array(_, items)) => items.push(node),
            Some(Open::Object(_, members)) => {
                members
                    .last_mut()
                    .expect("a member's name comes before its value")
                    .value = node;
            }
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Array(at, items)) => self.add(at, Data::Array(items)),
            Some(Open::Object(at, members)) => self.add(at, Data::Object(members)),
            None => {}
        }
    }
}

impl Sink for Builder {
    fn null(&mut self, at: usize) {
        self.add(at, Data::Null);
    }

    fn boolean(&mut self, at: usize, value: bool) {
        self.add(at, Data::Bool(value));
    }

    fn number(&mut self, at: usize, text: &str) {
        let number = text
            .parse()
            .expect("the scanner's numbers are those of JSON");
        self.add(at, Data::Number(number));
    }

    fn string(&mut self, at: usize, text: RawText<'_>) {
        self.add(at, Data::String(text.decode().into()));
    }

    fn open_array(&mut self, at: usize) {
        self.open.push(Open::Array(at, Vec::new()));
    }

    fn close_array(&mut self) {
        self.close();
    }

    fn open_object(&mut self, at: usize) {
        self.open.push(Open::Object(at, Vec::new()));
    }

    fn name(&mut self, at: usize, end: usize, text: RawText<'_>) {
        if let Some(Open::Object(_, members)) = self.open.last_mut() {
            let value = Node {
                at: end,
                data: Data::Null,
            };
            members.push(Member {
                name: text.decode().into(),
                name_at: at,
                name_end: end,
                value,
            });
        }
    }

    fn close_object(&mut self) {
        self.close();
    }
}
