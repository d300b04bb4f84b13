//! `towpath serve`: puts the parts together, waits for the end, and takes them apart in order.

mod banner;
mod files;
mod identity;
mod open_store;

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use api::{Door, DoorOptions};
use engine::arn::Owner;
use engine::{Message, Shard, ShardOptions};
use store::Store;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

use crate::calls::{self, items};
use crate::clock::Clock;
use crate::config::{LogDestination, Origin, Settings, Span};
use crate::disk::Space;
use crate::driver::{self, Started, Threads};
use crate::exit;
use crate::http::{self, Closing, Edge, Hosts, Sockets};
use crate::log::{self, Level};
use crate::metrics::Metrics;
use crate::service::{READS_AT_A_TIME, Service};
use crate::trial::{TRIALS_AT_A_TIME, Trials};
use crate::watching::{self, Workers};
use identity::Identity;
use integrations::items::Objects;
use integrations::{Outbound, OutboundOptions};

/// Memory for executions that nobody works with, in bytes: some 16,000 small ones. More than the 10,000
/// children that a map run has open, so that none of them is read again for its next step.
const EXECUTIONS_CACHED_BYTES: usize = 64 << 20;

/// Threads that may wait for the disk or compute: readers, trials, calls, map runs, and two more for what the
/// engine reads back.
const BLOCKING_THREADS: usize =
    READS_AT_A_TIME + TRIALS_AT_A_TIME + integrations::BLOCKING_THREADS + items::AT_A_TIME + 2;
/// How long running requests may take when the server stops. They wait for a commit at most, so
/// this is for clients that do not take their answer. What is asked of us is 10 s in all.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(7);
/// How long threads may take that still read.
const RUNTIME_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the server until it is told to stop.
pub fn run(settings: &Settings) -> ExitCode {
    log::start(settings.log_format.value, settings.log_level.value);
    let addresses = match settings.addresses() {
        Ok(addresses) => addresses,
        Err(error) => return usage(&error.to_string()),
    };
    if let Some(open) = addresses
        .iter()
        .find(|address| !address.ip().to_canonical().is_loopback())
        && !settings.insecure_no_auth.value
    {
        return usage(&format!(
            "{open} can be reached by others, and nobody is asked who they are: listen on 127.0.0.1, \
             or say --insecure-no-auth where the network itself keeps strangers out"
        ));
    }
    match serve(settings, &addresses) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("towpath: {error:#}");
            ExitCode::from(exit::FAILED)
        }
    }
}

fn usage(why: &str) -> ExitCode {
    eprintln!("towpath: {why}");
    ExitCode::from(exit::USAGE)
}

fn serve(settings: &Settings, addresses: &[SocketAddr]) -> Result<()> {
    // Taken first: a port in use is the likeliest trouble, and costs nothing yet.
    let listeners = addresses
        .iter()
        .map(|address| bind(*address))
        .collect::<Result<Vec<_>>>()?;
    let bound = listeners
        .iter()
        .map(TcpListener::local_addr)
        .collect::<std::io::Result<Vec<_>>>()?;
    let connections_max = files::connections_max();
    let store = open_store::open(settings)?;
    let clock = Clock::start();
    let identity = Identity::load_or_make(&*store, settings, clock.wall_ms())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.threads.value)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("calls")
        .enable_io()
        .enable_time()
        .build()
        .context("cannot start threads")?;
    let sockets = Sockets::start(settings.threads.value).context("cannot start threads")?;
    let sockets = Arc::new(sockets);
    let (service, threads, workers) = start(settings, &identity, store, clock, &runtime)?;
    let outbound = service.outbound.clone();
    let edge = Edge::new(
        service,
        Hosts::new(
            &settings.allowed_hosts.value,
            settings.insecure_no_auth.value,
        ),
        settings.quotas.buckets(),
        connections_max,
    );
    let edge = Arc::new(edge);
    runtime.block_on(until_stopped(settings, edge, &sockets, listeners, &bound))?;
    threads.join();
    workers.finish();
    runtime.shutdown_timeout(RUNTIME_TIMEOUT);
    // The listeners have gone with the runtime.
    if let Some(sockets) = Arc::into_inner(sockets) {
        sockets.finish();
    }
    outbound.finish();
    log::line(Level::Info, "stopped", &[]);
    Ok(())
}

