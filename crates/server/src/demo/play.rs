//! The demo from beginning to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{CALL_TIMEOUT, Client, ClientArgs, ClientError, Environment};

use super::cast::Cast;
use super::definition::definition;
use super::files::DemoFile;
use super::progress::{Counts, Progress};
use super::starts::Starts;
use super::verify::{self, Findings};
use super::{DemoArgs, DemoError};

/// How long a server may take to answer its first call.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing may start or close before what is open counts as stuck. A healthy run is never
/// silent for longer than a heartbeat and a retry take.
const STUCK_PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at how far it is.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Most entries of a page. Source: service model, `PageSize`.
const PAGE_ENTRIES_MAX: usize = 1000;
/// Nobody assumes it here; the API demands one.
const ROLE_ARN: &str = "arn:aws:iam::000000000000:role/towpath-demo";

/// What happened around the kill.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill {
    /// Starts that were acknowledged before it.
    pub acknowledged_before: usize,
    /// Executions that had closed before it, as far as the last look showed.
    pub closed_before: usize,
    /// From the kill to the first answer after it.
    pub away: Duration,
}

/// Plays the demo. Whatever happens, its processes and its folder are gone when this returns.
pub(super) fn play(
    args: &DemoArgs,
    files: &[DemoFile],
    interrupted: &AtomicBool,
) -> Result<Findings, DemoError> {
    let began = Instant::now();
    let mut progress = Progress::new();
    let mut cast = Cast::new()?;
    let client = client(&cast)?;
    cast.start_server()?;
    wait_for_server(&mut cast, &client, interrupted)?;
    progress.event(&format!(
        "a server at {}, {} files, {} workers that read {} at once",
        cast.endpoint_url(),
        files.len(),
        args.workers,
        args.concurrency
    ));

    let activity = json!({ "name": "read-file" });
    let activity_arn = created(&client, "CreateActivity", &activity, "activityArn")?;
    let state_machine = json!({
        "name": "read-files",
        "definition": definition(&activity_arn).to_string(),
        "roleArn": ROLE_ARN,
    });
    let state_machine_arn = created(
        &client,
        "CreateStateMachine",
        &state_machine,
        "stateMachineArn",
    )?;
    cast.start_workers(args, &activity_arn)?;

    let stop = AtomicBool::new(false);
    let starts = Starts::new(&client, files, &state_machine_arn, &stop);
    let kill = thread::scope(|scope| {
        starts.spawn(scope);
        let watch = Watch {
            client: &client,
            starts: &starts,
            files: files.len(),
            interrupted,
        };
        let watched = watch.until_closed(&mut cast, &mut progress, &state_machine_arn);
        // Also when it went wrong: the scope waits for the threads.
        stop.store(true, Ordering::Relaxed);
        watched
    })?;

    progress.event("asking for every execution and its history");
    let (acknowledged, refused) = starts.into_results();
    let listed = list(&client, &state_machine_arn).map_err(|source| DemoError::Call {
        operation: "ListExecutions",
        source,
    })?;
    let mut findings = verify::verify(&client, files, &acknowledged, &listed, interrupted)?;
    findings.wrong.extend(refused);
    findings.kill = Some(kill);
    findings.took = began.elapsed();
    Ok(findings)
}

/// Asks without the caller's own settings: this server knows nobody.
fn client(cast: &Cast) -> Result<Client, DemoError> {
    let args = ClientArgs {
        endpoint_url: Some(cast.endpoint_url()),
        ..ClientArgs::default()
    };
    Client::new(&args, &Environment::default(), None).map_err(|source| DemoError::Call {
        operation: "a client",
        source,
    })
}

fn created(
    client: &Client,
    operation: &'static str,
    input: &Value,
    member: &'static str,
) -> Result<String, DemoError> {
    let answer = client
        .call(operation, input, CALL_TIMEOUT)
        .map_err(|source| DemoError::Call { operation, source })?;
    let arn = answer.get(member).and_then(Value::as_str);
    arn.map(str::to_owned)
        .ok_or(DemoError::Answer { operation, member })
}

fn check(interrupted: &AtomicBool) -> Result<(), DemoError> {
    if interrupted.load(Ordering::Relaxed) {
        Err(DemoError::Interrupted)
    } else {
        Ok(())
    }
}

