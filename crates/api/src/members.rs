//! The shapes of the model that texts and numbers must satisfy, by the model's names.
//!
//! Source of every bound: service model `stepfunctions/2016-11-23`; `tests/oracle` compares.

use crate::{DEFINITION_BYTES_MAX, PAYLOAD_BYTES_MAX};

/// Constraints of a string.
pub(crate) struct Shape {
    /// Whether an error may repeat the value.
    pub(crate) sensitive: bool,
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) measure: Measure,
    pub(crate) pattern: Option<Pattern>,
    /// Empty: any value.
    pub(crate) values: &'static [&'static str],
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Unicode scalar values.
    Characters,
    /// UTF-8 bytes of a payload: as many as the operator allows. The model says "length" of payloads
    /// too; the quota page says bytes.
    PayloadBytes,
    /// UTF-8 bytes of a definition: as many as the operator allows.
    DefinitionBytes,
}

/// A pattern, as the model writes it, and the same as code.
pub(crate) struct Pattern {
    pub(crate) text: &'static str,
    pub(crate) matches: fn(&str) -> bool,
}

impl Shape {
    const fn text(min: usize, max: usize) -> Shape {
        Shape {
            sensitive: false,
            min,
            max,
            measure: Measure::Characters,
            pattern: None,
            values: &[],
        }
    }

    const fn values(values: &'static [&'static str]) -> Shape {
        Shape {
            values,
            ..Shape::text(0, usize::MAX)
        }
    }

    const fn sensitive(self) -> Shape {
        Shape {
            sensitive: true,
            ..self
        }
    }

    const fn measured(self, measure: Measure) -> Shape {
        Shape { measure, ..self }
    }
}

pub(crate) const ARN: Shape = Shape::text(1, 256);
pub(crate) const LONG_ARN: Shape = Shape::text(1, 2_000);
pub(crate) const NAME: Shape = Shape::text(1, 80);
pub(crate) const SENSITIVE_NAME: Shape = NAME.sensitive();
pub(crate) const TASK_TOKEN: Shape = Shape::text(1, 2_048).sensitive();
pub(crate) const SENSITIVE_DATA: Shape = Shape::text(0, PAYLOAD_BYTES_MAX)
    .sensitive()
    .measured(Measure::PayloadBytes);
pub(crate) const SENSITIVE_ERROR: Shape = Shape::text(0, 256).sensitive();
pub(crate) const SENSITIVE_CAUSE: Shape = Shape::text(0, 32_768).sensitive();
pub(crate) const DEFINITION: Shape = Shape::text(1, DEFINITION_BYTES_MAX)
    .sensitive()
    .measured(Measure::DefinitionBytes);
/// What may or may not be a definition. The model has a least length of 1, but AWS was seen to look at an
/// empty text too, and to say what is wrong with it.
pub(crate) const POSSIBLE_DEFINITION: Shape = Shape {
    min: 0,
    ..DEFINITION
};
pub(crate) const VERSION_DESCRIPTION: Shape = Shape::text(0, 256).sensitive();
pub(crate) const PAGE_TOKEN: Shape = Shape::text(1, 1_024);
pub(crate) const LIST_EXECUTIONS_PAGE_TOKEN: Shape = Shape::text(1, 3_096);
pub(crate) const KMS_KEY_ID: Shape = Shape::text(1, 2_048);

pub(crate) const ALIAS_DESCRIPTION: Shape = Shape::text(0, 256).sensitive();
pub(crate) const CHARACTER_RESTRICTED_NAME: Shape = Shape {
    pattern: Some(Pattern {
        text: r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
        matches: is_alias_name,
    }),
    ..Shape::text(1, 80)
};

/// Never digits alone: those are a version.
fn is_alias_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && name.bytes().any(|byte| !byte.is_ascii_digit())
}

pub(crate) const TRACE_HEADER: Shape = Shape {
    pattern: Some(Pattern {
        text: r"\p{ASCII}*",
        matches: str::is_ascii,
    }),
    ..Shape::text(0, 256)
};

pub(crate) const CLIENT_TOKEN: Shape = Shape {
    pattern: Some(Pattern {
        text: r"[!-~]+",
        matches: |token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
    }),
    ..Shape::text(1, 64)
};

/// The model has the lengths; characters and the prefix are from the quota page.
pub(crate) const TAG_KEY: Shape = Shape {
    pattern: Some(Pattern {
        text: r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$",
        matches: |key| !key.starts_with("aws:") && key.chars().all(in_tags),
    }),
    ..Shape::text(1, 128)
};

/// A key to take away: whatever it is, no tag that may exist is missed.
pub(crate) const UNTAG_KEY: Shape = Shape::text(1, 128);

/// As for keys.
pub(crate) const TAG_VALUE: Shape = Shape {
    pattern: Some(Pattern {
        text: r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$",
        matches: |value| value.chars().all(in_tags),
    }),
    ..Shape::text(0, 256)
};

fn in_tags(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

pub(crate) const STATE_MACHINE_TYPE: Shape = Shape::values(&["STANDARD", "EXPRESS"]);
pub(crate) const DIAGNOSTIC_SEVERITY: Shape = Shape::values(&["ERROR", "WARNING"]);
pub(crate) const INSPECTION_LEVEL: Shape = Shape::values(&["INFO", "DEBUG", "TRACE"]);
pub(crate) const FIELD_VALIDATION_MODE: Shape = Shape::values(&["STRICT", "PRESENT", "NONE"]);
pub(crate) const LOG_LEVEL: Shape = Shape::values(&["ALL", "ERROR", "FATAL", "OFF"]);
pub(crate) const INCLUDED_DATA: Shape = Shape::values(&["ALL_DATA", "METADATA_ONLY"]);
pub(crate) const REDRIVE_FILTER: Shape = Shape::values(&["REDRIVEN", "NOT_REDRIVEN"]);
pub(crate) const ENCRYPTION_TYPE: Shape =
    Shape::values(&["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"]);

/// In the order AWS was seen to print.
pub(crate) const EXECUTION_STATUS: Shape = Shape::values(&[
    "SUCCEEDED",
    "TIMED_OUT",
    "PENDING_REDRIVE",
    "ABORTED",
    "FAILED",
    "RUNNING",
]);

/// Least and most of a number.
pub(crate) struct Range<N = i32> {
    pub(crate) min: N,
    pub(crate) max: N,
}

pub(crate) const PAGE_SIZE: Range = Range { min: 0, max: 1_000 };
/// How often something happened.
pub(crate) const COUNT: Range = Range {
    min: 0,
    max: i32::MAX,
};
pub(crate) const VERSION_WEIGHT: Range = Range { min: 0, max: 100 };
pub(crate) const DIAGNOSTICS_RANGE: Range = Range { min: 0, max: 100 };
pub(crate) const REUSE_PERIOD_SECONDS: Range = Range { min: 60, max: 900 };

/// Most diagnostics that one answer lists, and as many as are listed when nothing else is asked for.
///
/// Source: AWS API reference, `ValidateStateMachineDefinition`, `maxResults`.
pub(crate) const DIAGNOSTICS_MAX: usize = 100;
pub(crate) const MAX_CONCURRENCY: Range = Range {
    min: 0,
    max: i32::MAX,
};
pub(crate) const TOLERATED_FAILURE_PERCENTAGE: Range<f64> = Range {
    min: 0.0,
    max: 100.0,
};
pub(crate) const TOLERATED_FAILURE_COUNT: Range<i64> = Range {
    min: 0,
    max: i64::MAX,
};
