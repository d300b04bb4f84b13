//! A disk that keeps what was synced and does what it likes with the rest.
//!
//! Under it runs the real log, and before an engine that behaves as badly as one may: of what was
//! applied and not persisted it keeps any part, in any mixture. After each cut everything that was
//! acknowledged must be there, whole and in order, and nothing that contradicts it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use store::Op;

use super::{Disk, DiskFile, Log, LogError, RECORDS_AT, Sealed};

const SECTOR: usize = 512;
const SEGMENT_BYTES: u64 = 4 << 10;

/// Cuts in the test below. `TOWPATH_POWER_CUTS` sets another number.
const CUTS: u64 = 20_000;

/// xorshift64*: the test needs no more, and a seed repeats a run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 33) % bound
    }
}

#[derive(Clone, Default)]
struct Content {
    /// What the platter holds.
    synced: Vec<u8>,
    /// Writes since the last sync, in order.
    pending: Vec<(u64, Vec<u8>)>,
}

impl Content {
    fn write(into: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
        let end = offset as usize + bytes.len();
        if into.len() < end {
            into.resize(end, 0);
        }
        into[offset as usize..end].copy_from_slice(bytes);
    }

    fn seen(&self) -> Vec<u8> {
        let mut seen = self.synced.clone();
        for (offset, bytes) in &self.pending {
            Self::write(&mut seen, *offset, bytes);
        }
        seen
    }

    /// Each sector that was written and not synced is as it was, or as it was written, or as one of
    /// the writes in between left it.
    fn cut(&mut self, dice: &mut Dice) {
        let mut pending = std::mem::take(&mut self.pending);
        // Reordered: a later write may be all that is left.
        for at in (1..pending.len()).rev() {
            pending.swap(at, dice.below(at as u64 + 1) as usize);
        }
        for (offset, bytes) in pending {
            let mut at = 0;
            while at < bytes.len() {
                let sector_end = SECTOR - (offset as usize + at) % SECTOR;
                let end = (at + sector_end).min(bytes.len());
                if dice.below(2) == 0 {
                    Self::write(&mut self.synced, offset + at as u64, &bytes[at..end]);
                }
                at = end;
            }
        }
    }
}

#[derive(Default)]
struct Shared {
    files: BTreeMap<u32, Content>,
    /// Syncs from now on until the power goes, in the middle of that one.
    syncs_left: Option<u64>,
    /// A disk that says it has synced and has not.
    syncs_are_lies: bool,
}

#[derive(Clone, Default)]
struct CutDisk(Arc<Mutex<Shared>>);

struct CutFile(Arc<Mutex<Shared>>, u32);

impl Disk for CutDisk {
    type File = CutFile;

    fn list(&self) -> io::Result<Vec<u32>> {
        Ok(self.0.lock().unwrap().files.keys().copied().collect())
    }

    fn open(&self, number: u32) -> io::Result<CutFile> {
        Ok(CutFile(Arc::clone(&self.0), number))
    }

    fn create(&self, number: u32, bytes: u64) -> io::Result<CutFile> {
        let content = Content {
            synced: vec![0; bytes as usize],
            pending: Vec::new(),
        };
        self.0.lock().unwrap().files.insert(number, content);
        self.open(number)
    }
}

