//! A shard from what the store holds: the small records, and what it counted. Executions, timers and
//! queues stay on disk, so a start takes no longer when there are many of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use store::{RecordKind, Store, StoreError};

use crate::clock::HistoryClock;
use crate::delivery::{Counts, Delivery, OUTBOX, Outbox};
use crate::executions::Executions;
use crate::holds::Tally;
use crate::ids::Ids;
use crate::map_runs::records::{Position, Progress};
use crate::map_runs::{MapRun, MapRunId, MapRuns};
use crate::message::Now;
use crate::records::{self, ActivityRecord, AliasRecord, MachineRecord, VersionRow};
use crate::shard::{Machine, Shard, ShardOptions};
use crate::sweep::Sweep;
use crate::timers::Timers;
use crate::token::TokenKey;
use crate::world::Surroundings;

impl Shard {
    /// A shard over what `store` holds; an empty store gives an empty shard.
    pub fn recover(
        options: ShardOptions,
        store: &dyn Store,
        now: Now,
    ) -> Result<Shard, StoreError> {
        let latest_ms = store.latest_ms()?;
        let clock = HistoryClock::starting_at(latest_ms);
        // Whoever began before and wrote nothing left no row with this number.
        let process = store.last_commit()?;
        let said = store.tally()?;
        let tally = match said.is_empty() {
            true => Tally::default(),
            false => Tally::decode(&said)
                .ok_or_else(|| StoreError::Damaged("the shard's tally does not read".into()))?,
        };
        let tasks = Counts {
            queued: tally.tasks_queued,
            handed_out: tally.tasks_handed_out,
            unconfirmed: tally.tasks_handed_out,
        };
        let mut shard = Shard {
            poll_hold_ms: options.poll_hold_ms,
            polls_per_activity_max: options.polls_per_activity_max,
            counts: options.counts,
            limits: options.limits,
            tokens: TokenKey::new(&options.token_key),
            clock,
            ids: Ids::new(options.seed),
            world: Surroundings {
                owner: options.owner,
                activities: BTreeMap::new(),
            },
            machines: BTreeMap::new(),
            machine_names: BTreeMap::new(),
            next_machine: 1,
            definitions: BTreeMap::new(),
            log_plans: BTreeMap::new(),
            awaiting_definition: BTreeMap::new(),
            executions: Executions::new(options.executions_cached),
            map_runs: MapRuns::default(),
            express_retention_ms: options.express_retention_ms,
            retention_ms: options.retention_ms,
            retention_bytes: options.retention_bytes,
            closed_bytes: tally.closed_bytes,
            sweep: Sweep::starting_at(now, process, latest_ms),
            sync_executions: 0,
            records_commit: 0,
            delivery: Delivery::starting_with(process, tasks, tally.next_position, options.windows),
            timers: Timers::starting_at(
                now,
                clock.seen(now),
                process,
                tally.timers,
                options.windows,
            ),
            names: BTreeMap::new(),
            names_in_order: VecDeque::new(),
            names_forgotten: 0,
            settling: VecDeque::new(),
            issued: process,
            durable: process,
            draining: false,
            executions_open: tally.executions_open,
            put_backs: 0,
            agenda: VecDeque::new(),
            quarantined: BTreeSet::new(),
            owed_calls: Vec::new(),
            outbox: Outbox::reading_until(tally.next_position, options.windows.page),
        };
        shard.names_forgotten = shard.durable;
        shard.recover_records(store)?;
        if said.is_empty() && process > 0 {
            shard.adopt_all(store)?;
        }
        Ok(shard)
    }

    fn recover_records(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        each_record(
            store,
            RecordKind::Activity,
            &mut |record: ActivityRecord| {
                self.world.activities.insert(record.name.clone(), record);
            },
        )?;
        each_record(
            store,
            RecordKind::StateMachine,
            &mut |record: MachineRecord| {
                self.machine_names
                    .insert(record.number, record.name.clone());
                self.machines
                    .insert(record.name.clone(), Machine::new(record));
            },
        )?;
        each_record(
            store,
            RecordKind::Version,
            &mut |row: VersionRow| match row {
                VersionRow::Last { machine, version } => {
                    self.machine_of(machine, |it| it.last_version = version);
                }
                VersionRow::Published(record) => self.machine_of(record.machine, |it| {
                    it.versions.insert(record.version, record);
                }),
            },
        )?;
        each_record(store, RecordKind::Alias, &mut |record: AliasRecord| {
            self.machine_of(record.machine, |it| {
                it.aliases.insert(record.name.clone(), record);
            });
        })?;
        self.recover_map_runs(store)?;
        // Numbers of deleted machines must not come back, so the counter has a record of its own.
        if let Some(bytes) = store.record(RecordKind::Service, NEXT_MACHINE_KEY)? {
            self.next_machine = records::decode(&bytes).ok_or_else(|| {
                StoreError::Damaged("the counter of state machines does not read".into())
            })?;
        }
        Ok(())
    }

    /// Those that are open, without their children: they go on where they stood.
    fn recover_map_runs(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = store.records(RecordKind::MapRunOpen, after.as_deref(), 1_000)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(last.clone());
            for (key, bytes) in page {
                let record = store.record(RecordKind::MapRun, &key)?;
                let read = || {
                    let id = MapRunId(key.as_slice().try_into().ok()?);
                    let record = records::decode(&record?)?;
                    let mut progress: Progress = records::decode(&bytes)?;
                    if interpreter::breaks::awake("r64-position") {
                        progress.items_begun = 0;
                        progress.position = Position::default();
                        progress.is_exhausted = false;
                    }
                    Some((id, MapRun::new(record, progress, self.durable)))
                };
                let (id, run) =
                    read().ok_or_else(|| records::damaged("map run", "that is open"))?;
                self.map_runs.recover(id, run);
            }
        }
    }

    fn machine_of(&mut self, number: u64, change: impl FnOnce(&mut Machine)) {
        let name = self.machine_names.get(&number);
        if let Some(machine) = name.and_then(|name| self.machines.get_mut(name)) {
            change(machine);
        }
    }

    /// What a version without tallies left: all timers and tasks are read, and stay in memory until
    /// their executions are written again. Every open execution has an entry in one of them (R32), so
    /// they also tell how many are open.
    fn adopt_all(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let mut open = Vec::new();
        store.timers(&mut |row| {
            self.timers.adopt(&row);
            open.push(row.execution);
        })?;
        store.tasks(&mut |row| {
            if row.queue == OUTBOX && row.hand_outs == 0 {
                self.owed_calls.push((row.execution, row.event));
            }
            self.delivery.adopt(&row);
            open.push(row.execution);
        })?;
        open.sort_unstable();
        open.dedup();
        self.executions_open = open.len() as u64;
        Ok(())
    }
}

/// Key of the counter of state machines among the service's records.
pub(crate) const NEXT_MACHINE_KEY: &[u8] = b"next-machine";

fn each_record<T: serde::de::DeserializeOwned>(
    store: &dyn Store,
    kind: RecordKind,
    visit: &mut dyn FnMut(T),
) -> Result<(), StoreError> {
    const PAGE: usize = 1_000;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.records(kind, after.as_deref(), PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        for (key, bytes) in page {
            let record = records::decode(&bytes).ok_or_else(|| {
                StoreError::Damaged(format!(
                    "record {kind:?} {:?} does not read",
                    String::from_utf8_lossy(&key)
                ))
            })?;
            visit(record);
        }
    }
}
