//! The engine behind the expressions: `jlens-core`, pinned, within our limits.

use jlens_core::ast::Ast;
use jlens_core::reads::Reads;
use jlens_core::{Bindings, Options};
use serde_json::Value;

use super::error::{Failure, ParseError};
use super::limits::{ARRAY_ITEMS_MAX, DEPTH_MAX, STEPS_MAX, TIME_MAX, VALUE_BYTES_MAX};
use super::meter::Meter;
use super::needs::Needs;
use super::{Scope, functions, number};

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) struct Engine(jlens_core::Expression);

/// What evaluations of one template share: the variables, the functions and the time.
pub(super) struct Variables {
    bindings: Bindings,
    options: Options,
}

impl Variables {
    pub(super) fn new(needs: &Needs, scope: &dyn Scope) -> Variables {
        let mut options = Options::new()
            .now(scope.now())
            .max_steps(STEPS_MAX)
            .timeout(TIME_MAX)
            .max_depth(DEPTH_MAX)
            .max_string_length(VALUE_BYTES_MAX)
            .max_array_length(ARRAY_ITEMS_MAX)
            .max_result_size(VALUE_BYTES_MAX);
        let mut bindings = functions::bindings();
        if needs.draws() {
            let seed = scope.seed();
            options = options.seed(seed);
            bindings = functions::with_seed(bindings, seed);
        }
        needs.each_variable(scope, &mut |name, value| {
            let without = std::mem::take(&mut bindings);
            bindings = without.var(name, value);
        });
        Variables { bindings, options }
    }
}

impl Engine {
    pub(super) fn compile(text: &str) -> Result<Engine, ParseError> {
        jlens_core::Expression::compile(text)
            .map(Engine)
            .map_err(|error| {
                let (code, message) = (error.code(), error.message());
                let position = error
                    .position()
                    .map(|position| format!(" at position {position}"))
                    .unwrap_or_default();
                ParseError::invalid(format!(
                    "The JSONata expression '{text}' is not valid. {code}: {message}{position}"
                ))
            })
    }

    pub(super) fn text(&self) -> &str {
        self.0.source()
    }

    pub(super) fn tree(&self) -> &Ast {
        self.0.ast()
    }

    pub(super) fn reads(&self) -> Reads {
        self.0.reads_with(&functions::bindings())
    }

    pub(super) fn evaluate(&self, variables: &Variables) -> Result<Value, Failure> {
        let Variables { bindings, options } = variables;
        let mut meter = Meter::new();
        let options = options.clone().cancel_token(meter.token());
        let result = self.0.evaluate_traced(None, bindings, &options, &mut meter);
        match result {
            Ok(Some(Value::Null)) => Ok(meter
                .ended_in_no_finite_number()
                .map_or(Value::Null, Value::from)),
            Ok(Some(value)) => Ok(normal(value)),
            Ok(None) if meter.ended_in_a_function() => Err(Failure::Function),
            Ok(None) => Err(Failure::Undefined),
            Err(error) => Err(meter.failure(&error)),
        }
    }
}

/// A result with its numbers printed as JavaScript prints them.
fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_none() => number
            .as_f64()
            .and_then(number::to_json)
            .map_or(Value::Null, Value::Number),
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, normal(value)))
            .collect(),
        other => other,
    }
}
