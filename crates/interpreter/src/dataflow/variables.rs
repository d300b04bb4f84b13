//! Variables: what an `Assign` gives, and how much of it there may be.

use std::sync::Arc;

use asl::template::Template;
use serde_json::Value;

use super::Payload;
use crate::Document;
use crate::failure::Fault;
use crate::frame::FrameId;
use crate::turn::Turn;

/// Variables that an `Assign` gives, in its order.
pub(crate) type Assigned = Vec<(Arc<str>, Document)>;

impl Turn<'_> {
    /// Evaluates an `Assign` of JSONPath; `seen` is its `$`.
    pub(crate) fn assigned(
        &mut self,
        id: FrameId,
        assign: Option<&Template>,
        seen: Payload,
    ) -> Result<Assigned, Fault> {
        if assign.is_none() {
            return Ok(Assigned::new());
        }
        let assigned = self.template(id, assign, seen)?;
        self.variables(id, assigned)
    }

    /// The variables that the members of an object give; anything else gives none.
    ///
    /// Too many bytes are a `States.DataLimitExceeded`: AWS documents the limits, not the error.
    pub(crate) fn variables(&self, id: FrameId, assigned: Payload) -> Result<Assigned, Fault> {
        let Value::Object(values) = assigned.into_value() else {
            return Ok(Assigned::new());
        };
        let documents = values.into_iter();
        let assigned: Assigned = documents
            .map(|(name, value)| (name.into(), Document::from_value(value)))
            .collect();
        let new: usize = assigned.iter().map(|(_, value)| value.text().len()).sum();
        let limits = &self.at.limits;
        if new > limits.payload_bytes_max
            || new + self.kept_bytes(id, &assigned) > limits.variables_bytes_max
        {
            return Err(Fault::data_limit(&self.state(id).name));
        }
        Ok(assigned)
    }

    /// Bytes of all variables of the execution but those of the frame that are assigned anew.
    fn kept_bytes(&self, id: FrameId, assigned: &Assigned) -> usize {
        let frames = self.execution.frames.iter();
        let variables = frames
            .flat_map(|(frame, at)| at.variables.iter().map(move |variable| (*frame, variable)));
        let kept = variables.filter(|(frame, (name, _))| {
            *frame != id || assigned.iter().all(|(assigned, _)| assigned != *name)
        });
        kept.map(|(_, (_, value))| value.text().len()).sum()
    }
}
