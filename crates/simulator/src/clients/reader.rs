//! Readers: they describe, list, and read histories in pages while these grow.

use engine::{Operation, Ticket};
use serde_json::{Value, json};
use store::ExecutionId;

use super::{Cast, Purpose};
use crate::violated;
use crate::world::World;

/// A reader in the middle of a history.
#[derive(Clone, Debug)]
pub struct Pager {
    execution_arn: String,
    reverse: bool,
    page: usize,
    token: String,
    /// The id that the next page begins with.
    next: u64,
}

impl Cast {
    /// Nobody goes on with the history of that execution.
    pub fn forget_pager(&mut self, execution_arn: &str) {
        self.pager
            .take_if(|pager| pager.execution_arn == execution_arn);
    }
}

impl World {
    /// Somebody looks at something.
    pub fn read_something(&mut self) {
        match self.dice.roll(10) {
            0..3 => self.describe_something(),
            3..5 => self.list_something(),
            5..7 => self.look_at_a_doubt(),
            _ => self.page_something(),
        }
    }

    /// Reads the history of an execution whose task is on its way to a worker, if there is one: what
    /// may still be taken back must not be shown. Some of these readers are slow, and have the
    /// execution as it was a commit before. Half of the workers leave at that moment.
    pub fn look_at_a_doubt(&mut self) {
        let on_their_way: Vec<(ExecutionId, Ticket)> = self
            .process
            .deliveries
            .iter()
            .map(|delivery| (delivery.what.execution, delivery.what.ticket))
            .collect();
        let Some(&(id, ticket)) = self.dice.pick(&on_their_way) else {
            return self.page_something();
        };
        let Some(account) = self.ledger.accounts.get(&id) else {
            return;
        };
        let arn = account.arn.clone();
        if self.dice.chance(50) {
            self.store.read_next_as_before();
            self.tally.fault("slow read");
        }
        let body = json!({ "executionArn": arn, "maxResults": 1_000 });
        let told = self.ask(Operation::GetExecutionHistory, &body);
        let events = told.body["events"].as_array().cloned().unwrap_or_default();
        self.check_page(&arn, &events);
        let call = self.process.calls.get(&ticket).map(|call| &call.purpose);
        if let Some(&Purpose::Poll { worker }) = call
            && self.dice.chance(50)
        {
            self.give_up(worker, ticket);
        }
    }

    fn describe_something(&mut self) {
        let Some(arn) = self.dice.pick(&self.cast.known).cloned() else {
            return;
        };
        let told = self.ask(
            Operation::DescribeExecution,
            &json!({ "executionArn": arn }),
        );
        if told.is_ok() {
            self.check_description(&arn, &told);
        } else if told.status < 500 && !self.was_taken(&arn) {
            violated!(self, 42, "{arn} is known and not found: {}", told.error());
        }
    }

    fn list_something(&mut self) {
        let Some(machine) = self.dice.pick(&self.cast.machines).cloned() else {
            return;
        };
        let size = self.dice.span(1, 20);
        self.list_all(&machine, size);
    }

    /// Reads all pages of a list at once. `None` when a read failed.
    pub fn list_all(&mut self, machine: &str, size: i64) -> Option<Vec<Value>> {
        let arn = crate::world::owner().state_machine_arn(machine);
        let mut items = Vec::new();
        let mut body = json!({ "stateMachineArn": arn, "maxResults": size });
        loop {
            let told = self.ask(Operation::ListExecutions, &body);
            if !told.is_ok() {
                if told.status < 500 {
                    violated!(self, 42, "{machine} cannot be listed: {}", told.error());
                }
                return None;
            }
            if let Some(page) = told.body["executions"].as_array() {
                items.extend(page.iter().cloned());
            }
            if told.text("nextToken").is_empty() {
                break;
            }
            body["nextToken"] = told.body["nextToken"].clone();
        }
        self.check_list(machine, &items);
        Some(items)
    }

    /// Goes on with a history, or begins another.
    fn page_something(&mut self) {
        let mut pager = match self.cast.pager.take() {
            Some(pager) => pager,
            None => {
                let Some(arn) = self.dice.pick(&self.cast.known).cloned() else {
                    return;
                };
                let most = if self.dice.chance(50) { 5 } else { 1_000 };
                Pager {
                    execution_arn: arn,
                    reverse: self.dice.chance(30),
                    page: 1 + self.dice.index(most),
                    token: String::new(),
                    next: 0,
                }
            }
        };
        let mut body = json!({
            "executionArn": pager.execution_arn,
            "maxResults": pager.page,
            "reverseOrder": pager.reverse,
        });
        if !pager.token.is_empty() {
            body["nextToken"] = json!(pager.token);
        }
        let told = self.ask(Operation::GetExecutionHistory, &body);
        if !told.is_ok() {
            // A page's token ages with the wall clock; its reader begins anew.
            let aged = !pager.token.is_empty() && told.error() == "InvalidToken";
            let is_gone = self.was_taken(&pager.execution_arn);
            if told.status < 500 && !aged && !is_gone {
                let arn = &pager.execution_arn;
                violated!(self, 8, "no history of {arn}: {}", told.error());
            }
            return;
        }
        let events = told.body["events"].as_array().cloned().unwrap_or_default();
        self.check_page(&pager.execution_arn, &events);
        let ids: Vec<u64> = events
            .iter()
            .filter_map(|event| event["id"].as_u64())
            .collect();
        let begins = if pager.next > 0 {
            Some(pager.next)
        } else {
            None
        };
        let steps = ids.windows(2).all(|pair| match pager.reverse {
            true => pair[1] + 1 == pair[0],
            false => pair[0] + 1 == pair[1],
        });
        let joins = begins.is_none_or(|next| ids.first().is_none_or(|first| *first == next));
        if !steps || !joins {
            let arn = &pager.execution_arn;
            violated!(
                self,
                19,
                "a page of {arn} after {begins:?} has events {ids:?}"
            );
        }
        pager.token = told.text("nextToken").to_owned();
        if let (false, Some(last)) = (pager.token.is_empty(), ids.last()) {
            pager.next = if pager.reverse { last - 1 } else { last + 1 };
            self.cast.pager = Some(pager);
        }
    }
}
