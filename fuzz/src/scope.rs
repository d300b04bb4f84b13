//! What expressions see, besides the document.

use serde_json::{Value, json};

/// A scope in which randomness and time are numbers.
pub struct Seen {
    input: Value,
    context: Value,
    variable: Value,
}

impl Seen {
    pub fn new(input: Value) -> Seen {
        Seen {
            variable: input.clone(),
            input,
            context: json!({
                "Execution": {"Id": "arn:e", "Input": {"x": [1, 2]}, "StartTime": "2024-01-01T00:00:00Z"},
                "State": {"Name": "S", "RetryCount": 0},
                "Task": {"Token": "token"},
                "Map": {"Item": {"Index": 3, "Value": "v"}}
            }),
        }
    }
}

impl asl::path::Scope for Seen {
    fn input(&self) -> &Value {
        &self.input
    }

    fn context(&self) -> &Value {
        &self.context
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        (name == "v").then_some(&self.variable)
    }

    fn uuid(&self) -> String {
        "b1946ac9-2492-4d23-9c4e-000000000000".to_owned()
    }

    fn random(&self) -> f64 {
        0.5
    }
}

impl asl::jsonata::Scope for Seen {
    fn input(&self) -> &Value {
        &self.input
    }

    fn context(&self) -> &Value {
        &self.context
    }

    fn result(&self) -> Option<&Value> {
        Some(&self.input)
    }

    fn error_output(&self) -> Option<&Value> {
        Some(&self.context)
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        (name == "v").then_some(&self.variable)
    }

    fn now(&self) -> i64 {
        1_700_000_000_123
    }

    fn seed(&self) -> u64 {
        42
    }
}
