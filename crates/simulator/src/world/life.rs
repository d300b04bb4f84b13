//! The life of a world: first anything may happen, then faults end and everything must.

use engine::Message;

use super::World;
use crate::checkers::books::is_last_resort;
use crate::note;
use crate::{checkers, violated};

/// How late a wake-up comes at most, in true milliseconds.
const TICK_LATE_MS: i64 = 50;

/// How long the quiet part may take, in true time. The longest chain of waits, timeouts and retries
/// that a definition here can ask for is shorter.
const QUIET_MS_MAX: i64 = 4 * 3_600_000;

/// Most rounds of the quiet part. Windows over timers that are a second wide are read twice a second.
const QUIET_ROUNDS_MAX: u32 = 200_000;

/// Most seconds for a sweep of what is left at the end: a few hundred executions.
const SWEEP_ROUNDS_MAX: u32 = 600;

impl World {
    /// From beginning to end.
    pub fn live(&mut self) {
        self.set_up();
        for _ in 0..self.options.steps {
            self.step();
        }
        self.grow_quiet();
        self.tally.seeds = 1;
        self.tally.simulated_ms = self.clock.true_ms;
        let gone = &self.ledger.gone.accounts;
        self.tally.executions = (self.ledger.accounts.len() + gone.len()) as u64;
        self.tally.events = self
            .ledger
            .accounts
            .values()
            .chain(gone.values())
            .map(|account| account.written.len() as u64)
            .sum();
        if self.is_broken("r48") {
            let runs = checkers::determinism::count_runs();
            note!(self, "run {runs} of this thread");
        }
    }

    fn step(&mut self) {
        if std::mem::take(&mut self.ends_now) {
            self.tally.fault("crash after an answer");
            self.crash("just after an answer");
        }
        self.do_what_presses();
        match self.dice.roll(100) {
            0..14 => {
                let most = 1 + self.dice.index(self.process.handed.len().max(1));
                self.sync(most);
            }
            14..30 => drop(self.tell_next()),
            30..42 => drop(self.release_next()),
            42..48 if !self.process.loads.is_empty() => {
                let at = self.dice.index(self.process.loads.len());
                self.load_one(at);
            }
            48..55 if !self.process.deliveries.is_empty() => {
                let at = self.dice.index(self.process.deliveries.len());
                self.deliver_one(at);
            }
            55..58 => self.tick_when_due(0),
            // What is on its way is so for a moment only: readers seldom come at that by chance.
            58..66 if !self.process.deliveries.is_empty() => self.look_at_a_doubt(),
            58..70 => self.let_time_pass(),
            70..72 => self.something_goes_wrong(),
            72 if self.dice.chance(25) => {
                self.drain();
                self.check_at_rest();
            }
            _ => self.somebody_acts(),
        }
        self.clock.true_ms += self.dice.span(0, 2);
    }

    /// Whatever has waited for as long as anything may.
    fn do_what_presses(&mut self) {
        let now_ms = self.clock.true_ms;
        while self.process.pressing_ms().is_some_and(|by| by <= now_ms) {
            self.do_something_owed();
        }
        self.tick_when_due(TICK_LATE_MS);
    }

    /// One of the things that are on their way.
    fn do_something_owed(&mut self) {
        if !self.process.deliveries.is_empty() {
            self.deliver_one(0);
        } else if self.tell_next() || self.release_next() {
        } else if !self.process.handed.is_empty() {
            self.sync(usize::MAX);
        } else if !self.process.loads.is_empty() {
            self.load_one(0);
        }
    }

    /// Until nothing is on its way.
    pub fn drain(&mut self) {
        while !self.process.rests() {
            self.do_something_owed();
        }
    }

    /// Wakes the shard when it wants to be woken, up to so much later.
    fn tick_when_due(&mut self, late_ms: i64) {
        let late_ms = if self.is_broken("r28") {
            60_000
        } else {
            late_ms
        };
        while self
            .next_due_ms()
            .is_some_and(|due| due <= self.clock.true_ms)
        {
            // A timer that follows the wall clock is due "now" for as long as nobody looks.
            let since_ms = *self.due_since_ms.get_or_insert(self.clock.true_ms);
            if since_ms + late_ms > self.clock.true_ms {
                return;
            }
            self.due_since_ms = None;
            self.tell(Message::Tick);
        }
        self.due_since_ms = None;
    }

    fn let_time_pass(&mut self) {
        let ms = match self.dice.roll(10) {
            0..5 => self.dice.span(1, 300),
            5..8 => {
                self.drain();
                self.dice.span(1, 5_000)
            }
            _ => {
                self.drain();
                self.dice.span(1, 40_000)
            }
        };
        self.pass(ms);
    }

    /// Time passes, but never past the moment by which something must have happened.
    fn pass(&mut self, ms: i64) {
        let to_ms = self.clock.true_ms + ms;
        while self.clock.true_ms < to_ms {
            let due_ms = match self.due_since_ms {
                Some(since_ms) => Some(since_ms + TICK_LATE_MS),
                None => self.next_due_ms(),
            };
            let next_ms = [due_ms, self.process.pressing_ms(), Some(to_ms)]
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(to_ms);
            self.clock.true_ms = next_ms.clamp(self.clock.true_ms + 1, to_ms.max(next_ms));
            self.do_what_presses();
        }
    }

