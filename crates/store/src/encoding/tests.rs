//! A sample of every version of every value, as it lies on disk. Add to it; never edit it.

use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const ID: ExecutionId = ExecutionId(*b"\x01\x8b\xcf\xe5\x68\x00ABCDEFGHIJ");

fn task_row() -> TaskRow {
    TaskRow {
        queue: "q".into(),
        position: 4,
        execution: ID,
        event: 300,
        hand_outs: 2,
        handed_out: true,
    }
}

fn timer_row(steady: Option<(u64, i64)>) -> TimerRow {
    TimerRow {
        due_ms: 5,
        execution: ID,
        timer: 6,
        kind: 3,
        span_ms: 300,
        steady,
    }
}

fn head_row(tally: &[u8]) -> Head {
    Head {
        last_commit: 300,
        epoch: Epoch(7),
        at_ms: 258,
        tally: tally.to_vec(),
    }
}

#[test]
fn version_2_is_written_as_it_always_was() {
    let row = head_row(b"tally");
    assert_eq!(hex(&head(&row)), "02ac020700000000000001020574616c6c79");
    assert_eq!(hex(&timer(&timer_row(None))), "0203ac0200");
    let with_a_clock = timer_row(Some((129, 258)));
    assert_eq!(hex(&timer(&with_a_clock)), "0203ac020181010000000000000102");
}

fn write(events_in_row: bool) -> ExecutionWrite {
    ExecutionWrite {
        snapshot: b"snap".to_vec(),
        parts_kept: 300,
        holds: b"holds".to_vec(),
        events: Some(EventRun {
            first: 1,
            count: 3,
            bytes: b"evt".to_vec(),
        }),
        events_in_row,
        ..ExecutionWrite::of(ID, 129)
    }
}

#[test]
fn version_4_is_written_as_it_always_was() {
    assert_eq!(
        hex(&execution(&write(true))),
        "048101ac0203010365767405686f6c6473736e6170"
    );
    assert_eq!(
        hex(&execution(&write(false))),
        "048101ac020005686f6c6473736e6170"
    );
}

#[test]
fn version_4_is_read_as_it_was_meant() {
    let with = b"\x04\x81\x01\xac\x02\x03\x01\x03evt\x05holdssnap";
    let without = b"\x04\x81\x01\xac\x02\0\x05holdssnap";
    for (sample, events) in [(&with[..], write(true).events), (&without[..], None)] {
        let (row, parts_kept) = execution_from(sample).unwrap();
        assert_eq!((row.revision, parts_kept), (129, 300));
        assert_eq!(row.snapshot, b"snap");
        assert_eq!(row.holds.as_deref(), Some(&b"holds"[..]));
        assert_eq!(row.events, events);
        assert_eq!(events_in_row_from(sample).unwrap(), events);
        assert_eq!(revision_from(sample).unwrap(), 129);
        assert_eq!(parts_kept_from(sample).unwrap(), 300);
    }
}

#[test]
fn version_3_is_read_as_it_was_meant() {
    let sample = b"\x03\x81\x01\xac\x02\x05holdssnap";
    let (row, parts_kept) = execution_from(sample).unwrap();
    assert_eq!((row.revision, parts_kept), (129, 300));
    assert_eq!(row.snapshot, b"snap");
    assert_eq!(row.holds.as_deref(), Some(&b"holds"[..]));
    assert_eq!(revision_from(sample).unwrap(), 129);
    assert_eq!(parts_kept_from(sample).unwrap(), 300);
    assert_eq!(row.events, None);
    assert_eq!(events_in_row_from(sample).unwrap(), None);
}

#[test]
fn version_2_is_read_as_it_was_meant() {
    let row = head_row(b"tally");
    assert_eq!(
        head_from(b"\x02\xac\x02\x07\0\0\0\0\0\0\x01\x02\x05tally").unwrap(),
        row
    );
    let (row, parts_kept) = execution_from(b"\x02\x81\x01\x05holdssnap").unwrap();
    assert_eq!((row.revision, &row.snapshot[..]), (129, &b"snap"[..]));
    assert_eq!(parts_kept, 0);
    assert_eq!(parts_kept_from(b"\x02\x81\x01\x05holdssnap").unwrap(), 0);
    assert_eq!(row.holds.as_deref(), Some(&b"holds"[..]));
    assert_eq!(revision_from(b"\x02\x81\x01\x05holdssnap").unwrap(), 129);
    for steady in [None, Some((129, 258)), Some((0, -1))] {
        let row = timer_row(steady);
        assert_eq!(timer_from(row.key(), &timer(&row)).unwrap(), row);
    }
}

#[test]
fn version_1_is_written_as_it_always_was() {
    assert_eq!(
        hex(&events(&EventRun {
            first: 9,
            count: 3,
            bytes: b"evt".to_vec()
        })),
        "0103657674"
    );
    assert_eq!(hex(&opaque(b"sum")), "0173756d");
    assert_eq!(hex(&name(ID)), "01018bcfe568004142434445464748494a");
    assert_eq!(
        hex(&task(&task_row())),
        "01018bcfe568004142434445464748494aac020201"
    );
}

