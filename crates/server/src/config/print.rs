//! `towpath config`: what is in effect, and why.

use std::fmt::Display;
use std::io::{self, Write};

use super::{Origin, Setting, Settings};

/// Writes the settings as a file that would say the same, with the origin of each value behind it.
pub fn print(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = Vec::new();
    let mut row = |name: &'static str, value: String, origin: &Origin| {
        rows.push((format!("{name} = {value}"), from(name, origin)));
    };
    row("listen", list(&settings.listen), &settings.listen.origin);
    row(
        "allowed_hosts",
        list(&settings.allowed_hosts),
        &settings.allowed_hosts.origin,
    );
    row(
        "insecure_no_auth",
        plain(&settings.insecure_no_auth),
        &settings.insecure_no_auth.origin,
    );
    row(
        "data",
        quoted(settings.data.value.display()),
        &settings.data.origin,
    );
    row(
        "in_memory",
        plain(&settings.in_memory),
        &settings.in_memory.origin,
    );
    row(
        "accept_loss",
        plain(&settings.accept_loss),
        &settings.accept_loss.origin,
    );
    row(
        "account",
        quoted(&settings.account.value),
        &settings.account.origin,
    );
    row(
        "region",
        quoted(&settings.region.value),
        &settings.region.origin,
    );
    // With its point, so that a reader of the file sees that fractions are allowed.
    let hold = format!("{:?}", settings.poll_hold_seconds.value);
    row(
        "poll_hold_seconds",
        hold,
        &settings.poll_hold_seconds.origin,
    );
    row(
        "polls_per_activity",
        plain(&settings.polls_per_activity),
        &settings.polls_per_activity.origin,
    );
    row(
        "executions_cached",
        plain(&settings.executions_cached),
        &settings.executions_cached.origin,
    );
    row(
        "retention",
        quoted(settings.retention.value),
        &settings.retention.origin,
    );
    row(
        "retention_bytes",
        quoted(settings.retention_bytes.value),
        &settings.retention_bytes.origin,
    );
    row(
        "express.retention",
        quoted(settings.express_retention.value),
        &settings.express_retention.origin,
    );
    row(
        "aws_models",
        quoted(&settings.aws_models.value),
        &settings.aws_models.origin,
    );
    row(
        "threads",
        plain(&settings.threads),
        &settings.threads.origin,
    );
    row(
        "disk_reserve_megabytes",
        plain(&settings.disk_reserve_megabytes),
        &settings.disk_reserve_megabytes.origin,
    );
    row(
        "execution_logs",
        quoted(&settings.execution_logs.value),
        &settings.execution_logs.origin,
    );
    row(
        "execution_log_megabytes",
        plain(&settings.execution_log_megabytes),
        &settings.execution_log_megabytes.origin,
    );
    row(
        "execution_log_files",
        plain(&settings.execution_log_files),
        &settings.execution_log_files.origin,
    );
    row(
        "status_events_webhook",
        quoted(&settings.status_events_webhook.value),
        &settings.status_events_webhook.origin,
    );
    row(
        "status_events_file",
        quoted(&settings.status_events_file.value),
        &settings.status_events_file.origin,
    );
    row(
        "status_events_bus",
        quoted(&settings.status_events_bus.value),
        &settings.status_events_bus.origin,
    );
    row(
        "log_format",
        quoted(settings.log_format.value.name()),
        &settings.log_format.origin,
    );
    row(
        "log_level",
        quoted(settings.log_level.value.name()),
        &settings.log_level.origin,
    );

    let first_limit = rows.len();
    let mut row = |name: &'static str, value: String, origin: &Origin| {
        rows.push((format!("{name} = {value}"), from(name, origin)));
    };
    for (name, setting, _) in settings.limits.rows() {
        row(name, plain(setting), &setting.origin);
    }

    let width = rows.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
    for (at, (text, origin)) in rows.into_iter().enumerate() {
        if at == first_limit {
            writeln!(out, "\n[limits]")?;
        }
        writeln!(out, "{text:width$}  # {origin}")?;
    }
    print_quotas(settings, out)?;
    print_http(settings, out)?;
    let mut endpoints = settings.endpoints.iter().peekable();
    if endpoints.peek().is_some() {
        writeln!(out, "\n[endpoints]")?;
    }
    endpoints.try_for_each(|(service, endpoint)| {
        let url = quoted(&endpoint.url);
        let more = [("region", &endpoint.region), ("profile", &endpoint.profile)];
        let more = more.map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!(", {name} = {}", quoted(value)))
        });
        match more.into_iter().flatten().collect::<String>().as_str() {
            "" => writeln!(out, "{service} = {url}"),
            more => writeln!(out, "{service} = {{ url = {url}{more} }}"),
        }
    })?;
    settings.functions.rows().try_for_each(|(name, rows)| {
        writeln!(out, "\n[functions.{}]", quoted(name))?;
        rows.iter()
            .try_for_each(|(name, value)| writeln!(out, "{name} = {value}"))
    })?;
    settings.connections.rows().try_for_each(|(name, rows)| {
        writeln!(out, "\n[connections.{}]", quoted(name))?;
        rows.iter().try_for_each(|(name, value)| match value {
            Some(value) => writeln!(out, "{name} = {value}"),
            None => writeln!(out, "{name} = \"\"  # set, and not shown"),
        })
    })?;
    let mut buckets = settings.buckets.iter().peekable();
    if buckets.peek().is_some() {
        writeln!(out, "\n[buckets]")?;
    }
    // A bucket's name may have dots.
    buckets.try_for_each(|(bucket, url)| writeln!(out, "{} = {}", quoted(bucket), quoted(url)))
}

