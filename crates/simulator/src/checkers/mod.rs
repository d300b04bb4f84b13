//! What must hold, by the numbers of the list of invariants. Each checker reads what clients were
//! told, histories as a reader gets them, or the rows of the store; none looks into the engine.

mod attempts;
pub mod books;
pub mod determinism;
mod histories;
mod joins;
mod lines;
mod map_runs;
mod online;
mod promises;
mod redrives;
mod resources;
mod timing;
mod told;

pub use resources::Resources;

use engine::operations::{describe_execution, get_execution_history};
use engine::shapes::ExecutionDescription;
use engine::{ReadError, Reader, Request, Response};
use interpreter::Event;
use store::ExecutionId;

use crate::ledger::Account;
use crate::violated;
use crate::world::{World, owner};

/// A violation.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which invariant.
    pub invariant: u32,
    /// Which seed shows it.
    pub seed: u64,
    /// Which execution and event, and what is wrong.
    pub what: String,
    /// What came before.
    pub trace: Vec<String>,
}

/// An execution as a reader sees it, beside what its commits said.
#[derive(Debug)]
pub struct Seen {
    /// Its id.
    pub id: ExecutionId,
    /// Its ARN.
    pub arn: String,
    /// What `DescribeExecution` shows.
    pub description: ExecutionDescription,
    /// What `GetExecutionHistory` shows.
    pub events: Vec<Event>,
    /// What its commits said.
    pub account: Account,
}

impl Seen {
    /// The event of that id.
    pub fn event(&self, id: u32) -> Option<&Event> {
        self.events.get((id as usize).checked_sub(1)?)
    }
}

impl World {
    /// Everything that can be checked at any moment.
    pub fn check_everything(&mut self) {
        let oddities = std::mem::take(&mut self.ledger.oddities);
        for (invariant, what) in oddities {
            self.report(invariant, what);
        }
        let seen = self.look_at_all();
        for it in &seen {
            self.check_history(it);
            self.check_attempts(it);
            self.check_timing(it);
            self.check_joins(it);
            self.check_what_was_shown(it);
            self.check_redrives(it);
        }
        let inputs = seen.iter().filter_map(|it| {
            let input = it.description.input.as_ref()?;
            Some((it.arn.clone(), input.text().to_string()))
        });
        let inputs = inputs.collect();
        for it in &seen {
            self.check_map_runs(it, &inputs);
        }
        self.check_resources(&seen);
        self.check_promises(&seen);
        self.check_books(&seen);
    }

    /// What can be checked only when nothing is on its way.
    pub fn check_at_rest(&mut self) {
        self.check_gauges();
        self.check_gone();
        self.check_overdue();
        for it in &self.look_at_all() {
            self.check_map_runs_at_rest(it);
        }
    }

    fn look_at_all(&mut self) -> Vec<Seen> {
        let accounts: Vec<(ExecutionId, Account)> = self
            .ledger
            .accounts
            .iter()
            .map(|(id, account)| (*id, account.clone()))
            .collect();
        let mut all = Vec::new();
        for (id, account) in accounts {
            let arn = account.arn.clone();
            match self.look_at(&arn) {
                Ok((description, events)) => all.push(Seen {
                    id,
                    arn,
                    description,
                    events,
                    account,
                }),
                Err(error) => violated!(self, 6, "{arn} is durable and cannot be read: {error}"),
            }
        }
        all
    }

    fn look_at(&self, arn: &str) -> Result<(ExecutionDescription, Vec<Event>), String> {
        let description = Request::DescribeExecution(describe_execution::Request {
            execution_arn: arn.to_owned(),
            metadata_only: false,
        });
        let Response::DescribeExecution(described) = self.inspect(&description)? else {
            return Err("no description".to_owned());
        };
        let mut events = Vec::new();
        let mut after = None;
        loop {
            let history = Request::GetExecutionHistory(get_execution_history::Request {
                execution_arn: arn.to_owned(),
                limit: 1_000,
                reverse: false,
                include_data: true,
                after,
            });
            let Response::GetExecutionHistory(page) = self.inspect(&history)? else {
                return Err("no history".to_owned());
            };
            events.extend(page.events);
            after = page.next;
            if after.is_none() {
                return Ok((described.description, events));
            }
        }
    }

    /// A read beside all faults and breaks.
    pub fn inspect(&self, request: &Request) -> Result<Response, String> {
        let doubts = &self.process.doubts;
        let in_doubt = |id, event| doubts.contains(&(id, event));
        let reader = Reader {
            store: &self.store,
            owner: &owner(),
            in_doubt: &in_doubt,
            now_ms: self.clock.now().wall_ms,
            express_kept: self.express_kept(),
            limits: &interpreter::Limits::default(),
        };
        reader.read(request).map_err(|error| match error {
            ReadError::Rejected(rejection) => rejection.message,
            ReadError::Store(error) => error.to_string(),
        })
    }
}