#[test]
fn version_1_is_read_as_it_was_meant() {
    assert_eq!(
        head_from(b"\x01\xac\x02\x07\0\0\0\0\0\0\x01\x02").unwrap(),
        head_row(b"")
    );
    let row = execution_from(b"\x01\x81\x01snap").unwrap();
    let expected = ExecutionRow {
        revision: 129,
        snapshot: b"snap".to_vec(),
        parts: BTreeMap::new(),
        holds: None,
        events: None,
    };
    assert_eq!(row, (expected, 0));
    assert_eq!(parts_kept_from(b"\x01\x81\x01snap").unwrap(), 0);
    assert_eq!(revision_from(b"\x01\x81\x01snap").unwrap(), 129);
    let run = events_from(9, b"\x01\x03evt").unwrap();
    assert_eq!(
        run,
        EventRun {
            first: 9,
            count: 3,
            bytes: b"evt".to_vec()
        }
    );
    assert_eq!(opaque_from("record", b"\x01sum").unwrap(), b"sum");
    assert_eq!(
        name_from(b"\x01\x01\x8b\xcf\xe5\x68\x00ABCDEFGHIJ").unwrap(),
        ID
    );
    let row = timer_row(None);
    assert_eq!(timer_from(row.key(), b"\x01\x03\xac\x02").unwrap(), row);
    let task = task_from(
        "q".into(),
        4,
        b"\x01\x01\x8b\xcf\xe5\x68\x00ABCDEFGHIJ\xac\x02\x02\x01",
    )
    .unwrap();
    assert_eq!(task, task_row());
}

#[test]
fn the_key_space_is_as_it_always_was() {
    use crate::keys;
    use crate::rows::{ListingCursor, RecordKind};
    assert_eq!(hex(&keys::head()), "01");
    assert_eq!(hex(&keys::record(RecordKind::Tags, b"k")), "02046b");
    assert_eq!(
        hex(&keys::execution(ID)),
        "03018bcfe568004142434445464748494a"
    );
    assert_eq!(hex(&keys::name("m", "nm")), "04016d6e6d");
    assert_eq!(
        hex(&keys::events(ID, 258)),
        "05018bcfe568004142434445464748494a00000102"
    );
    let at = ListingCursor {
        time_ms: 5,
        execution: ID,
    };
    assert_eq!(
        hex(&keys::listing(1, 2, at)),
        "060000000000000001027ffffffffffffffafe74301a97ffbebdbcbbbab9b8b7b6b5"
    );
    assert_eq!(
        hex(&keys::timer(5, ID, 6)),
        "078000000000000005018bcfe568004142434445464748494a00000006"
    );
    assert_eq!(hex(&keys::task("q", 3)), "087100000000000000000003");
    assert_eq!(
        hex(&keys::part(ID, 258)),
        "09018bcfe568004142434445464748494a00000102"
    );
}

#[test]
fn the_kinds_of_records_have_the_numbers_they_always_had() {
    use crate::rows::RecordKind::*;
    let kinds = [
        Service,
        Activity,
        StateMachine,
        Definition,
        Tags,
        Version,
        Alias,
    ];
    assert_eq!(kinds.map(|kind| kind as u8), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let error = execution_from(b"\x05anything").unwrap_err().to_string();
    assert!(error.contains("\"execution\" has format 5"), "{error}");
}

#[test]
fn stumps_and_tails_are_damage() {
    let whole = [
        head(&head_row(b"tally")),
        name(ID),
        timer(&timer_row(Some((1, 2)))),
        task(&task_row()),
    ];
    let read = |at: usize, bytes: &[u8]| match at {
        0 => head_from(bytes).map(drop),
        1 => name_from(bytes).map(drop),
        2 => timer_from(timer_row(None).key(), bytes).map(drop),
        _ => task_from("q".into(), 4, bytes).map(drop),
    };
    for (at, bytes) in whole.iter().enumerate() {
        read(at, bytes).unwrap();
        for length in 0..bytes.len() {
            assert!(
                matches!(read(at, &bytes[..length]), Err(StoreError::Damaged(_))),
                "{at} {length}"
            );
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(
            matches!(read(at, &longer), Err(StoreError::Damaged(_))),
            "{at} longer"
        );
    }
}

#[test]
fn numbers_of_every_size_come_back() {
    for number in [0, 1, 127, 128, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
        let mut bytes = vec![VERSION];
        put_varint(&mut bytes, number);
        assert_eq!(revision_from(&bytes).unwrap(), number);
    }
    let mut too_large = vec![VERSION];
    too_large.extend([0xFF; 9]);
    too_large.push(0x02);
    assert!(revision_from(&too_large).is_err());
    assert!(events_from(1, b"\x01\xff\xff\xff\xff\x7f").is_err());
}
