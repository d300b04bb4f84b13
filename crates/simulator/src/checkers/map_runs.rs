//! R64: every item of a map run has one child, every child is counted once, and the result is theirs.

use std::collections::BTreeMap;

use engine::operations::{describe_map_run, list_executions};
use engine::shapes::{ExecutionListItem, MapRunDescription, MapRunStatus};
use engine::{Request, Response};
use interpreter::{EventDetails, Status};
use serde_json::Value;

use super::Seen;
use crate::definitions::{DISTRIBUTED_RESULT, StateSpec};
use crate::violated;
use crate::world::World;

impl Seen {
    /// ARNs of its map runs, and whether each is going on as far as its history says.
    pub fn map_runs(&self) -> Vec<(String, bool)> {
        let mut runs: Vec<(String, bool)> = Vec::new();
        for event in &self.events {
            match &event.details {
                EventDetails::MapRunStarted { map_run_arn } => {
                    runs.push((map_run_arn.to_string(), true));
                }
                EventDetails::MapRunRedriven { .. } => {
                    runs.iter_mut()
                        .next_back()
                        .into_iter()
                        .for_each(|it| it.1 = true);
                }
                EventDetails::MapRunSucceeded | EventDetails::MapRunFailed(_) => {
                    runs.iter_mut()
                        .next_back()
                        .into_iter()
                        .for_each(|it| it.1 = false);
                }
                _ => {}
            }
        }
        if self.description.status != Status::Running {
            runs.iter_mut().for_each(|run| run.1 = false);
        }
        runs
    }
}

impl World {
    /// R64 of one execution.
    pub fn check_map_runs(&mut self, seen: &Seen, inputs: &BTreeMap<String, String>) {
        let outputs = result_of(seen);
        let runs = seen.map_runs();
        let last = runs.last().map(|(arn, _)| arn.clone());
        for (arn, goes_on) in runs {
            if self.ledger.gone.map_runs.contains(&arn) {
                // Its execution is about to go too.
                continue;
            }
            let (run, children) = match self.map_run(&arn) {
                Ok(found) => found,
                Err(error) => {
                    violated!(self, 64, "{arn} cannot be read: {error}");
                    continue;
                }
            };
            if goes_on != (run.status == MapRunStatus::Running)
                && seen.description.status == Status::Running
            {
                violated!(
                    self,
                    64,
                    "{arn} is {:?}; by its execution it goes on: {goes_on}",
                    run.status
                );
            }
            self.check_counts(&arn, &run, &children);
            let mut items: BTreeMap<String, usize> = BTreeMap::new();
            for child in &children {
                let input = inputs
                    .get(&child.execution_arn)
                    .cloned()
                    .unwrap_or_default();
                *items.entry(input).or_default() += 1;
            }
            if let Some((item, count)) = items.iter().find(|(_, count)| **count > 1) {
                violated!(self, 64, "{arn}: item {item} has {count} children");
            }
            if run.status != MapRunStatus::Succeeded {
                continue;
            }
            let wanted = self.items_of(seen).unwrap_or(items.len());
            if items.len() != wanted {
                violated!(
                    self,
                    64,
                    "{arn} succeeded with {} of {wanted} items",
                    items.len()
                );
            }
            // What failed within the tolerance has no output.
            let succeeded = children.iter().filter(|it| it.status == Status::Succeeded);
            let succeeded = succeeded.count();
            if Some(&arn) == last.as_ref()
                && let Some(Value::Array(outputs)) = &outputs
                && outputs.len() != succeeded
            {
                let outputs = outputs.len();
                violated!(
                    self,
                    64,
                    "{arn}: {succeeded} children succeeded, and {outputs} outputs are joined"
                );
            }
        }
    }

    /// R64: as many children stand where the counts say.
    fn check_counts(&mut self, arn: &str, run: &MapRunDescription, children: &[ExecutionListItem]) {
        let of = |statuses: &[Status]| {
            let mut counted = children.iter();
            counted
                .by_ref()
                .filter(|it| statuses.contains(&it.status))
                .count() as u64
        };
        let counts = &run.execution_counts;
        let said = [
            counts.running,
            counts.succeeded,
            counts.failed + counts.timed_out + counts.aborted + counts.pending_redrive.unwrap_or(0),
        ];
        let failed = [Status::Failed, Status::TimedOut, Status::Aborted];
        let there = [
            of(&[Status::Running]),
            of(&[Status::Succeeded]),
            of(&failed),
        ];
        if said != there || run.item_counts != run.execution_counts {
            violated!(
                self,
                64,
                "{arn}: running, succeeded, not: {said:?} are counted, {there:?} are listed; items {:?}",
                run.item_counts
            );
        }
    }

    /// R64: nothing waits for a map run that waits for nothing.
    pub fn check_map_runs_at_rest(&mut self, seen: &Seen) {
        let now = self.clock.now();
        let due_ms = self.process.shard.next_due_ms(now);
        if due_ms.is_some_and(|due_ms| due_ms <= now.steady_ms) {
            // Its turn is about to come.
            return;
        }
        for (arn, _) in seen.map_runs() {
            let Ok((run, _)) = self.map_run(&arn) else {
                continue;
            };
            if run.status == MapRunStatus::Running && run.execution_counts.running == 0 {
                violated!(
                    self,
                    64,
                    "{arn} is open, has no child that runs, and begins none"
                );
            }
        }
    }

    fn map_run(&self, arn: &str) -> Result<(MapRunDescription, Vec<ExecutionListItem>), String> {
        let request = Request::DescribeMapRun(describe_map_run::Request {
            map_run_arn: arn.to_owned(),
        });
        let Response::DescribeMapRun(described) = self.inspect(&request)? else {
            return Err("no description".to_owned());
        };
        let request = Request::ListExecutions(list_executions::Request {
            state_machine_arn: None,
            map_run_arn: Some(arn.to_owned()),
            status: None,
            redriven: None,
            limit: 100_000,
            before: None,
        });
        let Response::ListExecutions(page) = self.inspect(&request)? else {
            return Err("no list".to_owned());
        };
        Ok((described.description, page.executions))
    }

    /// How many items its Distributed Map has: those of its input, or those of its reader.
    fn items_of(&self, seen: &Seen) -> Option<usize> {
        let entered = seen.events.iter().find_map(|event| match &event.details {
            EventDetails::StateEntered { name, .. } => self.author.specs.get(&**name),
            _ => None,
        });
        match entered {
            Some(StateSpec::Distributed { read: Some(count) }) => Some(*count),
            Some(StateSpec::Distributed { read: None }) => {
                let input = seen.description.input.as_ref()?;
                Some(input.value().get("items")?.as_array()?.len())
            }
            _ => None,
        }
    }
}

/// What the Map state came to.
fn result_of(seen: &Seen) -> Option<Value> {
    let mut events = seen.events.iter().rev();
    events.find_map(|event| match &event.details {
        EventDetails::StateExited { output, .. } => output.value().get(DISTRIBUTED_RESULT).cloned(),
        _ => None,
    })
}
