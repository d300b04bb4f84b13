//! Synchronous executions that wait for nobody, run at once by whoever asks and outside the shard.
//!
//! An EXPRESS execution of states that neither wait nor call, that nobody keeps and nobody logs, leaves
//! nothing behind: its answer is a function of its input. What comes of it here is what would come of
//! it in the shard (the same interpreter runs it), but for two wake-ups of threads. All others are the
//! shard's.

use interpreter::{Birth, Document, Limits, Moment, Status};
use store::{RecordKind, Store, StoreError};

use crate::arn::{self, Owner, Qualifier};
use crate::ids::{self, Ids};
use crate::load::Definition;
use crate::operations::start_sync_execution::{Request, Response, answer};
use crate::quarantine::guarded;
use crate::records::{self, MachineRecord};
use crate::shapes::MachineType;

/// Most states such an execution enters: the caller's thread serves others too.
const STEPS_MAX: u32 = 256;

/// Where and when it runs.
pub struct AtOnce<'a> {
    /// What is durable.
    pub store: &'a dyn Store,
    /// Whose machines these are.
    pub owner: &'a Owner,
    /// The limits of executions.
    pub limits: Limits,
    /// What the wall clock shows, milliseconds since 1970.
    pub now_ms: i64,
    /// What identifiers come from; never the same twice.
    pub seed: u64,
}

/// The world as such an execution sees it: it has no tasks, so it never asks for theirs.
struct Nobody<'a>(&'a str);

impl interpreter::World for Nobody<'_> {
    fn activity_exists(&self, _arn: &str) -> bool {
        false
    }

    fn region(&self) -> &str {
        self.0
    }

    fn task_token(&self, _execution_arn: &str, _task: u32) -> Option<String> {
        None
    }
}

impl AtOnce<'_> {
    /// The answer of an execution that has ended, or `None` when the shard is to be asked: because
    /// this is not such an execution, or because it is to be refused. `definitions` gives parsed
    /// definitions by machine and revision.
    pub fn start_sync_execution(
        &self,
        request: &Request,
        definitions: &mut dyn FnMut(u64, u64) -> Result<Option<Definition>, StoreError>,
    ) -> Result<Option<Response>, StoreError> {
        let start = &request.start;
        let arn = &start.state_machine_arn;
        let Ok(parsed) = arn::parse_state_machine(arn) else {
            return Ok(None);
        };
        if !matches!(parsed.qualifier, Qualifier::Plain) || !self.owner.owns(arn) {
            return Ok(None);
        }
        let key = parsed.name.as_bytes();
        let bytes = self.store.record(RecordKind::StateMachine, key)?;
        let record = bytes.and_then(|bytes| records::decode::<MachineRecord>(&bytes));
        let Some(record) = record.filter(|it| it.machine_type == MachineType::Express) else {
            return Ok(None);
        };
        let Some(definition) = definitions(record.number, record.revision)? else {
            return Ok(None);
        };
        if definition.logging.is_some() || !definition.machine.waits_for_nobody() {
            return Ok(None);
        }
        let mut ids = Ids::new(self.seed);
        let name = start.name.clone().unwrap_or_else(|| ids.uuid());
        let id = ids.execution(self.now_ms);
        let execution_arn =
            self.owner
                .express_execution_arn(&record.name, &name, &ids::uuid_of(id));
        let birth = Birth {
            execution_arn: execution_arn.into(),
            name: name.into(),
            state_machine_arn: self.owner.state_machine_arn(&record.name).into(),
            state_machine_name: record.name.into(),
            role_arn: record.current.role_arn.into(),
            machine: record.number,
            machine_revision: record.revision,
            seed: ids.number(),
            trace_header: start.trace_header.as_deref().map(Into::into),
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
            child: None,
        };
        let moment = Moment {
            now_ms: self.now_ms,
            world: &Nobody(&self.owner.region),
            steps_max: STEPS_MAX,
            limits: self.limits,
        };
        let input = Document::from_text(start.input.as_str());
        let started = guarded(|| interpreter::start(&definition.machine, birth, input, &moment));
        // One at which the interpreter panics is set aside by the shard.
        let ended = started
            .ok()
            .map(|(execution, _)| execution)
            .filter(|execution| execution.status() != Status::Running);
        Ok(ended.map(|execution| answer(&execution, request.metadata_only)))
    }
}