    fn something_goes_wrong(&mut self) {
        match self.dice.roll(100) {
            0..35 => {
                self.tally.fault("crash in the middle");
                self.crash("in the middle");
            }
            35..60 => {
                let survive = self.dice.index(self.process.handed.len() + 1);
                self.store.fail_next_group_after(survive);
                self.sync(usize::MAX);
                self.store.forget_faults();
            }
            60..66 => {
                self.tally.fault("server told to stop");
                self.stop_server();
            }
            66..83 => self.set_the_wall_clock(-1),
            _ => self.set_the_wall_clock(1),
        }
    }

    fn set_the_wall_clock(&mut self, direction: i64) {
        let most_ms = [1_000, 60_000, 3_600_000, 31_536_000_000];
        let most_ms = most_ms[self.dice.index(most_ms.len())];
        let jump_ms = direction * self.dice.span(1, most_ms);
        // A year either way, not a year at each jump.
        let error_ms = self.clock.wall_error_ms() + jump_ms;
        self.clock
            .set_wall_error(error_ms.clamp(-31_536_000_000, 31_536_000_000));
        note!(self, "the wall clock jumps by {jump_ms} ms");
        self.tally.fault(if direction < 0 {
            "wall clock set back"
        } else {
            "wall clock set forward"
        });
    }

    /// Between two processes: a moment or some minutes, and the machine's clock may be set meanwhile.
    pub fn down_time(&mut self) {
        let most_ms = if self.dice.chance(20) { 100_000 } else { 2_000 };
        self.clock.true_ms += self.dice.span(0, most_ms);
        if !self.quiet && self.dice.chance(10) {
            let direction = if self.dice.chance(50) { 1 } else { -1 };
            self.set_the_wall_clock(direction);
        }
    }

    /// Faults end. Whoever never heard of a start asks again, workers do all there is, and every
    /// execution must come to its end.
    fn grow_quiet(&mut self) {
        note!(self, "quiet");
        self.quiet = true;
        self.clock.set_wall_error(0);
        self.check_everything();
        self.make_activities();
        self.drain();
        for at in self.unanswered_starts() {
            self.start_again(at);
        }
        self.drain();
        let until_ms = self.clock.true_ms + QUIET_MS_MAX;
        for _ in 0..QUIET_ROUNDS_MAX {
            if self
                .ledger
                .accounts
                .values()
                .all(|account| account.status != 0)
            {
                break;
            }
            if self.clock.true_ms > until_ms {
                break;
            }
            self.everybody_works();
            self.drain();
            self.stop_what_cannot_go_on();
            self.drain();
            let ms = self
                .next_due_ms()
                .map_or(1_000, |due| due - self.clock.true_ms);
            self.pass(ms.clamp(1, 5_000));
        }
        self.drain();
        self.sweep_all();
        self.check_at_rest();
        self.check_everything();
        self.check_all_closed();
    }

    /// R40: where a limit in bytes holds, what is closed comes under it.
    fn sweep_all(&mut self) {
        let most = match self.ledger.retention.bytes {
            0 => return,
            most => most,
        };
        for _ in 0..SWEEP_ROUNDS_MAX {
            if self.process.shard.gauges().closed_bytes <= most {
                return;
            }
            self.pass(1_000);
            self.drain();
        }
        let bytes = self.process.shard.gauges().closed_bytes;
        violated!(self, 40, "{bytes} bytes are closed, {most} may be");
    }

    fn everybody_works(&mut self) {
        for at in 0..self.cast.workers.len() {
            while !self.cast.workers[at].held.is_empty() {
                self.finish(at, 0);
            }
            if self.cast.workers[at].polls.is_empty() {
                self.poll(at);
            }
        }
    }

    /// Tasks whose workers are gone, without a timeout: nobody can ever close them but an operator.
    fn stop_what_cannot_go_on(&mut self) {
        let stuck: Vec<String> = self
            .ledger
            .accounts
            .iter()
            .filter(|(id, account)| {
                account.status == 0
                    && account.timers.values().all(|(row, _)| is_last_resort(row))
                    && !account.tasks.is_empty()
                    && account.tasks.values().all(|row| row.handed_out)
                    && !self
                        .cast
                        .workers
                        .iter()
                        .any(|worker| worker.held.iter().any(|held| held.execution == **id))
            })
            .map(|(_, account)| account.arn.clone())
            .collect();
        for arn in stuck {
            note!(self, "nobody can end {arn}");
            self.stop(&arn);
        }
    }

    fn check_all_closed(&mut self) {
        let open: Vec<String> = self
            .ledger
            .accounts
            .values()
            .filter(|account| account.status == 0)
            .map(|account| {
                format!(
                    "{} is still open, with {} timers and {} tasks",
                    account.arn,
                    account.timers.len(),
                    account.tasks.len()
                )
            })
            .collect();
        for what in open {
            violated!(
                self,
                28,
                "{what}, {} s into the quiet",
                self.clock.true_ms / 1000
            );
        }
    }
}
