//! Wait: stands still for a length of time, or until a moment.

use asl::definition::{Wait, WaitUntil};
use asl::path::Path;
use serde_json::Value;

use crate::dataflow::{Asked, Payload, plain, whole};
use crate::failure::Fault;
use crate::frame::{FrameId, Stand};
use crate::limits::WAIT_SECONDS_MAX;
use crate::turn::{Halt, Turn};
use crate::{Due, TimerKind};

impl Turn<'_> {
    pub(super) fn begin_wait(&mut self, id: FrameId, wait: &Wait) -> Result<(), Halt> {
        let now_ms = self.at.now_ms;
        let (kind, due, wait_ms) = match &wait.until {
            WaitUntil::Seconds(seconds) => {
                relative(i128::from(*seconds)).map_err(|cause| self.runtime_fault(id, cause))?
            }
            WaitUntil::SecondsPath(path) => {
                let seconds = self.seconds_at(id, path)?;
                relative(seconds).map_err(|cause| self.runtime_fault(id, cause))?
            }
            WaitUntil::Timestamp(ms, _) => {
                until(*ms, now_ms).map_err(|cause| self.runtime_fault(id, cause))?
            }
            WaitUntil::TimestampPath(path) => {
                let ms = self.timestamp_at(id, path)?;
                until(ms, now_ms).map_err(|cause| self.runtime_fault(id, cause))?
            }
            WaitUntil::SecondsExpression(expression) => {
                let seconds = self.jsonata(id, Asked::default(), |scope| {
                    expression.evaluate_whole_number(scope, 0)
                })?;
                relative(i128::from(seconds)).map_err(|cause| self.runtime_fault(id, cause))?
            }
            WaitUntil::TimestampExpression(expression) => {
                let (ms, _) = self.jsonata(id, Asked::default(), |scope| {
                    expression.evaluate_timestamp(scope)
                })?;
                until(ms, now_ms).map_err(|cause| self.runtime_fault(id, cause))?
            }
        };
        if wait_ms <= 0 {
            return self.wait_over(id, wait);
        }
        let timer = self.arm(kind, due);
        self.execution.frame_mut(id).stand = Stand::Wait(timer);
        Ok(())
    }

    /// The moment has come.
    pub(crate) fn wait_over(&mut self, id: FrameId, wait: &Wait) -> Result<(), Halt> {
        self.leave_with_input(id, wait.transition)
    }

    fn seconds_at(&mut self, id: FrameId, path: &Path) -> Result<i128, Fault> {
        let value = self.value_at(id, "SecondsPath", path)?;
        let text = path.text();
        match whole(&value) {
            Some(seconds) if seconds < 0 => Err(self.runtime_fault(
                id,
                format_args!(
                    "The SecondsPath parameter references a negative value: {text} == {seconds}"
                ),
            )),
            Some(seconds) => Ok(seconds),
            None => Err(self.runtime_fault(
                id,
                format_args!(
                    "The SecondsPath parameter cannot be parsed as a long value: {text} == {}",
                    plain(&value)
                ),
            )),
        }
    }

    fn timestamp_at(&mut self, id: FrameId, path: &Path) -> Result<i64, Fault> {
        let value = self.value_at(id, "TimestampPath", path)?;
        let parsed = value
            .as_str()
            .and_then(|text| asl::timestamp::parse(text).ok());
        parsed.ok_or_else(|| {
            self.runtime_fault(
                id,
                format_args!(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended \
                     offset date-time format string: {} == {}",
                    path.text(),
                    plain(&value)
                ),
            )
        })
    }

    fn value_at(&mut self, id: FrameId, field: &str, path: &Path) -> Result<Value, Fault> {
        let input: Payload = self.effective_input(id)?;
        self.find(id, path, &input).map_err(|_| {
            self.runtime_fault(
                id,
                format_args!(
                    "The {field} parameter does not reference an input value: {}",
                    path.text()
                ),
            )
        })
    }
}

const TOO_LONG: &str = "Wait state delay is too long.";

/// A wait of so many seconds.
fn relative(seconds: i128) -> Result<(TimerKind, Due, i64), &'static str> {
    let seconds = i64::try_from(seconds).map_err(|_| TOO_LONG)?;
    if seconds > WAIT_SECONDS_MAX {
        return Err(TOO_LONG);
    }
    Ok((TimerKind::Wait, Due::After(seconds * 1000), seconds * 1000))
}

/// A wait until a moment; one that is past is no wait.
fn until(ms: i64, now_ms: i64) -> Result<(TimerKind, Due, i64), &'static str> {
    let wait_ms = ms.saturating_sub(now_ms);
    if wait_ms / 1000 > WAIT_SECONDS_MAX {
        return Err(TOO_LONG);
    }
    Ok((TimerKind::WaitUntil, Due::At(ms), wait_ms))
}
