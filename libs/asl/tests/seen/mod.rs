//! A scope for tests of JSONata: everything there can be, all of it given.

use std::cell::Cell;
use std::collections::BTreeMap;

use asl::jsonata::Scope;
use serde_json::{Value, json};

pub struct Seen {
    pub input: Value,
    pub context: Value,
    pub result: Option<Value>,
    pub error_output: Option<Value>,
    pub variables: BTreeMap<&'static str, Value>,
    pub seed: u64,
    pub asked_for_seed: Cell<u32>,
}

impl Seen {
    pub fn new(input: Value) -> Seen {
        Seen {
            input,
            context: json!({"Execution": {"Name": "run-1"}, "State": {"Name": "S"}}),
            result: None,
            error_output: None,
            variables: BTreeMap::new(),
            seed: 7,
            asked_for_seed: Cell::new(0),
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

    fn result(&self) -> Option<&Value> {
        self.result.as_ref()
    }

    fn error_output(&self) -> Option<&Value> {
        self.error_output.as_ref()
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    fn now(&self) -> i64 {
        1_700_000_000_123
    }

    fn seed(&self) -> u64 {
        self.asked_for_seed.set(self.asked_for_seed.get() + 1);
        self.seed
    }
}
