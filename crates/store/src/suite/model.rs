//! Random commits from a fixed seed, and a model that says what the store must answer.
//!
//! The model keeps rows as they are, in ordered maps, and filters; it shares no code with any store.

use std::collections::{BTreeMap, BTreeSet};

use super::Home;
use super::samples::{EPOCH, Random, id, tasks, timers, write};
use crate::{
    Commit, Direction, EventRun, ExecutionId, ExecutionRow, ExecutionWrite, Listing, ListingCursor,
    ListingMove, ListingQuery, NameClaim, PartWrite, RecordKind, RecordWrite, Store, TaskDrop,
    TaskRow, TimerDrop, TimerRow,
};

const ROUNDS: usize = 60;
const COMMITS_PER_ROUND_MAX: u64 = 8;
const MACHINES: [&str; 3] = ["m", "mm", "other"];
const QUEUES: [&str; 3] = ["a", "a-long-name", "b"];
const KINDS: [RecordKind; 3] = [
    RecordKind::Service,
    RecordKind::StateMachine,
    RecordKind::Alias,
];

#[derive(Default)]
struct Model {
    commits: u64,
    executions: BTreeMap<ExecutionId, ExecutionRow>,
    names: BTreeMap<(String, String), ExecutionId>,
    runs: BTreeMap<ExecutionId, Vec<EventRun>>,
    /// Those whose events are in their rows.
    in_row: BTreeSet<ExecutionId>,
    listings: BTreeMap<ExecutionId, Listing>,
    timers: BTreeMap<(i64, ExecutionId, u32), TimerRow>,
    tasks: BTreeMap<(String, u64), TaskRow>,
    records: BTreeMap<(RecordKind, Vec<u8>), Vec<u8>>,
}

pub(super) fn random_commits_read_back_as_the_model_says(home: &dyn Home) {
    for seed in [1, 20_261_122] {
        let mut random = Random::new(seed);
        let mut model = Model::default();
        // The second seed goes on in the same home where that is durable, with executions of its own.
        let mut store = home.open();
        if let last @ 1.. = store.last_commit().unwrap() {
            model.commits = last;
            clear(&*store, &mut model);
        }
        for round in 0..ROUNDS {
            let commits: Vec<_> = (0..=random.below(COMMITS_PER_ROUND_MAX))
                .map(|_| model.commit(&mut random, seed))
                .collect();
            store
                .commit(EPOCH, &commits)
                .expect("the commits are in order");
            if home.is_durable() && round % 20 == 19 {
                drop(store);
                store = home.open();
            }
            model.check(&*store, &mut random);
        }
        assert!(
            model.executions.values().any(|row| row.parts.len() > 2)
                && model.executions.values().any(|row| row.parts.is_empty())
        );
        assert!(
            model.executions.len() > 20 && !model.timers.is_empty() && !model.tasks.is_empty(),
            "not idle"
        );
    }
}

/// Parts that come, change and go, few of most executions.
fn part_writes(random: &mut Random) -> Vec<PartWrite> {
    let writes = (0..5).filter_map(|part| {
        let bytes = match random.below(12) {
            0 => Some(random.payload(200)),
            1..4 => None,
            _ => return None,
        };
        Some(PartWrite { part, bytes })
    });
    writes.collect()
}

/// Takes away what the seed before left where a model would count it: recovery rows and records.
fn clear(store: &dyn Store, model: &mut Model) {
    let mut commit = Commit::default();
    model.commits += 1;
    commit.number = model.commits;
    let sweeper = id(u64::MAX >> 16, 0);
    let mut write = write(sweeper, 1);
    write.tasks_dropped = tasks(store)
        .into_iter()
        .map(|row| TaskDrop {
            queue: row.queue,
            position: row.position,
        })
        .collect();
    for kind in KINDS {
        for (key, _) in store.records(kind, None, usize::MAX).unwrap() {
            commit.records.push(RecordWrite {
                kind,
                key,
                value: None,
            });
        }
    }
    commit.executions.push(write);
    // A timer is dropped by its own execution only.
    let mut dropped: BTreeMap<ExecutionId, Vec<TimerDrop>> = BTreeMap::new();
    for row in timers(store) {
        dropped.entry(row.execution).or_default().push(TimerDrop {
            due_ms: row.due_ms,
            timer: row.timer,
        });
    }
    for (id, timers_dropped) in dropped {
        let row = store.execution(id).unwrap();
        let row = row.expect("a timer has its execution");
        let revision = row.revision + 1;
        let parts_kept = row.parts.len() as u32;
        commit.executions.push(ExecutionWrite {
            timers_dropped,
            parts_kept,
            ..super::samples::write(id, revision)
        });
    }
    store.commit(EPOCH, &[commit]).unwrap();
}

