//! What the sweep of closed executions takes from those that run, and whether the disk gets its space back.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::connection::Connection;
use super::figures::Figures;
use super::passes::{self, STARTERS};
use super::service::{Service, cpu_time};
use super::{Scale, Subject, throughput};
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// A limit that is reached within seconds.
const STEADY: &str = "20MB";
/// The same as the metric counts.
const STEADY_BYTES: f64 = 20e6;
/// A limit that leaves next to nothing of what was there before.
const TINY: &str = "100KB";
/// Workers that complete tasks of the one activity.
const WORKERS: usize = 64;
/// Times that the folder is looked at.
const LOOKS: u32 = 24;
/// Longest wait for a limit to be reached.
const PATIENCE: Duration = Duration::from_secs(120);

/// The live rate with as much going as comes, in turn with that without retention; then with a large
/// backlog going; and the folder under a load that goes on.
pub fn beside_executions(
    subject: &Subject,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let flags = |bytes: &str| ["--retention", "0", "--retention-bytes", bytes].map(str::to_owned);
    // Without flags nothing goes for 90 days.
    let mut without = subject.start_beside()?;
    let server = subject.start_with(&flags(STEADY))?;
    let began = Instant::now();
    while closed_bytes(&server)? < STEADY_BYTES * 0.9 {
        if began.elapsed() > PATIENCE {
            return Err("the limit in bytes is not reached".into());
        }
        load(&server, scale)?;
    }
    let part = Scale {
        throughput_time: scale.throughput_time / 2,
        // What stands beside these is the other server, not the machine.
        limit_time: scale.limit_time / 10,
        ..*scale
    };
    let mut rounds = Vec::new();
    for number in 0..scale.rounds {
        let mut round = Figures::default();
        let both = [
            (&without, ", no retention"),
            (&server, ", as much going as comes"),
        ];
        // Each comes first as often as the other, for what they do in the background afterwards.
        for turn in 0..2 {
            let (server, remark) = both[(number + turn) % 2];
            live(server, remark, &part, &mut round)?;
        }
        beside(", as much going as comes", &mut round);
        rounds.push(round);
    }
    figures.append(Figures::medians(&rounds));

    // What was begun until now is the backlog.
    without.start_again_with(&flags(TINY))?;
    let before = closed_bytes(&without)?;
    live(&without, ", a backlog going", scale, figures)?;
    let after = closed_bytes(&without)?;
    figures.note_beside("bytes of the backlog, after and before", after, "B", before);
    beside(", a backlog going", figures);
    drop(without);
    space(&server, scale, figures)
}

/// Executions of five Pass states, and of one activity.
fn live(
    server: &ServerUnderTest,
    remark: &str,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let (cpu, began) = (cpu_time(server.pid())?, Instant::now());
    let count = load(server, scale)?;
    let took = began.elapsed();
    let cpu = cpu_time(server.pid())?.saturating_sub(cpu);
    figures.note(passes_name(remark), count / took.as_secs_f64(), "/s");
    let each = cpu.as_secs_f64() * 1e3 / count;
    figures.note(passes_cpu_name(remark), each, "ms");
    throughput::executions(server, WORKERS, remark, scale, figures)
}

/// Starts executions of five Pass states for a while: how many.
fn load(server: &ServerUnderTest, scale: &Scale) -> Result<f64, Failure> {
    let mut service = Service::connect(server.address())?;
    let machine = service.defined("sweep", &passes::five_passes(), "STANDARD")?;
    let asked = json!({"stateMachineArn": machine, "input": "{\"order\":1}"});
    let (count, _) = passes::many(server, STARTERS, scale, "StartExecution", &asked)?;
    Ok(count as f64)
}

fn passes_name(remark: &str) -> String {
    format!("executions of five Pass states{remark}")
}

fn passes_cpu_name(remark: &str) -> String {
    format!("server's CPU for each of five Pass states{remark}")
}

/// What is left of the rate without retention.
fn beside(remark: &str, figures: &mut Figures) {
    let activity = |remark: &str| format!("executions of one activity, {WORKERS} workers{remark}");
    let activity_cpu = |remark: &str| format!("server's CPU for each, {WORKERS} workers{remark}");
    for (name, unit, is_rate) in [
        (&passes_name as &dyn Fn(&str) -> String, "/s", true),
        (&activity, "/s", true),
        (&passes_cpu_name, "ms", false),
        (&activity_cpu, "ms", false),
    ] {
        let with = figures.value(&name(remark));
        let without = figures.value(&name(", no retention"));
        if let (Some(with), Some(without)) = (with, without) {
            let name = format!("{}, of that without", name(remark));
            let figure = figures.note_beside(name, with, unit, without);
            if is_rate {
                figure.at_least_times(0.9);
            }
        }
    }
}

/// The folder's size under a load that goes on, at most in the second half beside the first.
fn space(server: &ServerUnderTest, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let lot = Scale {
        throughput_time: scale.space_time / LOOKS,
        ..*scale
    };
    let mut sizes = Vec::new();
    let mut begun = 0.0;
    for _ in 0..LOOKS {
        begun += load(server, &lot)?;
        sizes.push(server.folder_bytes() as f64);
        eprintln!(
            "{begun:.0} begun, {:.1} MB closed, {:.1} MB on disk",
            closed_bytes(server)? / 1e6,
            server.folder_bytes() as f64 / 1e6
        );
    }
    let (first, second) = sizes.split_at(sizes.len() / 2);
    let most = |sizes: &[f64]| sizes.iter().copied().fold(0.0, f64::max);
    let name = "most that the folder takes, second half of a run beside the first";
    figures
        .note_beside(name, most(second) / 1e6, "MB", most(first) / 1e6)
        .at_most_times(1.25);
    thread::sleep(Duration::from_secs(5));
    figures.note(
        "the folder after it",
        server.folder_bytes() as f64 / 1e6,
        "MB",
    );
    Ok(())
}

/// What the server says that closed executions take.
fn closed_bytes(server: &ServerUnderTest) -> Result<f64, Failure> {
    Connection::open(server.address())?.gauge("executions_closed_bytes")
}