impl DiskFile for CutFile {
    fn read_all(&self) -> io::Result<Vec<u8>> {
        Ok(self.0.lock().unwrap().files[&self.1].seen())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut shared = self.0.lock().unwrap();
        let file = shared.files.get_mut(&self.1).unwrap();
        file.pending.push((offset, bytes.to_vec()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut shared = self.0.lock().unwrap();
        if let Some(left) = &mut shared.syncs_left {
            if *left == 0 {
                return Err(io::Error::other("the power is gone"));
            }
            *left -= 1;
        }
        if !shared.syncs_are_lies {
            let file = shared.files.get_mut(&self.1).unwrap();
            file.synced = file.seen();
            file.pending.clear();
        }
        Ok(())
    }
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// An engine of the worst kind that is allowed.
#[derive(Default)]
struct Engine {
    durable: Rows,
    /// Sets of writes applied since it last persisted.
    loose: Vec<Vec<Op>>,
}

impl Engine {
    fn persist(&mut self) {
        for ops in std::mem::take(&mut self.loose) {
            write(&mut self.durable, &ops);
        }
    }

    /// Any of the loose sets may be on disk, whatever came before them is not.
    fn cut(&mut self, dice: &mut Dice) {
        for ops in std::mem::take(&mut self.loose) {
            if dice.below(2) == 0 {
                write(&mut self.durable, &ops);
            }
        }
    }
}

fn write(rows: &mut Rows, ops: &[Op]) {
    for op in ops {
        match op {
            Op::Put(key, value) => drop(rows.insert(key.clone(), value.clone())),
            Op::Delete(key) => drop(rows.remove(key)),
        }
    }
}

/// A few writes to a few keys; the values tell which group wrote them.
fn some_ops(dice: &mut Dice, group: u64) -> Vec<Op> {
    let mut ops = BTreeMap::new();
    for _ in 0..1 + dice.below(4) {
        let key = dice.below(12).to_be_bytes().to_vec();
        let value = (dice.below(4) > 0).then(|| {
            let mut value = group.to_be_bytes().to_vec();
            value.resize(8 + dice.below(900) as usize, group as u8);
            value
        });
        ops.insert(key, value);
    }
    let op = |(key, value)| match value {
        Some(value) => Op::Put(key, value),
        None => Op::Delete(key),
    };
    ops.into_iter().map(op).collect()
}

/// What a run of cuts came to.
#[derive(Default)]
struct Outcome {
    acknowledged: u64,
    segments_freed: u64,
    mid_sync: u64,
    mid_recovery: u64,
    closed: u64,
}

fn recover(disk: &CutDisk, engine: &mut Engine) -> Result<Log<CutDisk>, LogError> {
    // The engine cannot know better: whatever it says it has, the log's own order decides.
    let applied = u64::MAX - 1;
    let replay = |_, ops| {
        engine.loose.push(ops);
        Ok::<_, LogError>(())
    };
    let recovered = Log::recover(disk.clone(), SEGMENT_BYTES, applied, replay)?;
    engine.persist();
    recovered.finish()
}

/// Runs until `cuts` cuts have happened, and checks after each; the error says what was lost.
fn run(seed: u64, cuts: u64, syncs_are_lies: bool) -> Result<Outcome, String> {
    let mut dice = Dice(seed);
    let disk = CutDisk::default();
    let mut engine = Engine::default();
    let mut log = Log::create(disk.clone(), SEGMENT_BYTES).unwrap();
    disk.0.lock().unwrap().syncs_are_lies = syncs_are_lies;
    // What must be there: after each group.
    let mut expected = Rows::new();
    let mut outcome = Outcome::default();
    for cut in 0..cuts {
        let syncs = dice.below(80);
        disk.0.lock().unwrap().syncs_left = Some(syncs);
        let mut attempted = None;
        let mut is_on = true;
        let mut sealed: Vec<Sealed<CutFile>> = Vec::new();
        for _ in 0..dice.below(60) {
            let group = log.last_group() + 1;
            let ops = some_ops(&mut dice, group);
            match log.append(&ops) {
                Ok(appended) => {
                    assert_eq!(appended.group, group);
                    outcome.acknowledged += 1;
                    write(&mut expected, &ops);
                    engine.loose.push(ops);
                    sealed.extend(appended.sealed);
                }
                Err(_) => {
                    outcome.mid_sync += 1;
                    attempted = Some(ops);
                    break;
                }
            }
            // The engine lags, and frees one segment or several at a time.
            if !sealed.is_empty() && dice.below(6) == 0 {
                engine.persist();
                for segment in sealed.drain(..) {
                    outcome.segments_freed += 1;
                    is_on &= log.segments().free(segment).is_ok();
                    if !is_on {
                        break;
                    }
                }
            }
        }
        // Now and then the store was closed before the power went, or was about to be.
        if is_on && attempted.is_none() && dice.below(2) == 0 {
            engine.persist();
            let is_free = |segment| log.segments().free(segment).is_ok();
            if sealed.into_iter().all(is_free) {
                outcome.closed += u64::from(log.restart().is_ok());
            }
        }
        drop(log);
        log = loop {
            {
                let mut shared = disk.0.lock().unwrap();
                shared
                    .files
                    .values_mut()
                    .for_each(|file| file.cut(&mut dice));
                // It may go again while the log is being read and begun anew.
                shared.syncs_left = (dice.below(3) == 0).then(|| dice.below(4));
            }
            engine.cut(&mut dice);
            match recover(&disk, &mut engine) {
                Ok(log) => break log,
                Err(LogError::Io(_)) => outcome.mid_recovery += 1,
                Err(LogError::Damaged(what)) => return Err(format!("cut {cut}: {what}")),
            }
        };
        if engine.durable != expected {
            // What was being synced when the power went may be there or not, but wholly.
            let mut with = expected.clone();
            attempted.iter().for_each(|ops| write(&mut with, ops));
            if engine.durable != with {
                return Err(format!("cut {cut}: rows differ"));
            }
            expected = with;
        }
    }
    Ok(outcome)
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_goes() {
    let cuts = std::env::var("TOWPATH_POWER_CUTS");
    let cuts = cuts.map_or(CUTS, |cuts| cuts.parse().unwrap());
    let outcome = run(0x5EED, cuts, false).unwrap();
    println!(
        "{cuts} cuts, {} in the middle of a commit, and {} in the middle of a start; \
         {} commits acknowledged, {} segments used again",
        outcome.mid_sync, outcome.mid_recovery, outcome.acknowledged, outcome.segments_freed
    );
    assert!(outcome.acknowledged > cuts * 10, "{}", outcome.acknowledged);
    assert!(outcome.mid_sync > cuts / 4, "{}", outcome.mid_sync);
    assert!(outcome.mid_recovery > cuts / 30, "{}", outcome.mid_recovery);
    assert!(outcome.closed > cuts / 20, "{}", outcome.closed);
    assert!(outcome.segments_freed > cuts, "{}", outcome.segments_freed);
}

#[test]
fn a_disk_that_does_not_sync_is_caught() {
    for seed in 1..20 {
        assert!(
            run(seed, 100, true).is_err(),
            "seed {seed}: nothing was lost"
        );
    }
}

#[test]
fn a_flipped_bit_in_what_was_synced_is_refused_or_without_effect() {
    let disk = CutDisk::default();
    let mut log = Log::create(disk.clone(), SEGMENT_BYTES).unwrap();
    let mut dice = Dice(9);
    let mut written = Vec::new();
    while log.current.end < 3_000 {
        let ops = some_ops(&mut dice, log.last_group() + 1);
        log.append(&ops).unwrap();
        written.push(ops);
    }
    let end = log.current.end;
    let whole = disk.0.lock().unwrap().files.clone();
    let recovered = |files: BTreeMap<u32, Content>| {
        disk.0.lock().unwrap().files = files;
        let mut groups = Vec::new();
        let log: Result<_, LogError> = Log::recover(disk.clone(), SEGMENT_BYTES, 0, |_, ops| {
            groups.push(ops);
            Ok(())
        });
        log.map(|_| groups)
    };
    assert_eq!(recovered(whole.clone()).unwrap(), written);
    for at in 0..end as usize * 8 {
        let mut files = whole.clone();
        files.get_mut(&0).unwrap().synced[at / 8] ^= 1 << (at % 8);
        if let Ok(groups) = recovered(files) {
            // The last group is the one that cannot be told from one the power cut short. The store
            // has a witness beside the log for that.
            let in_last = at / 8 >= RECORDS_AT as usize && groups == written[..written.len() - 1];
            assert!(groups == written || in_last, "bit {at}");
        }
    }
}