impl Model {
    fn commit(&mut self, random: &mut Random, seed: u64) -> Commit {
        self.commits += 1;
        let mut commit = Commit {
            number: self.commits,
            ..Commit::default()
        };
        for _ in 0..random.below(3) {
            let write = self.execution_write(random, seed);
            commit.executions.push(write);
        }
        if random.below(3) == 0 {
            let kind = KINDS[random.below(3) as usize];
            let key = vec![b'k'; random.below(4) as usize];
            let value = (random.below(4) > 0).then(|| random.payload(10));
            match &value {
                Some(value) => drop(self.records.insert((kind, key.clone()), value.clone())),
                None => drop(self.records.remove(&(kind, key.clone()))),
            }
            commit.records.push(RecordWrite { kind, key, value });
        }
        commit
    }

    fn execution_write(&mut self, random: &mut Random, seed: u64) -> ExecutionWrite {
        let id = id(1_000 + random.below(40), seed);
        let revision = self.executions.get(&id).map_or(1, |row| row.revision + 1);
        let length = random.below(2_000) as usize;
        let mut write = ExecutionWrite {
            snapshot: random.payload(length),
            parts: part_writes(random),
            holds: random.payload(length / 8),
            ..write(id, revision)
        };
        let before = self.executions.remove(&id);
        let mut parts = before.map(|row| row.parts).unwrap_or_default();
        for PartWrite { part, bytes } in &write.parts {
            match bytes {
                Some(bytes) => drop(parts.insert(*part, bytes.clone())),
                None => drop(parts.remove(part)),
            }
        }
        write.parts_kept = parts.len() as u32;
        self.executions.insert(
            id,
            ExecutionRow {
                revision,
                snapshot: write.snapshot.clone(),
                parts,
                holds: Some(write.holds.clone()),
                events: None,
            },
        );
        if revision == 1 {
            let machine = MACHINES[random.below(3) as usize].to_owned();
            let name = format!("{seed}-{}", random.below(30));
            self.names.insert((machine.clone(), name.clone()), id);
            write.name = Some(NameClaim { machine, name });
        }
        if random.below(4) > 0 {
            let runs = self.runs.entry(id).or_default();
            let first = runs.last().map_or(1, |run| run.first + run.count);
            let run = EventRun {
                first,
                count: 1 + random.below(6) as u32,
                bytes: random.payload(300),
            };
            runs.push(run.clone());
            write.events = Some(run);
        }
        self.in_row(random, &mut write);
        if random.below(2) == 0 {
            let from = self
                .listings
                .get(&id)
                .map(|entry| (entry.status, entry.time_ms));
            let to = Listing {
                machine: seed,
                status: random.below(4) as u8,
                time_ms: random.below(50) as i64,
                execution: id,
                summary: random.payload(20),
            };
            self.listings.insert(id, to.clone());
            write.listings = vec![ListingMove { from, to }];
        }
        self.timers_and_tasks(random, &mut write);
        write
    }

    /// At first events are kept in the row, together; sooner or later not any more, and never again.
    fn in_row(&mut self, random: &mut Random, write: &mut ExecutionWrite) {
        let id = write.id;
        let is_in_row = write.revision == 1 || self.in_row.contains(&id);
        let Some(runs) = self.runs.get_mut(&id).filter(|_| is_in_row) else {
            return;
        };
        let whole = EventRun {
            first: 1,
            count: runs.iter().map(|run| run.count).sum(),
            bytes: runs.iter().flat_map(|run| run.bytes.clone()).collect(),
        };
        *runs = vec![whole.clone()];
        write.events = Some(whole.clone());
        write.events_in_row = random.below(3) > 0;
        if write.events_in_row {
            self.in_row.insert(id);
            let row = self.executions.get_mut(&id);
            row.expect("it was written above").events = Some(whole);
        } else {
            self.in_row.remove(&id);
        }
    }

