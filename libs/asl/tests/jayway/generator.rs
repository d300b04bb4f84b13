//! Random documents and paths from a seed, small enough that the paths often find something.

use serde_json::{Map, Value, json};

const NAMES: [&str; 6] = ["a", "b", "c", "k", "d-e", "x y"];

/// A seeded source of questions.
pub struct Generator {
    state: u64,
}

impl Generator {
    pub fn new(seed: u64) -> Generator {
        Generator { state: seed }
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn one_of<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        choices[self.below(choices.len())]
    }

    /// An object of up to four levels.
    pub fn document(&mut self) -> Value {
        let mut members = Map::new();
        for name in NAMES {
            members.insert(name.to_owned(), self.value(3));
        }
        Value::Object(members)
    }

    fn value(&mut self, levels: usize) -> Value {
        match self.below(if levels == 0 { 6 } else { 14 }) {
            0 => Value::Null,
            1 => json!(self.below(3)),
            2 => json!(1.5),
            3 => json!(self.below(2) == 0),
            4 => json!(self.one_of(&["", "a", "b", "1", "null", "true"])),
            5 => json!(-1),
            6..=9 => {
                let count = self.below(5);
                Value::Array((0..count).map(|_| self.value(levels - 1)).collect())
            }
            _ => {
                let count = self.below(5);
                let mut members = Map::new();
                for _ in 0..count {
                    members.insert(self.one_of(&NAMES).to_owned(), self.value(levels - 1));
                }
                Value::Object(members)
            }
        }
    }

    /// A path of up to five steps.
    pub fn path(&mut self) -> String {
        let mut path = "$".to_owned();
        for _ in 0..=self.below(4) {
            let step = self.step();
            path.push_str(&step);
        }
        path
    }

    fn step(&mut self) -> String {
        let name = self.one_of(&NAMES);
        match self.below(20) {
            0..=4 if !name.contains(' ') => format!(".{name}"),
            0..=5 => format!("['{name}']"),
            6 => format!("..{}", self.one_of(&["a", "b", "*", "[0]", "['k']", "[*]"])),
            7 => format!("['{name}','{}']", self.one_of(&NAMES)),
            8 => ".*".to_owned(),
            9 | 10 => "[*]".to_owned(),
            11 | 12 => format!("[{}]", self.below(3)),
            13 => format!("[{},{}]", self.below(3), self.below(3)),
            14 => format!("[{}:{}]", self.below(3), self.below(4)),
            15 => format!("[{}:]", self.one_of(&["0", "1", "-1", "-2"])),
            16 => format!("[:{}]", self.one_of(&["1", "2", "-1"])),
            17 => "[(@.length-1)]".to_owned(),
            _ => format!("[?({})]", self.condition()),
        }
    }

    fn condition(&mut self) -> String {
        let first = self.criterion();
        match self.below(4) {
            0 => format!("{first} && {}", self.criterion()),
            1 => format!("{first} || {}", self.criterion()),
            _ => first,
        }
    }

    fn criterion(&mut self) -> String {
        let left = self.one_of(&[
            "@.a",
            "@.k",
            "@",
            "@['d-e']",
            "@.a.b",
            "@[0]",
            "$.a",
            "@['a','b']",
        ]);
        match self.below(4) {
            0 => left.to_owned(),
            1 if left.starts_with('@') => format!("!{left}"),
            _ => {
                let operator = self.one_of(&["==", "!=", "<", "<=", ">", ">=", "=~"]);
                let right = match operator {
                    "=~" => self.one_of(&["/a/", "/[A-B]/i", "/.*/"]),
                    _ => self.one_of(&[
                        "1", "1.5", "'a'", "'1'", "null", "true", "false", "@.b", "$.k", "-1",
                    ]),
                };
                format!("{left} {operator} {right}")
            }
        }
    }
}
