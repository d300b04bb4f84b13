//! `query` and `ec2`: one path, and a form with the operation and all members, taken apart to scalars.

use service_models::{Operation, Reference, Service, Shape};

use super::{Parts, escaped, form, scalar, wire_name};
use crate::aws::datum::Datum;
use crate::aws::names;
use crate::aws::protocol::Protocol;

pub(super) fn request(
    service: &Service,
    operation: &Operation,
    protocol: Protocol,
    input: &Datum,
) -> Parts {
    let mut form = Form {
        service,
        protocol,
        fields: vec![
            ("Action".to_owned(), operation.name.clone()),
            ("Version".to_owned(), service.metadata.api_version.clone()),
        ],
    };
    if let Some(reference) = &operation.input {
        form.add(String::new(), reference, input);
    }
    let fields: Vec<String> = form
        .fields
        .into_iter()
        .map(|(name, value)| format!("{}={}", escaped(&name), escaped(&value)))
        .collect();
    let content_type = "application/x-www-form-urlencoded; charset=utf-8";
    Parts {
        path: "/".to_owned(),
        query: Vec::new(),
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: fields.join("&").into_bytes(),
    }
}

struct Form<'m> {
    service: &'m Service,
    protocol: Protocol,
    fields: Vec<(String, String)>,
}

impl Form<'_> {
    fn add(&mut self, prefix: String, reference: &Reference, datum: &Datum) {
        let shape = self.service.shape(reference);
        match (datum, shape) {
            (Datum::Structure(members), Some(shape)) => {
                for (name, datum) in members {
                    if let Some(reference) = shape.members.get(name) {
                        let name = self.member_name(name, reference);
                        self.add(within(&prefix, &name), reference, datum);
                    }
                }
            }
            (Datum::List(items), Some(shape)) => self.list(prefix, reference, shape, items),
            (Datum::Map(entries), Some(shape)) => {
                let is_flat = reference.flattened || shape.flattened;
                let base = if is_flat { prefix } else { prefix + ".entry" };
                let (Some(key), Some(value)) = (&shape.key, &shape.value) else {
                    return;
                };
                for (at, (name, datum)) in entries.iter().enumerate() {
                    let base = format!("{base}.{}", at + 1);
                    let field = format!("{base}.{}", wire_name("key", key));
                    self.fields.push((field, name.clone()));
                    let field = format!("{base}.{}", wire_name("value", value));
                    self.add(field, value, datum);
                }
            }
            (scalar_datum, _) => {
                let form = form(reference, shape, self.protocol.moments());
                self.fields.push((prefix, scalar(scalar_datum, form)));
            }
        }
    }

    fn list(&mut self, prefix: String, reference: &Reference, shape: &Shape, items: &[Datum]) {
        let Some(member) = &shape.member else {
            return;
        };
        let is_ec2 = self.protocol == Protocol::Ec2;
        if items.is_empty() {
            // EC2 knows no list without items.
            if !is_ec2 {
                self.fields.push((prefix, String::new()));
            }
            return;
        }
        let base = if is_ec2 {
            prefix
        } else if reference.flattened || shape.flattened {
            // The items' name stands in place of the list's own.
            match (&member.location_name, prefix.rsplit_once('.')) {
                (Some(name), Some((above, _))) => format!("{above}.{name}"),
                (Some(name), None) => name.clone(),
                (None, _) => prefix,
            }
        } else {
            format!("{prefix}.{}", wire_name("member", member))
        };
        for (at, datum) in items.iter().enumerate() {
            self.add(format!("{base}.{}", at + 1), member, datum);
        }
    }

    fn member_name(&self, name: &str, reference: &Reference) -> String {
        match (self.protocol, &reference.query_name) {
            (Protocol::Ec2, Some(query_name)) => query_name.clone(),
            (Protocol::Ec2, None) => names::capital(wire_name(name, reference)),
            _ => wire_name(name, reference).to_owned(),
        }
    }
}

fn within(prefix: &str, name: &str) -> String {
    match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}.{name}"),
    }
}