    fn timers_and_tasks(&mut self, random: &mut Random, write: &mut ExecutionWrite) {
        let id = write.id;
        let armed: Vec<_> = self
            .timers
            .keys()
            .filter(|key| key.1 == id)
            .copied()
            .collect();
        for key in armed {
            if random.below(2) == 0 {
                self.timers.remove(&key);
                write.timers_dropped.push(TimerDrop {
                    due_ms: key.0,
                    timer: key.2,
                });
            }
        }
        for _ in 0..random.below(3) {
            let row = TimerRow {
                due_ms: random.below(100) as i64 - 50,
                execution: id,
                timer: random.below(4) as u32,
                kind: random.below(256) as u8,
                span_ms: random.below(1 << 40),
                steady: None,
            };
            self.timers.insert((row.due_ms, id, row.timer), row.clone());
            write.timers.push(row);
        }
        let queued: Vec<_> = self
            .tasks
            .values()
            .filter(|row| row.execution == id)
            .cloned()
            .collect();
        for mut row in queued {
            match random.below(3) {
                0 => {
                    self.tasks.remove(&(row.queue.clone(), row.position));
                    write.tasks_dropped.push(TaskDrop {
                        queue: row.queue,
                        position: row.position,
                    });
                }
                1 => {
                    row.hand_outs += 1;
                    row.handed_out = !row.handed_out;
                    self.tasks
                        .insert((row.queue.clone(), row.position), row.clone());
                    write.tasks.push(row);
                }
                _ => {}
            }
        }
        if random.below(2) == 0 {
            let row = TaskRow {
                queue: QUEUES[random.below(3) as usize].to_owned(),
                position: random.below(1 << 40),
                execution: id,
                event: random.below(25_000) as u32,
                hand_outs: 0,
                handed_out: false,
            };
            self.tasks
                .insert((row.queue.clone(), row.position), row.clone());
            write.tasks.push(row);
        }
    }

    fn check(&self, store: &dyn Store, random: &mut Random) {
        assert_eq!(store.last_commit().unwrap(), self.commits);
        for (id, row) in &self.executions {
            assert_eq!(store.execution(*id).unwrap().as_ref(), Some(row));
            let small = store.small_execution(*id, usize::MAX).unwrap();
            assert_eq!(small.as_ref(), row.parts.is_empty().then_some(row));
        }
        for ((machine, name), id) in &self.names {
            assert_eq!(store.execution_by_name(machine, name).unwrap(), Some(*id));
        }
        assert_eq!(
            timers(store),
            self.timers.values().cloned().collect::<Vec<_>>()
        );
        assert_eq!(
            tasks(store),
            self.tasks.values().cloned().collect::<Vec<_>>()
        );
        for kind in KINDS {
            let of_kind = self.records.iter().filter(|((other, _), _)| *other == kind);
            let expected: Vec<_> = of_kind
                .map(|((_, key), value)| (key.clone(), value.clone()))
                .collect();
            assert_eq!(store.records(kind, None, usize::MAX).unwrap(), expected);
        }
        for (id, runs) in &self.runs {
            self.check_events(store, *id, runs, random);
        }
        self.check_listings(store, random);
    }

    fn check_events(
        &self,
        store: &dyn Store,
        id: ExecutionId,
        runs: &[EventRun],
        random: &mut Random,
    ) {
        let last = runs.last().map_or(0, |run| run.first + run.count - 1);
        let (from, limit) = (
            1 + random.below(last.into()) as u32,
            1 + random.below(12) as u32,
        );
        let ids = |run: &EventRun| run.first..run.first + run.count;
        let mut expected = Vec::new();
        let mut covered = 0;
        for run in runs.iter().filter(|run| ids(run).end > from) {
            if covered < limit {
                expected.push(run.clone());
            }
            covered += ids(run).filter(|event| *event >= from).count() as u32;
        }
        assert_eq!(
            store.events(id, from, Direction::Forward, limit).unwrap(),
            expected
        );
        expected.clear();
        covered = 0;
        for run in runs.iter().rev().filter(|run| run.first <= from) {
            if covered < limit {
                expected.push(run.clone());
            }
            covered += ids(run).filter(|event| *event <= from).count() as u32;
        }
        assert_eq!(
            store.events(id, from, Direction::Backward, limit).unwrap(),
            expected
        );
    }

    fn check_listings(&self, store: &dyn Store, random: &mut Random) {
        let Some(machine) = self.listings.values().next().map(|entry| entry.machine) else {
            return;
        };
        let statuses: Vec<u8> = (0..4).filter(|_| random.below(2) == 0).collect();
        let before = (random.below(2) == 0).then(|| ListingCursor {
            time_ms: random.below(60) as i64,
            execution: id(1_000 + random.below(40), machine),
        });
        let limit = random.below(20) as usize;
        let place = |entry: &Listing| (entry.time_ms, entry.execution);
        let mut expected: Vec<_> = self
            .listings
            .values()
            .filter(|entry| statuses.contains(&entry.status))
            .collect();
        expected.retain(|entry| {
            before.is_none_or(|cursor| place(entry) < (cursor.time_ms, cursor.execution))
        });
        expected.sort_by_key(|entry| std::cmp::Reverse(place(entry)));
        expected.truncate(limit);
        let page = store
            .listings(&ListingQuery {
                machine,
                statuses,
                before,
                limit,
            })
            .unwrap();
        assert_eq!(page.iter().collect::<Vec<_>>(), expected);
    }
}