fn wait_for_server(
    cast: &mut Cast,
    client: &Client,
    interrupted: &AtomicBool,
) -> Result<(), DemoError> {
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        let error = match client.call("ListActivities", &json!({}), CALL_TIMEOUT) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        check(interrupted)?;
        cast.check_server()?;
        if Instant::now() > deadline {
            return Err(cast.server_error(&format!("the server does not answer: {error}")));
        }
        thread::sleep(LOOK_INTERVAL / 5);
    }
}

/// An execution as `ListExecutions` has it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
}

/// All executions of the state machine, page by page.
fn list(client: &Client, state_machine_arn: &str) -> Result<Vec<Listed>, ClientError> {
    let mut listed = Vec::new();
    let mut input = json!({ "stateMachineArn": state_machine_arn, "maxResults": PAGE_ENTRIES_MAX });
    loop {
        let answer = client.call("ListExecutions", &input, CALL_TIMEOUT)?;
        for entry in answer["executions"].as_array().into_iter().flatten() {
            let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
            listed.push(Listed {
                name: text("name"),
                status: text("status"),
            });
        }
        match answer.get("nextToken").filter(|token| !token.is_null()) {
            Some(token) => input["nextToken"] = token.clone(),
            None => return Ok(listed),
        }
    }
}

struct Watch<'a> {
    client: &'a Client,
    starts: &'a Starts<'a>,
    files: usize,
    interrupted: &'a AtomicBool,
}

impl Watch<'_> {
    /// Looks until every execution has closed, and kills the server when half of them have started.
    fn until_closed(
        &self,
        cast: &mut Cast,
        progress: &mut Progress,
        state_machine_arn: &str,
    ) -> Result<Kill, DemoError> {
        let mut kill = None;
        let mut last = (Instant::now(), Counts::default());
        loop {
            check(self.interrupted)?;
            cast.check_server()?;
            // A server that has just died by itself says more than the call that it did not answer.
            let counts = self.look(state_machine_arn).or_else(|error| {
                cast.check_server()?;
                Err(error)
            })?;
            progress.show(counts);
            let closed = counts.succeeded + counts.failed;
            let half = self.files.div_ceil(2);
            match kill {
                None if counts.started >= half => {
                    kill = Some(self.kill(cast, progress, counts)?);
                }
                Some(kill) if self.starts.ended() == self.files && closed >= counts.started => {
                    progress.finish(counts);
                    return Ok(kill);
                }
                _ => {}
            }
            if counts != last.1 {
                last = (Instant::now(), counts);
            } else if last.0.elapsed() > STUCK_PATIENCE {
                // What is stuck will be found to be, one by one.
                progress.finish(counts);
                return kill.ok_or_else(|| cast.server_error("the starts do not get on"));
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    fn look(&self, state_machine_arn: &str) -> Result<Counts, DemoError> {
        let listed = list(self.client, state_machine_arn).map_err(|source| DemoError::Call {
            operation: "ListExecutions",
            source,
        })?;
        let of = |status: &str| listed.iter().filter(|entry| entry.status == status).count();
        Ok(Counts {
            files: self.files,
            started: self.starts.acknowledged(),
            succeeded: of("SUCCEEDED"),
            failed: listed.len() - of("SUCCEEDED") - of("RUNNING"),
        })
    }

    fn kill(
        &self,
        cast: &mut Cast,
        progress: &mut Progress,
        counts: Counts,
    ) -> Result<Kill, DemoError> {
        cast.kill_server();
        let killed = Instant::now();
        // No later answer comes; one that came just before may not be counted yet.
        let acknowledged_before = self.starts.acknowledged();
        let closed_before = counts.succeeded + counts.failed;
        progress.event(&format!(
            "server killed with SIGKILL: {acknowledged_before} started, {closed_before} closed"
        ));
        cast.start_server()?;
        wait_for_server(cast, self.client, self.interrupted)?;
        let away = killed.elapsed();
        progress.event(&format!(
            "server back on the same folder after {:.2} s",
            away.as_secs_f64()
        ));
        Ok(Kill {
            acknowledged_before,
            closed_before,
            away,
        })
    }
}
