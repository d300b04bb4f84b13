//! The engine behind the expressions: `jlens-core`, pinned, within our limits.

use jlens_core::reads::Reads;
use jlens_core::{Bindings, Options};
use serde_json::Value;

use super::error::{Failure, ParseError};
use super::limits::{
    ARRAY_ITEMS_MAX, DEPTH_MAX, REGEX_TIME_MAX, RESULT_BYTES_MAX, STEPS_MAX, STRING_BYTES_MAX,
    TIME_MAX,
};
use super::meter::Meter;
use super::needs::Needs;
use super::surface::{self, Surface};
use super::{Scope, functions, number, rewrite, words};

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    written: jlens_core::Expression,
    /// What is evaluated, where that is not as written.
    rewritten: Option<jlens_core::Expression>,
    surface: Surface,
}

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
            .max_string_length(STRING_BYTES_MAX)
            .max_array_length(ARRAY_ITEMS_MAX)
            .max_result_size(RESULT_BYTES_MAX);
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
        let written = jlens_core::Expression::compile(text).map_err(|error| {
            let (code, message) = (error.code(), words::message(&error));
            let position = error
                .position()
                .map(|position| format!(" at position {position}"))
                .unwrap_or_default();
            ParseError::invalid(format!(
                "The JSONata expression '{text}' is not valid. {code}: {message}{position}"
            ))
        })?;
        let surface = surface::check(written.ast())?;
        // Only an expression at the very limit of what the engine takes grows beyond it.
        let rewritten = rewrite::rewrite(text, &surface.otherwise)
            .map(|text| jlens_core::Expression::compile(&text))
            .transpose()
            .map_err(|error| ParseError::invalid(words::message(&error)))?;
        Ok(Engine {
            written,
            rewritten,
            surface,
        })
    }

    pub(super) fn text(&self) -> &str {
        self.written.source()
    }

    pub(super) fn surface(&self) -> &Surface {
        &self.surface
    }

    pub(super) fn reads(&self) -> Reads {
        self.written.reads_with(&functions::bindings())
    }

    pub(super) fn evaluate(&self, variables: &Variables) -> Result<Value, Failure> {
        let Variables { bindings, options } = variables;
        let mut meter = Meter::new();
        let mut options = options.clone().cancel_token(meter.token());
        if self.surface.has_regex {
            options = options.timeout(REGEX_TIME_MAX);
        }
        let evaluated = self.rewritten.as_ref().unwrap_or(&self.written);
        let result = evaluated.evaluate_traced(None, bindings, &options, &mut meter);
        match result {
            Ok(Some(Value::Null)) if meter.ended_in_no_number() => Ok(Value::from("NaN")),
            Ok(Some(value)) => Ok(number::normal(value)),
            Ok(None) if meter.ended_in_a_function() => Err(Failure::Function),
            Ok(None) => Err(Failure::Undefined),
            Err(error) => Err(meter.failure(&error)),
        }
    }
}
