//! `TestState`. It needs neither shard nor store: [`interpreter::test_state`] does the work, and the
//! driver gives it time and makes its calls.

use std::sync::Arc;

use asl::StateMachine;
use asl::definition::StateIndex;
use interpreter::test_state::{Configuration, Mock, Outcome, Trying};
use interpreter::{Birth, Document};
use serde_json::Value;

use crate::arn::Owner;
use crate::ids::Ids;

/// Longest time that a state is tried for, in milliseconds.
///
/// Source: AWS Developer Guide, "Using TestState API", considerations.
pub const DURATION_MS_MAX: i64 = 300_000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The machine, or one made around the lone state of `definition`.
    pub machine: Arc<StateMachine>,
    /// The state to try.
    pub state: StateIndex,
    /// `roleArn`.
    pub role_arn: Option<String>,
    /// `input`.
    pub input: String,
    /// Whether `inspectionLevel` asks for `inspectionData`.
    pub inspected: bool,
    /// Whether it asks for what an HTTP task sent and got as well.
    pub traced: bool,
    /// `revealSecrets`: whether that shows what a connection adds.
    pub reveals_secrets: bool,
    /// `variables`.
    pub variables: Vec<(Arc<str>, Document)>,
    /// `context`.
    pub context: Option<Value>,
    /// `mock`.
    pub mock: Option<Mock>,
    /// `stateConfiguration`.
    pub configuration: Configuration,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Response {
    /// What came of it.
    pub outcome: Outcome,
    /// Whether `inspectionData` is part of the answer.
    pub inspected: bool,
    /// What an HTTP task sent and got, where that was asked for.
    pub http: Option<HttpExchange>,
}

/// What an HTTP task sent, and what it got.
#[derive(Clone, Debug)]
pub struct HttpExchange {
    /// `protocol` of both.
    pub protocol: String,
    /// `request.method`
    pub method: String,
    /// `request.url`
    pub url: String,
    /// `request.headers`
    pub headers: String,
    /// `request.body`
    pub body: String,
    /// `response`
    pub response: Option<HttpResponse>,
}

/// What an HTTP task got.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// `statusCode`
    pub status_code: u16,
    /// `statusMessage`
    pub status_message: String,
    /// `headers`
    pub headers: String,
    /// `body`
    pub body: String,
}

impl Request {
    /// What the interpreter is to try. `seed` gives the execution that is pretended its names.
    pub fn trying(self, owner: &Owner, seed: u64) -> Trying {
        let mut ids = Ids::new(seed);
        let (name, machine_name) = (ids.uuid(), ids.uuid());
        let Owner {
            partition,
            region,
            account,
        } = owner;
        // So recorded from AWS: like the execution of an express machine.
        let execution_arn =
            format!("arn:{partition}:states:{region}:{account}:express:{machine_name}:{name}");
        Trying {
            machine: self.machine,
            state: self.state,
            birth: Birth {
                execution_arn: execution_arn.into(),
                name: name.into(),
                state_machine_arn: owner.state_machine_arn(&machine_name).into(),
                state_machine_name: machine_name.into(),
                role_arn: self.role_arn.unwrap_or_default().into(),
                machine: 0,
                machine_revision: 0,
                seed: ids.number(),
                trace_header: None,
                state_machine_version_arn: None,
                state_machine_alias_arn: None,
                child: None,
            },
            input: Document::from_text(self.input),
            variables: self.variables,
            context: self.context,
            mock: self.mock,
            configuration: self.configuration,
        }
    }
}
