//! Counts what an evaluation builds, and stops it when that is too much.
//!
//! The engine bounds each value, not their sum. It does tell what every node of the expression came
//! to; the nodes that build strings and arrays are charged here, and at the end of the allowance the
//! evaluation is cancelled before its next step.

use jlens_core::CancelToken;
use jlens_core::ast::{BinaryOp, Node, NodeKind};
use jlens_core::audit::{CaptureLimits, Outcome, Tracer, ValueRef};
use serde_json::Value;

use super::error::Failure;
use super::limits::BUILT_BYTES_MAX;
use super::words;

/// What an item of an array is charged, in bytes.
const ITEM_BYTES: usize = 24;

/// Shows how large a value is, and none of its inside.
const SIZE_ONLY: CaptureLimits = CaptureLimits {
    max_items: 0,
    max_string: usize::MAX,
    max_depth: 1,
    max_rejected: 0,
    max_nodes: 0,
    max_source: 0,
};

pub(super) struct Meter {
    token: CancelToken,
    left: usize,
    /// What the whole expression came to, where JSON can not tell.
    end: End,
}

enum End {
    Plain,
    Function,
    /// Zero divided by zero, which JSON has no number for.
    NotANumber,
}

impl Meter {
    pub(super) fn new() -> Meter {
        Meter {
            token: CancelToken::new(),
            left: BUILT_BYTES_MAX,
            end: End::Plain,
        }
    }

    /// The engine stops when this is cancelled.
    pub(super) fn token(&self) -> CancelToken {
        self.token.clone()
    }

    pub(super) fn ended_in_a_function(&self) -> bool {
        matches!(self.end, End::Function)
    }

    /// `NaN`, which AWS gives as a text. (What would be infinite is an error of the engine.)
    pub(super) fn ended_in_no_number(&self) -> bool {
        matches!(self.end, End::NotANumber)
    }

    /// The engine's error in our words, where ours differ.
    pub(super) fn failure(&self, error: &jlens_core::Error) -> Failure {
        let message = if self.token.is_cancelled() {
            format!("The evaluation built more than {BUILT_BYTES_MAX} bytes")
        } else {
            words::message(error)
        };
        Failure::Threw {
            code: error.code().to_owned(),
            message,
        }
    }

    fn charge(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
        if self.left == 0 {
            self.token.cancel();
        }
    }
}

impl Tracer for Meter {
    fn exit(&mut self, node: &Node, outcome: Outcome<'_>) {
        if let Outcome::Value(value) = outcome
            && builds(&node.kind)
        {
            self.charge(size(value));
        }
    }

    fn end(&mut self, outcome: Outcome<'_>) {
        let Outcome::Value(value) = outcome else {
            return;
        };
        self.end = match value.type_name() {
            "function" => End::Function,
            "number" if value.to_json() == Some(Value::Null) => End::NotANumber,
            _ => End::Plain,
        };
    }
}

/// Whether a node of this kind can build something large; the others hand on what there is.
fn builds(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Binary { op, .. } => matches!(op, BinaryOp::Concat | BinaryOp::Range),
        NodeKind::Path { .. }
        | NodeKind::Array { .. }
        | NodeKind::Function { .. }
        | NodeKind::Apply { .. }
        | NodeKind::Wildcard
        | NodeKind::Descendant => true,
        _ => false,
    }
}

fn size(value: ValueRef<'_>) -> usize {
    match value.type_name() {
        "string" => match value.capture(&SIZE_ONLY) {
            Some(Value::String(text)) => text.len(),
            _ => 0,
        },
        "array" => match value.capture(&SIZE_ONLY) {
            Some(Value::Array(shown)) => shown
                .first()
                .and_then(Value::as_str)
                .and_then(|more| more.split(' ').nth(1)?.parse().ok())
                .map_or(0, |items: usize| items.saturating_mul(ITEM_BYTES)),
            _ => 0,
        },
        _ => 0,
    }
}
