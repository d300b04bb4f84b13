//! What one evaluation may cost, so that no expression of a user can hold a thread or the memory.

use std::fmt;

use serde_json::Value;

/// Most nodes one evaluation visits.
///
/// Source: ours. A payload of 262,144 bytes has at most 131,072 nodes and a deep scan looks at each a
/// few times; `$..*..*..*` on a hundred nested levels would want 823,350.
pub const STEPS_MAX: u32 = 500_000;

/// Most bytes of values one evaluation makes, counted as they lie in memory.
///
/// Source: ours. The largest payload as a tree is about 14 MiB; an evaluation must stay below 32 MiB.
pub const BYTES_MAX: usize = 20 << 20;

/// Most levels of recursion in one evaluation: those of the document and the steps of the path together.
///
/// Source: ours. `serde_json` reads 128 levels, a path has at most as many steps.
pub const DEPTH_MAX: usize = 400;

/// Most levels of a value that an expression may make.
///
/// Source: ours. `serde_json` reads no deeper text, and what is made here must be read back.
pub const VALUE_DEPTH_MAX: usize = 127;

/// Bytes one node takes: the enum itself in its list, and the text of a number or the start of a list.
const NODE_BYTES: usize = 104;

/// Bytes a member of an object takes beside its value and the characters of its key.
const MEMBER_BYTES: usize = 64;

/// The budget of an evaluation is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// More than [`STEPS_MAX`] nodes.
    Steps,
    /// More than [`BYTES_MAX`] bytes.
    Bytes,
    /// Deeper than [`DEPTH_MAX`] or [`VALUE_DEPTH_MAX`].
    Depth,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exhausted::Steps => write!(
                f,
                "The evaluation was stopped after visiting {STEPS_MAX} nodes"
            ),
            Exhausted::Bytes => write!(
                f,
                "The evaluation was stopped after making {BYTES_MAX} bytes of values"
            ),
            Exhausted::Depth => {
                f.write_str("The evaluation was stopped because a value is nested too deeply")
            }
        }
    }
}

/// What is left to spend.
#[derive(Debug)]
pub struct Budget {
    steps: u32,
    bytes: usize,
}

impl Budget {
    /// A full budget.
    pub fn new() -> Budget {
        Budget {
            steps: STEPS_MAX,
            bytes: BYTES_MAX,
        }
    }

    /// Pays for `steps` visits.
    pub fn visit(&mut self, steps: usize) -> Result<(), Exhausted> {
        let steps = u32::try_from(steps).map_err(|_| Exhausted::Steps)?;
        self.steps = self.steps.checked_sub(steps).ok_or(Exhausted::Steps)?;
        Ok(())
    }

    /// Pays for `bytes` about to be allocated.
    pub fn allocate(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Exhausted::Bytes)?;
        Ok(())
    }

    /// Pays for a node with `text` bytes of characters.
    pub fn node(&mut self, text: usize) -> Result<(), Exhausted> {
        self.allocate(NODE_BYTES + text)
    }

    /// Copies a value, paid node by node before it is made.
    pub fn copy(&mut self, value: &Value) -> Result<Value, Exhausted> {
        self.copy_within(value, VALUE_DEPTH_MAX)
    }

    fn copy_within(&mut self, value: &Value, levels: usize) -> Result<Value, Exhausted> {
        Ok(match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.node(0)?;
                value.clone()
            }
            Value::String(text) => {
                self.node(text.len())?;
                value.clone()
            }
            Value::Array(items) => {
                let levels = levels.checked_sub(1).ok_or(Exhausted::Depth)?;
                self.node(0)?;
                // Looked at before the list is reserved: each item pays for its own place below.
                if items.len() * NODE_BYTES > self.bytes {
                    return Err(Exhausted::Bytes);
                }
                let mut copy = Vec::with_capacity(items.len());
                for item in items {
                    copy.push(self.copy_within(item, levels)?);
                }
                Value::Array(copy)
            }
            Value::Object(members) => {
                let levels = levels.checked_sub(1).ok_or(Exhausted::Depth)?;
                self.node(0)?;
                let mut copy = serde_json::Map::new();
                for (key, member) in members {
                    self.member(key)?;
                    copy.insert(key.clone(), self.copy_within(member, levels)?);
                }
                Value::Object(copy)
            }
        })
    }

    /// Visits every node of a value and returns about how many bytes it takes as text.
    pub fn survey(&mut self, value: &Value) -> Result<usize, Exhausted> {
        self.visit(1)?;
        Ok(match value {
            Value::Null | Value::Bool(_) => 4,
            Value::Number(number) => number.as_str().len(),
            Value::String(text) => text.len(),
            Value::Array(items) => {
                let mut length = 2;
                for item in items {
                    length += 2 + self.survey(item)?;
                }
                length
            }
            Value::Object(members) => {
                let mut length = 2;
                for (key, member) in members {
                    length += 3 + key.len() + self.survey(member)?;
                }
                length
            }
        })
    }

    /// Pays for the key of a member.
    pub fn member(&mut self, key: &str) -> Result<(), Exhausted> {
        self.allocate(MEMBER_BYTES + key.len())
    }
}

/// Whether `value` has at most `levels` levels.
pub fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => levels > 0 && items.iter().all(|item| fits(item, levels - 1)),
        Value::Object(members) => {
            levels > 0 && members.values().all(|member| fits(member, levels - 1))
        }
    }
}