fn print_http(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let http = &settings.http;
    let allow: Vec<String> = http.allow.value.iter().map(quoted).collect();
    let rows = [
        (
            "allow",
            format!("[{}]", allow.join(", ")),
            &http.allow.origin,
        ),
        (
            "concurrency",
            plain(&http.concurrency),
            &http.concurrency.origin,
        ),
        ("queue", plain(&http.queue), &http.queue.origin),
        (
            "connect_timeout_seconds",
            format!("{:?}", http.connect_timeout_seconds.value),
            &http.connect_timeout_seconds.origin,
        ),
    ];
    writeln!(out, "\n[http]")?;
    rows.into_iter().try_for_each(|(name, value, origin)| {
        let origin = from(&format!("http.{name}"), origin);
        writeln!(out, "{name} = {value}  # {origin}")
    })
}

/// Tables come last in a file.
fn print_quotas(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let profile = &settings.quotas_profile;
    let origin = match &profile.origin {
        Origin::Flag => "flag --quotas-profile".to_owned(),
        Origin::Environment => "env TOWPATH_QUOTAS_PROFILE".to_owned(),
        Origin::File(path) => format!("file {}", path.display()),
        Origin::Default => "default".to_owned(),
    };
    let name = quoted(profile.value.name());
    writeln!(out, "\n[quotas]\nprofile = {name}  # {origin}")?;
    let quotas = &settings.quotas;
    for (name, count) in [
        ("state_machines", quotas.state_machines),
        ("activities", quotas.activities),
        ("open_executions", quotas.open_executions),
    ] {
        if let Some(count) = count {
            writeln!(out, "{name} = {count}")?;
        }
    }
    for (name, rate) in &quotas.rates {
        let (burst, per_second) = (rate.burst, rate.per_second);
        writeln!(
            out,
            "\n[quotas.{name}]\nburst = {burst}\nper_second = {per_second:?}"
        )?;
    }
    Ok(())
}

fn from(name: &str, origin: &Origin) -> String {
    match origin {
        Origin::Flag => format!("flag --{}", name.replace(['_', '.'], "-")),
        Origin::Environment => format!("env TOWPATH_{}", name.replace('.', "_").to_uppercase()),
        Origin::File(path) => format!("file {}", path.display()),
        Origin::Default => "default".to_owned(),
    }
}

fn plain<T: Display>(setting: &Setting<T>) -> String {
    setting.value.to_string()
}

fn quoted(value: impl Display) -> String {
    toml::Value::String(value.to_string()).to_string()
}

fn list(setting: &Setting<Vec<String>>) -> String {
    let quoted: Vec<String> = setting.value.iter().map(quoted).collect();
    format!("[{}]", quoted.join(", "))
}
