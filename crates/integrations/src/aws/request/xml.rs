//! A structure as XML.

use quick_xml::escape::escape;
use service_models::{Reference, Service, XmlNamespace};

use super::{form, scalar, wire_name};
use crate::aws::datum::Datum;
use crate::aws::moment::Form;

/// `datum` as the element `name`.
pub(super) fn document(
    service: &Service,
    name: &str,
    reference: &Reference,
    datum: &Datum,
) -> Vec<u8> {
    let mut writer = Writer {
        service,
        text: String::new(),
    };
    writer.element(name, reference, datum);
    writer.text.into_bytes()
}

struct Writer<'m> {
    service: &'m Service,
    text: String,
}

impl Writer<'_> {
    fn element(&mut self, name: &str, reference: &Reference, datum: &Datum) {
        let shape = self.service.shape(reference);
        let namespace = reference.xml_namespace.as_ref();
        let namespace = namespace.or_else(|| shape?.xml_namespace.as_ref());
        let is_flat = reference.flattened || shape.is_some_and(|shape| shape.flattened);
        match (datum, shape) {
            (Datum::Structure(members), Some(shape)) => {
                let known = members
                    .iter()
                    .filter_map(|(name, datum)| Some((name, shape.members.get(name)?, datum)));
                let (attributes, children): (Vec<_>, Vec<_>) =
                    known.partition(|(_, reference, _)| reference.xml_attribute);
                let mut start = opening(name, namespace);
                for (name, reference, datum) in attributes {
                    let value = scalar(datum, Form::Iso8601);
                    let name = wire_name(name, reference);
                    start += &format!(" {name}=\"{}\"", escape(value.as_str()));
                }
                self.within(name, &start, |writer| {
                    for (name, reference, datum) in children {
                        writer.element(wire_name(name, reference), reference, datum);
                    }
                });
            }
            (Datum::List(items), Some(shape)) => {
                let Some(member) = &shape.member else { return };
                if is_flat {
                    let name = wire_name(name, member);
                    items
                        .iter()
                        .for_each(|item| self.element(name, member, item));
                    return;
                }
                self.within(name, &opening(name, namespace), |writer| {
                    let name = wire_name("member", member);
                    items
                        .iter()
                        .for_each(|item| writer.element(name, member, item));
                });
            }
            (Datum::Map(entries), Some(shape)) => {
                let (Some(key), Some(value)) = (&shape.key, &shape.value) else {
                    return;
                };
                let each = |writer: &mut Self, name: &str| {
                    for (text, datum) in entries {
                        writer.within(name, name, |writer| {
                            let text = Datum::Text(text.clone());
                            writer.element(wire_name("key", key), key, &text);
                            writer.element(wire_name("value", value), value, datum);
                        });
                    }
                };
                match is_flat {
                    true => each(self, name),
                    false => self.within(name, &opening(name, namespace), |it| each(it, "entry")),
                }
            }
            (other, _) => {
                let text = scalar(other, form(reference, shape, Form::Iso8601));
                self.within(name, &opening(name, namespace), |writer| {
                    writer.text.push_str(&escape(text.as_str()));
                });
            }
        }
    }

    fn within(&mut self, name: &str, start: &str, inner: impl FnOnce(&mut Self)) {
        self.text.push_str(&format!("<{start}>"));
        inner(self);
        self.text.push_str(&format!("</{name}>"));
    }
}

fn opening(name: &str, namespace: Option<&XmlNamespace>) -> String {
    match namespace {
        None => name.to_owned(),
        Some(namespace) => {
            let prefix = namespace.prefix.as_ref();
            let prefix = prefix.map_or_else(String::new, |prefix| format!(":{prefix}"));
            format!(
                "{name} xmlns{prefix}=\"{}\"",
                escape(namespace.uri.as_str())
            )
        }
    }
}
