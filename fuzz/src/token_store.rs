//! What the service gives out or writes down and reads again: task tokens, runs of history,
//! snapshots, small records. The first byte says which; damaged ones must be known as such.

use std::collections::BTreeMap;

use engine::arn::Owner;
use engine::operations::{
    describe_activity, describe_state_machine, list_state_machines, send_task_success,
};
use engine::{Message, Now, Output, Request, Shard, ShardOptions, Ticket};
use interpreter::history::{self, StoredEvent};
use interpreter::{Document, Execution, Limits};
use store::{
    Commit, Epoch, EventRun, ExecutionId, ExecutionWrite, MemoryStore, RecordKind, RecordWrite,
    Store,
};

const NOW: Now = Now {
    wall_ms: 1_700_000_000_000,
    steady_ms: 0,
};

/// Reads `t` and a token, `h` and a run of history, `s` and a snapshot, `p` and one with a part, `x` and a stored execution,
/// `a` or `m` and a record.
pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind {
        b't' => token(bytes),
        b'h' => run_of_history(bytes),
        b's' => snapshot(bytes, &[]),
        b'p' => snapshot_with_part(bytes),
        b'x' => stored_execution(bytes),
        b'a' => record(RecordKind::Activity, bytes),
        b'm' => record(RecordKind::StateMachine, bytes),
        _ => {}
    }
}

/// A token that this service did not mint is refused without asking the store.
fn token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let store = MemoryStore::new();
    let mut shard = Shard::recover(options(), &store, NOW).expect("an empty store recovers");
    let request = Request::SendTaskSuccess(send_task_success::Request {
        task_token: text.to_owned(),
        output: "{}".to_owned(),
        not_json: None,
    });
    let mut out = Vec::new();
    let message = Message::Request {
        ticket: Ticket(1),
        request,
        lookup: None,
    };
    shard.handle(message, NOW, &mut out);
    assert!(
        matches!(
            &out[..],
            [Output::Reply {
                after: 0,
                response: Err(_),
                ..
            }]
        ),
        "a forged token is refused at once: {out:?}"
    );
}

fn run_of_history(bytes: &[u8]) {
    let Ok(events) = history::decode(bytes) else {
        return;
    };
    for event in events {
        let own = event.own_document();
        if let Some(document) = &own {
            assert_eq!(document.home(), Some(event.id()));
        }
        let _ = event.references();
        let _ = event.resolve(&mut |_| own.clone().or_else(|| Some(Document::from_text("{}"))));
    }
}

/// A byte for the length of a part, the part, and a snapshot.
fn snapshot_with_part(bytes: &[u8]) {
    if let Some((&length, rest)) = bytes.split_first() {
        let (part, bytes) = rest.split_at(rest.len().min(length.into()));
        snapshot(bytes, part);
    }
}

fn snapshot(bytes: &[u8], part: &[u8]) {
    let mut parts = BTreeMap::new();
    if !part.is_empty() {
        parts.insert(0, part.to_vec());
    }
    let announced = Execution::documents_of(bytes, &parts);
    let mut asked = Vec::new();
    let execution = Execution::restore(bytes, &parts, &mut |home| {
        asked.push(home);
        Some(Document::from_text("{}"))
    });
    let Some(mut execution) = execution else {
        return;
    };
    asked.sort_unstable();
    assert_eq!(Some(asked), announced, "what is asked for was announced");
    let limits = Limits::default();
    let mut written = execution.snapshot(&limits);
    for change in written.parts.drain(..) {
        match change.bytes {
            Some(bytes) => drop(parts.insert(change.part, bytes)),
            None => drop(parts.remove(&change.part)),
        }
    }
    let again = Execution::restore(&written.bytes, &parts, &mut |_| {
        Some(Document::from_text("{}"))
    });
    let mut again = again.expect("what was written restores");
    assert_eq!(
        again.snapshot(&limits),
        written,
        "a snapshot says everything"
    );
}

/// An execution in a store: two bytes of length, so much of a snapshot, and the rest is history.
fn stored_execution(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    let Some((snapshot, history)) = rest.split_at_checked(length) else {
        return;
    };
    let store = MemoryStore::new();
    let id = ExecutionId([1; 16]);
    let written = Commit {
        number: 1,
        at_ms: NOW.wall_ms,
        executions: vec![ExecutionWrite {
            snapshot: snapshot.to_vec(),
            holds: history.to_vec(),
            events: Some(EventRun {
                first: 1,
                count: 1,
                bytes: history.to_vec(),
            }),
            // In either place.
            events_in_row: history.len() % 2 == 0,
            ..ExecutionWrite::of(id, 1)
        }],
        ..Commit::default()
    };
    store
        .commit(Epoch(0), &[written])
        .expect("memory takes all");
    let _ = engine::load_execution(&store, id, &mut |_, _| Ok(None));
    let events = history::decode(history).unwrap_or_default();
    let _ = events.iter().map(StoredEvent::id).max();
}

/// A record under the name `r`, read by every operation that shows it, and by recovery.
fn record(kind: RecordKind, bytes: &[u8]) {
    let store = MemoryStore::new();
    let written = Commit {
        number: 1,
        at_ms: NOW.wall_ms,
        executions: Vec::new(),
        removals: Vec::new(),
        records: vec![RecordWrite {
            kind,
            key: b"r".to_vec(),
            value: Some(bytes.to_vec()),
        }],
        tally: bytes.to_vec(),
    };
    store
        .commit(Epoch(0), &[written])
        .expect("memory takes all");
    let _ = Shard::recover(options(), &store, NOW);
    let arn = |kind| format!("arn:aws:states:us-east-1:123456789012:{kind}:r");
    let requests = [
        Request::DescribeActivity(describe_activity::Request {
            activity_arn: arn("activity"),
        }),
        Request::DescribeStateMachine(describe_state_machine::Request {
            state_machine_arn: arn("stateMachine"),
            metadata_only: true,
        }),
        Request::ListStateMachines(list_state_machines::Request {
            limit: 10,
            after: None,
        }),
    ];
    let reader = engine::Reader {
        store: &store,
        owner: &options().owner,
        in_doubt: &|_, _| false,
        now_ms: 0,
        express_kept: true,
        limits: &interpreter::Limits::default(),
    };
    for request in &requests {
        let _ = reader.read(request);
    }
}

fn options() -> ShardOptions {
    ShardOptions {
        owner: Owner {
            partition: "aws".into(),
            region: "us-east-1".into(),
            account: "123456789012".into(),
        },
        token_key: [7; 32],
        seed: 1,
        poll_hold_ms: 59_500,
        polls_per_activity_max: 3,
        counts: engine::CountsMax::NONE,
        executions_cached: engine::Cached {
            count: 2,
            bytes: usize::MAX,
        },
        limits: interpreter::Limits::default(),
        express_retention_ms: 0,
        retention_ms: 0,
        retention_bytes: 0,
        windows: engine::Windows::default(),
    }
}
