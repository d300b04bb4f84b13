//! `towpath watch`: how far an execution or a map run is, until it is over.
//!
//! It asks the public operations now and then, so it works against any endpoint, AWS included. What was
//! seen is in [`sight`], what is made of it in [`lines`]; [`screen`] draws bars at a terminal and writes
//! plain lines anywhere else.

mod lines;
mod pace;
mod screen;
mod sight;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::client::{Advice, Client, ClientArgs, ClientError, Environment};
use pace::Paces;
use screen::Screen;
use sight::{Eyes, Target};

/// It ended otherwise than with success.
const EXIT_FAILED: u8 = 1;
/// There is nothing that could be watched.
const EXIT_USAGE: u8 = 2;

/// Longest interval, in seconds.
const INTERVAL_SECONDS_MAX: f64 = 3_600.0;

/// Watch an execution or a map run until it is over
///
/// Shows the status, the state it is in, and a bar for each map run: items done, failed and running, how
/// many a second, and the time left. Where stdout is no terminal it prints a line whenever something has
/// changed. A server that restarts meanwhile is waited for.
///
/// Exits with 0 when it succeeded, 1 when it failed, timed out or was stopped, 2 when there is nothing to
/// watch.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// ARN of the execution or of the map run
    #[arg(value_name = "ARN", value_parser = Target::of)]
    target: Target,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = interval)]
    interval: Duration,
    #[command(flatten)]
    client: ClientArgs,
}

fn interval(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.01..=INTERVAL_SECONDS_MAX).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(format!("must be 0.01 to {INTERVAL_SECONDS_MAX} seconds")),
    }
}

/// Watches to the end.
pub fn run(args: WatchArgs) -> ExitCode {
    let environment = Environment::of_process();
    let client = match Client::new(&args.client, &environment, Some(args.target.arn())) {
        Ok(client) => client,
        Err(error) => return nothing(&error),
    };
    let mut eyes = Eyes::new(client.clone(), args.target);
    let (mut paces, mut screen) = (Paces::default(), Screen::new());
    let mut has_seen = false;
    loop {
        match eyes.look() {
            Ok(sight) => {
                has_seen = true;
                paces.note(&sight, Instant::now());
                screen.show(&lines::of(&sight, &paces));
                if let Some(is_success) = sight.is_over() {
                    screen.finish();
                    return match is_success {
                        true => ExitCode::SUCCESS,
                        false => ExitCode::from(EXIT_FAILED),
                    };
                }
            }
            // Who was there before will come back.
            Err(error) if has_seen && error.advice() != Advice::GiveUp => {
                client.forget_credentials();
                screen.note(&format!("waiting for {}: {error}", client.endpoint_url()));
            }
            Err(error) => return nothing(&error),
        }
        thread::sleep(args.interval);
    }
}

fn nothing(error: &ClientError) -> ExitCode {
    eprintln!("towpath watch: {error}");
    ExitCode::from(EXIT_USAGE)
}
