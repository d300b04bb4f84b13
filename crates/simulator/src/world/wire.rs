//! Requests as bytes, and answers as bytes: clients see nothing else.

use api::{Answer, CONTENT_TYPE, Head, Meta};
use engine::{
    Message, NameLookup, Operation, ReadError, Reader, Rejection, Request, Response, Ticket,
};
use serde_json::Value;
use store::Store;

use super::process::{Call, Waiting};
use super::{LATE_MS, World, owner};
use crate::clients::Purpose;
use crate::note;

/// An answer as a client sees it.
#[derive(Clone, Debug)]
pub struct Told {
    /// HTTP status.
    pub status: u16,
    /// The body; `Null` when it is not JSON.
    pub body: Value,
}

impl Told {
    /// Whether it is a success.
    pub fn is_ok(&self) -> bool {
        self.status == 200
    }

    /// The exception's name; empty for a success.
    pub fn error(&self) -> &str {
        let kind = self.body["__type"].as_str().unwrap_or_default();
        kind.rsplit('#').next().unwrap_or_default()
    }

    /// A member that is a text; empty when there is none.
    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// A member that is a moment, in milliseconds since 1970.
    pub fn moment_ms(&self, member: &str) -> i64 {
        moment_ms(&self.body[member])
    }
}

/// A moment as the API writes it, in milliseconds since 1970.
pub fn moment_ms(value: &Value) -> i64 {
    (value.as_f64().unwrap_or_default() * 1000.0).round() as i64
}

impl From<Answer> for Told {
    fn from(answer: Answer) -> Told {
        Told {
            status: answer.status,
            body: serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
        }
    }
}

impl World {
    /// Sends a request. It is answered by [`World::answered`], unless the process ends before.
    /// Returns its ticket when it got past the door.
    pub fn send(&mut self, purpose: Purpose, operation: Operation, body: &Value) -> Option<Ticket> {
        self.send_bytes(purpose, operation.name(), body.to_string().as_bytes())
    }

    /// As [`World::send`], with any bytes.
    pub fn send_bytes(&mut self, purpose: Purpose, operation: &str, body: &[u8]) -> Option<Ticket> {
        self.tally.operations += 1;
        let (request, meta) = match self.receive(operation, body) {
            Ok(received) => received,
            Err(answer) => {
                self.answered(purpose, answer.into());
                return None;
            }
        };
        if meta.operation().is_read() {
            let told = self.read(&request, &meta);
            self.answered(purpose, told);
            return None;
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let lookup = self.look_up(&request);
        self.process.calls.insert(ticket, Call { purpose, meta });
        let by_ms = self.clock.true_ms + LATE_MS;
        let what = Message::Request {
            ticket,
            request,
            lookup,
        };
        self.process.inbox.push_back(Waiting { by_ms, what });
        Some(ticket)
    }

    /// Asks for something that is only read, and is so answered at once.
    pub fn ask(&mut self, operation: Operation, body: &Value) -> Told {
        self.tally.operations += 1;
        let told = match self.receive(operation.name(), body.to_string().as_bytes()) {
            Ok((request, meta)) => self.read(&request, &meta),
            Err(answer) => answer.into(),
        };
        self.tally.count_answer(&told);
        told
    }

    /// What the door makes of the bytes.
    pub fn receive(&self, operation: &str, body: &[u8]) -> Result<(Request, Meta), Answer> {
        let target = format!("AWSStepFunctions.{operation}");
        let head = Head {
            method: "POST",
            path: "/",
            target: Some(&target),
            content_type: Some(CONTENT_TYPE),
            content_encoding: None,
            trace_id: None,
        };
        let wall_ms = self.clock.now().wall_ms;
        Ok(self.door.receive(&head, body, wall_ms)?.split())
    }

    fn read(&mut self, request: &Request, meta: &Meta) -> Told {
        if !self.quiet && self.dice.chance(1) {
            self.store.fail_next_read();
            self.tally.fault("read failure");
        }
        let told = match self.read_typed(request) {
            Ok(result) => self
                .door
                .answer(meta, result, self.clock.now().wall_ms)
                .into(),
            Err(error) => {
                note!(self, "a read failed: {error}");
                Answer::fault().into()
            }
        };
        self.store.forget_faults();
        told
    }

    /// What a reader of the store is told.
    pub fn read_typed(
        &self,
        request: &Request,
    ) -> Result<Result<Response, Rejection>, store::StoreError> {
        let careless = self.is_broken("r08");
        let doubts = &self.process.doubts;
        let in_doubt = |id, event| !careless && doubts.contains(&(id, event));
        let store: &dyn Store = match &self.lagging {
            Some(copy) => copy.store(),
            None => &self.store,
        };
        let reader = Reader {
            store,
            owner: &owner(),
            in_doubt: &in_doubt,
            now_ms: self.clock.now().wall_ms,
            express_kept: self.express_kept(),
            limits: &interpreter::Limits::default(),
        };
        if let Some(response) = reader.read_at_once(request) {
            return Ok(Ok(response));
        }
        match reader.read(request) {
            Ok(response) => Ok(Ok(response)),
            Err(ReadError::Rejected(rejection)) => Ok(Err(rejection)),
            Err(ReadError::Store(error)) => Err(error),
        }
    }

    /// What the store says of the name that a request wants, and as of when.
    pub fn look_up(&self, request: &Request) -> Option<NameLookup> {
        let (machine, name) = request.name_to_look_up()?;
        if self.is_broken("r40") && matches!(request, Request::StartExecution(_)) {
            return Some(NameLookup {
                as_of: u64::MAX,
                found: None,
            });
        }
        Some(NameLookup {
            as_of: self.process.durable,
            found: engine::execution_named(&self.store, machine, name)
                .expect("names in memory can be read"),
        })
    }
}