/// Recovers the shard and starts what drives it.
fn start(
    settings: &Settings,
    identity: &Identity,
    store: Arc<dyn Store>,
    clock: Clock,
    runtime: &Runtime,
) -> Result<(Arc<Service>, Threads, Workers)> {
    let owner = Owner {
        partition: identity::partition(&settings.region.value).to_owned(),
        region: settings.region.value.clone(),
        account: settings.account.value.clone(),
    };
    let options = ShardOptions {
        owner: owner.clone(),
        token_key: identity.token_key,
        seed: getrandom::u64().context("the system gives no random bytes")?,
        poll_hold_ms: settings.poll_hold_ms(),
        polls_per_activity_max: settings.polls_per_activity.value,
        executions_cached: engine::Cached {
            count: settings.executions_cached.value,
            bytes: EXECUTIONS_CACHED_BYTES,
        },
        counts: counts(settings),
        limits: settings.limits.of_executions(),
        express_retention_ms: settings.express_retention.value.millis(),
        retention_ms: settings.retention.value.millis(),
        retention_bytes: settings.retention_bytes.value.bytes(),
        windows: engine::Windows::default(),
    };
    let shard =
        Shard::recover(options, &*store, clock.now()).context("cannot read the store back")?;
    let metrics = Arc::new(Metrics::default());
    let space = if settings.in_memory.value {
        Space::default()
    } else {
        let reserve = &settings.disk_reserve_megabytes;
        let exactly = reserve.origin != Origin::Default;
        Space::watch(settings.data.value.clone(), reserve.value << 20, exactly)
            .context("cannot look at the disk")?
    };
    let outbound = Outbound::new(OutboundOptions {
        endpoints: settings.endpoints.clone(),
        region: settings.region.value.clone(),
        clock: SystemTime::now,
        ticks: Instant::now,
        http: settings.http.of_calls(),
        functions: settings.functions.clone(),
        connections: settings.connections.clone(),
    })
    .context("cannot prepare calls to other services")?
    .with_models(settings.aws_models());
    let (watchers, workers) = watching::start(
        settings,
        &owner,
        &metrics,
        &space,
        &outbound,
        runtime.handle(),
    )
    .context("cannot start threads")?;
    let started = driver::start(driver::Parts {
        shard,
        durable: store.last_commit().context("cannot read the store")?,
        store: Arc::clone(&store),
        commits_inline: settings.in_memory.value,
        runtime: runtime.handle().clone(),
        clock,
        metrics: Arc::clone(&metrics),
        watchers,
        space: space.clone(),
    });
    let Started {
        driver,
        calls,
        threads,
    } = started.context("cannot start threads")?;
    let door = DoorOptions {
        owner: owner.clone(),
        page_key: identity.page_key,
        limits: settings.limits.of_requests(),
    };
    let service = Arc::new(Service {
        door: Door::new(door),
        driver,
        store,
        owner,
        limits: settings.limits.of_executions(),
        express_kept: settings.express_retention.value > Span::default(),
        clock,
        metrics,
        objects: Objects::new(
            settings.buckets.clone(),
            outbound.clone(),
            runtime.handle().clone(),
        ),
        item_places: Arc::new(Semaphore::new(items::AT_A_TIME)),
        outbound,
        logs_to_groups: settings.log_destination() == LogDestination::CloudWatch,
        space,
        poll_hold: Duration::from_secs_f64(settings.poll_hold_seconds.value),
        reads: Arc::new(Semaphore::new(READS_AT_A_TIME)),
        trials: Trials::default(),
        runtime: runtime.handle().clone(),
    });
    runtime.spawn(calls::make(Arc::clone(&service), calls));
    Ok((service, threads, workers))
}

fn counts(settings: &Settings) -> engine::CountsMax {
    let counts = settings.quotas.counts();
    let most = |count: Option<u64>| count.unwrap_or(u64::MAX);
    engine::CountsMax {
        state_machines: most(counts.state_machines),
        activities: most(counts.activities),
        executions_open: most(counts.open_executions),
    }
}

async fn until_stopped(
    settings: &Settings,
    edge: Arc<Edge>,
    sockets: &Arc<Sockets>,
    listeners: Vec<TcpListener>,
    bound: &[SocketAddr],
) -> Result<()> {
    // Before anybody is told that the server runs: from then on it can be told to stop.
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for signals")?;
    let closing = Closing::new();
    for listener in listeners {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (sockets, edge) = (Arc::clone(sockets), Arc::clone(&edge));
        tokio::spawn(http::listen(listener, sockets, edge, closing.open()));
    }
    banner::show(settings, bound);

    let signal = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    log::line(
        Level::Info,
        "stopping: answering polls, finishing requests",
        &[("signal", &signal)],
    );
    edge.draining.store(true, Ordering::Relaxed);
    edge.service.driver.tell(Message::Drain);
    edge.service.trials.stop();
    edge.service.space.stop();
    if !closing.close(DRAIN_TIMEOUT).await {
        let left = edge.metrics.connections.get();
        log::line(
            Level::Warn,
            "connections cut that did not end",
            &[("count", &left)],
        );
    }
    edge.service.driver.stop();
    Ok(())
}

fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))
}
