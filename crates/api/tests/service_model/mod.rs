//! The service model of botocore, as JSON.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::Read;
use std::path::{Path, PathBuf};

use engine::Operation;
use serde_json::{Map, Value};

const SERVICE: &str = "stepfunctions/2016-11-23/service-2.json";

pub struct Model(pub Value);

/// A member somewhere in an operation's input.
pub struct Member<'m> {
    /// As errors print it: `tags.1.member.key`.
    pub path: String,
    /// Where it stands in a request: `/tags/0/key`.
    pub pointer: String,
    pub shape: &'m Value,
    pub required: bool,
}

impl Model {
    pub fn load() -> Model {
        let path = model_path().unwrap_or_else(|| panic!("run: cargo xtask setup"));
        let bytes = std::fs::read(&path).unwrap();
        let mut text = String::new();
        if path.extension().is_some_and(|it| it == "gz") {
            flate2::read::GzDecoder::new(&*bytes)
                .read_to_string(&mut text)
                .unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        Model(serde_json::from_str(&text).unwrap())
    }

    pub fn operations(&self) -> &Map<String, Value> {
        self.0["operations"].as_object().unwrap()
    }

    pub fn operation(&self, operation: Operation) -> &Value {
        &self.0["operations"][operation.name()]
    }

    pub fn shape(&self, name: &Value) -> &Value {
        let shape = &self.0["shapes"][name.as_str().expect("a reference names a shape")];
        assert!(shape.is_object(), "no shape {name}");
        shape
    }

    pub fn input(&self, operation: Operation) -> Vec<Member<'_>> {
        let mut members = Vec::new();
        self.walk(
            &self.operation(operation)["input"]["shape"],
            "",
            "",
            &mut members,
        );
        members
    }

    fn walk<'m>(&'m self, shape: &Value, path: &str, pointer: &str, members: &mut Vec<Member<'m>>) {
        let shape = self.shape(shape);
        match shape["type"].as_str() {
            Some("structure") => {
                let dot = if path.is_empty() { "" } else { "." };
                for (name, member) in shape["members"].as_object().unwrap() {
                    let path = format!("{path}{dot}{name}");
                    let pointer = format!("{pointer}/{name}");
                    members.push(Member {
                        path: path.clone(),
                        pointer: pointer.clone(),
                        shape: self.shape(&member["shape"]),
                        required: has(&shape["required"], name),
                    });
                    self.walk(&member["shape"], &path, &pointer, members);
                }
            }
            Some("list") => {
                let (path, pointer) = (format!("{path}.1.member"), format!("{pointer}/0"));
                let item = &shape["member"]["shape"];
                members.push(Member {
                    path: path.clone(),
                    pointer: pointer.clone(),
                    shape: self.shape(item),
                    required: false,
                });
                self.walk(item, &path, &pointer, members);
            }
            _ => {}
        }
    }
}

fn model_path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("TOWPATH_SERVICE_MODEL") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pythons = std::fs::read_dir(root.join(".tools/venv/lib")).ok()?;
    pythons
        .filter_map(Result::ok)
        .flat_map(|python| {
            let data = python.path().join("site-packages/botocore/data");
            [data.join(format!("{SERVICE}.gz")), data.join(SERVICE)]
        })
        .find(|path| path.is_file())
}

/// Whether a list of names has one.
pub fn has(list: &Value, name: &str) -> bool {
    list.as_array()
        .is_some_and(|list| list.iter().any(|it| it == name))
}
