//! Commands that stand for functions: run on a thread, and ended when nobody waits any more.

use std::sync::mpsc::Sender as EventSender;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::command::{Event, Recipe, Remains, channel};

/// How a run ended.
pub(super) enum Run {
    Ended(Remains),
    /// It was ended after its time.
    TimedOut,
    /// It could not be started, or not be followed.
    Impossible(String),
}

/// Commands at work, so that a server that stops can wait until all are gone.
#[derive(Debug, Default)]
pub(super) struct AtWork {
    count: Mutex<usize>,
    changed: Condvar,
}

/// One of them.
struct Place(Arc<AtWork>);

/// Dropped, it ends the command: its state timed out, or its execution was stopped.
struct Attended(EventSender<Event>);

impl AtWork {
    /// Waits until none is at work, for some time.
    pub(super) fn wait(&self, time: Duration) {
        let count = self.count.lock().unwrap_or_else(|it| it.into_inner());
        // Whether in time or not, there is nothing more to be done.
        drop(
            self.changed
                .wait_timeout_while(count, time, |count| *count > 0),
        );
    }

    fn change(&self, change: impl FnOnce(&mut usize)) {
        change(&mut self.count.lock().unwrap_or_else(|it| it.into_inner()));
        self.changed.notify_all();
    }
}

impl Place {
    fn take(at_work: &Arc<AtWork>) -> Place {
        at_work.change(|count| *count += 1);
        Place(Arc::clone(at_work))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.change(|count| *count -= 1);
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        // Nobody listens when it has ended already.
        let _ = self.0.send(Event::Abort);
    }
}

/// Runs a command once. Dropped before its end, the command and what it started are ended.
pub(super) async fn run(
    recipe: Arc<Recipe>,
    input: Vec<u8>,
    variables: Vec<(&'static str, String)>,
    time: Duration,
    at_work: &Arc<AtWork>,
) -> Run {
    let (sender, receiver) = channel();
    let attended = Attended(sender.clone());
    let (done, ended) = oneshot::channel();
    let place = Place::take(at_work);
    let attend = move || {
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        // Who waited may have gone.
        let _ = done.send(attend(&recipe, input, &variables, time, (sender, receiver)));
        drop(place);
    };
    let started = thread::Builder::new()
        .name("function".to_owned())
        .spawn(attend);
    if let Err(error) = started {
        return Run::Impossible(format!("no thread can be started: {error}"));
    }
    let run = ended.await;
    drop(attended);
    run.unwrap_or_else(|_| Run::Impossible("the thread that attended to it has failed".to_owned()))
}

fn attend(
    recipe: &Recipe,
    input: Vec<u8>,
    variables: &[(&str, &str)],
    time: Duration,
    channel: (EventSender<Event>, std::sync::mpsc::Receiver<Event>),
) -> Run {
    let deadline = (recipe.ticks)() + time;
    let mut running = match recipe.start(input, variables, channel) {
        Ok(running) => running,
        Err(error) => return Run::Impossible(format!("{}: {error}", recipe.program.display())),
    };
    loop {
        match running.next(Some(deadline)) {
            Some(Event::OutputEnded) => {}
            Some(Event::Exited) => {
                return match running.remains() {
                    Ok(remains) => Run::Ended(remains),
                    Err(error) => Run::Impossible(error.to_string()),
                };
            }
            None | Some(Event::Abort) => {
                running.end();
                return Run::TimedOut;
            }
        }
    }
}
