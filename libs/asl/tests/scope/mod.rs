//! A scope for tests: an input, a context object, one variable, and randomness that is a number.

use asl::path::Scope;
use serde_json::{Value, json};

pub struct Seen {
    pub input: Value,
    pub context: Value,
    pub variable: Value,
    pub random: f64,
}

impl Seen {
    pub fn new(input: Value) -> Seen {
        let context =
            json!({"Execution": {"Name": "run-1"}, "StateMachine": {"Id": "arn:m", "Name": "a-b"}});
        Seen {
            input,
            context,
            variable: json!({"x": 1, "list": [4, 5]}),
            random: 0.5,
        }
    }
}

impl Scope for Seen {
    fn input(&self) -> &Value {
        &self.input
    }

    fn context(&self) -> &Value {
        &self.context
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        (name == "known").then_some(&self.variable)
    }

    fn uuid(&self) -> String {
        "b1946ac9-2492-4d23-9c4e-000000000000".to_owned()
    }

    fn random(&self) -> f64 {
        self.random
    }
}
