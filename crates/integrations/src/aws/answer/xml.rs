//! XML as a shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use service_models::{Kind, Reference, Service, Shape};

use super::Unreadable;
use crate::aws::datum::Datum;
use crate::aws::moment::Moment;

/// Deepest nesting that is read. No service answers deeper than a few dozen; what reads elements calls
/// itself.
const DEPTH_MAX: usize = 128;

/// An element. Names are without their prefix, but for those of attributes.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    pub(super) text: String,
}

impl Element {
    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first of this name, here or further in.
    pub(super) fn find(&self, name: &str) -> Option<&Element> {
        let mut children = self.children.iter();
        self.child(name)
            .or_else(|| children.find_map(|child| child.find(name)))
    }
}

/// Reads a body; an empty one is an element without anything.
pub(super) fn parse(body: &[u8]) -> Result<Element, Unreadable> {
    let unreadable = |error: &dyn std::fmt::Display| Unreadable(error.to_string());
    let text = std::str::from_utf8(body).map_err(|error| unreadable(&error))?;
    let mut reader = Reader::from_str(text);
    // The document itself is the first.
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|error| unreadable(&error))?;
        let depth = open.len();
        let here = open
            .last_mut()
            .expect("as many elements end as began: the reader checks their names");
        match event {
            Event::Start(start) if depth <= DEPTH_MAX => open.push(element(&start)?),
            Event::Start(_) => return Err(Unreadable("nested too deep".to_owned())),
            Event::Empty(start) => here.children.push(element(&start)?),
            Event::End(_) => {
                let ended = open.pop().unwrap_or_default();
                match open.last_mut() {
                    Some(parent) => parent.children.push(ended),
                    None => return Err(Unreadable("an end without a beginning".to_owned())),
                }
            }
            Event::Text(text) => here.text.push_str(&text.xml10_content()),
            Event::CData(text) => here.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => here.text.push(character),
                _ => match quick_xml::escape::resolve_predefined_entity(&reference) {
                    Some(text) => here.text.push_str(text),
                    None => return Err(Unreadable(format!("unknown entity &{};", &*reference))),
                },
            },
            Event::Eof if depth > 1 => {
                return Err(Unreadable("it ends in the middle".to_owned()));
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    let mut roots = open.pop().unwrap_or_default().children;
    match roots.len() {
        0 => Ok(Element::default()),
        1 => Ok(roots.remove(0)),
        _ => Err(Unreadable("more than one root".to_owned())),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, Unreadable> {
    let mut element = Element {
        name: start.local_name().as_ref().to_owned(),
        ..Element::default()
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| Unreadable(error.to_string()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| Unreadable(error.to_string()))?;
        let attribute = (attribute.key.0.to_owned(), value.into_owned());
        element.attributes.push(attribute);
    }
    Ok(element)
}

/// The name of the outermost element, if it begins at once.
pub(super) fn root_name(body: &[u8]) -> Option<String> {
    // Not every body is XML, and objects may be large.
    let head = &body[..body.len().min(512)];
    let text = String::from_utf8_lossy(head);
    let mut reader = Reader::from_str(&text);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => {
                return Some(start.local_name().as_ref().to_owned());
            }
            Event::Decl(_) | Event::Comment(_) | Event::DocType(_) => {}
            Event::Text(text) if text.trim().is_empty() => {}
            _ => return None,
        }
    }
}

/// The request's id in the body, as `query` and `ec2` have it.
pub(super) fn request_id(body: &[u8]) -> Option<String> {
    if body.first() != Some(&b'<') {
        return None;
    }
    let root = parse(body).ok()?;
    let names = ["RequestId", "RequestID", "requestId"];
    let found = names.iter().find_map(|name| root.find(name))?;
    Some(found.text.clone())
}

/// The members of a structure that are in the body.
pub(super) fn structure(service: &Service, shape: &Shape, element: &Element) -> Datum {
    let members = shape.members.iter().filter_map(|(name, reference)| {
        if reference.location.is_some() {
            return None;
        }
        Some((name.clone(), member(service, name, reference, element)?))
    });
    Datum::Structure(members.collect())
}

fn member(service: &Service, name: &str, reference: &Reference, parent: &Element) -> Option<Datum> {
    let shape = service.shape(reference)?;
    let of_shape = || match shape.kind {
        // Those of structures are names of roots.
        Kind::List | Kind::Map => shape.location_name.as_deref(),
        _ => None,
    };
    let wire = reference.location_name.as_deref().or_else(of_shape);
    let wire = wire.unwrap_or(name);
    if reference.xml_attribute {
        let mut attributes = parent.attributes.iter();
        let (_, value) = attributes.find(|(name, _)| name == wire)?;
        return Some(scalar(shape, value));
    }
    let is_flat = reference.flattened || shape.flattened;
    if !is_flat {
        return Some(datum(service, shape, parent.child(wire)?));
    }
    // The items stand in place of the list.
    let wire = match (&shape.member, shape.kind) {
        (Some(member), Kind::List) => member.location_name.as_deref().unwrap_or(wire),
        _ => wire,
    };
    let items: Vec<&Element> = parent
        .children
        .iter()
        .filter(|child| child.name == wire)
        .collect();
    if items.is_empty() {
        return None;
    }
    Some(match shape.kind {
        Kind::Map => entries(service, shape, &items),
        _ => list(service, shape, &items),
    })
}

/// A shape that is an element.
pub(super) fn datum(service: &Service, shape: &Shape, element: &Element) -> Datum {
    let children = || element.children.iter().collect::<Vec<_>>();
    match shape.kind {
        Kind::Structure => structure(service, shape, element),
        Kind::List => list(service, shape, &children()),
        Kind::Map => entries(service, shape, &children()),
        _ => scalar(shape, &element.text),
    }
}

fn list(service: &Service, shape: &Shape, items: &[&Element]) -> Datum {
    let member = shape.member.as_deref().and_then(|it| service.shape(it));
    let items = items
        .iter()
        .filter_map(|item| Some(datum(service, member?, item)));
    Datum::List(items.collect())
}

fn entries(service: &Service, shape: &Shape, items: &[&Element]) -> Datum {
    let (Some(key), Some(value)) = (&shape.key, &shape.value) else {
        return Datum::Map(Vec::new());
    };
    let key = key.location_name.as_deref().unwrap_or("key");
    let value_name = value.location_name.as_deref().unwrap_or("value");
    let entries = items.iter().filter_map(|item| {
        let key = item.child(key)?.text.clone();
        let of = service.shape(value)?;
        Some((key, datum(service, of, item.child(value_name)?)))
    });
    Datum::Map(entries.collect())
}

/// What is no number, no moment and so on, though the model says so, is kept as text.
pub(super) fn scalar(shape: &Shape, text: &str) -> Datum {
    let kept = || Datum::Text(text.to_owned());
    match shape.kind {
        Kind::Boolean => match text.trim() {
            "true" => Datum::Boolean(true),
            "false" => Datum::Boolean(false),
            _ => kept(),
        },
        Kind::Integer
        | Kind::Long
        | Kind::BigInteger
        | Kind::Float
        | Kind::Double
        | Kind::BigDecimal => {
            let number = serde_json::from_str(text.trim());
            number.map_or_else(|_| kept(), Datum::Number)
        }
        Kind::Timestamp => Moment::read(text).map_or_else(kept, Datum::Moment),
        Kind::Blob => BASE64
            .decode(text.trim())
            .map_or_else(|_| kept(), Datum::Bytes),
        _ => kept(),
    }
}
