//! One source of settings: each value there or not.

use std::path::PathBuf;

use super::http::HttpLayer;
use super::limits::LimitsLayer;
use super::{Size, Span};
use crate::log::{Format, Level};
use crate::quotas::{Profile, Quota, QuotasLayer};
use integrations::items::{BucketFolder, Buckets};
use integrations::{Connections, Endpoints, FunctionSetting, Functions, ServiceEndpoint};

/// What one source says. Flags, variables and the file's keys all have these names, each in the
/// manner of its kind: `--poll-hold-seconds`, `TOWPATH_POLL_HOLD_SECONDS`, `poll_hold_seconds`; those of
/// limits stand in a table `[limits]` of the file, `--express-retention` in `[express]` as `retention`.
#[derive(Clone, Debug, Default, clap::Args, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Address to listen on, HOST:PORT; may be given several times. Port 0 takes a free one
    /// [default: 127.0.0.1:8083]
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    #[serde(default, deserialize_with = "one_or_many")]
    pub listen: Option<Vec<String>>,

    /// Host name that requests may carry, beside localhost and the address itself; may be given
    /// several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    #[serde(default, deserialize_with = "one_or_many")]
    pub allowed_hosts: Option<Vec<String>>,

    /// Listen on addresses that others can reach, though nobody is asked who they are
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub insecure_no_auth: Option<bool>,

    /// Folder that keeps everything; made if it does not exist [default: ./towpath-data]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Keep nothing: all is forgotten when the server stops
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub in_memory: Option<bool>,

    /// Open a folder that has lost acknowledged commits, and go on without them
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub accept_loss: Option<bool>,

    /// Account that ARNs carry, twelve digits [default: 000000000000]
    #[arg(long, value_name = "DIGITS")]
    pub account: Option<String>,

    /// Region that ARNs carry [default: us-east-1]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// How long GetActivityTask is held before it is answered empty [default: 59.5]
    #[arg(long, value_name = "SECONDS")]
    pub poll_hold_seconds: Option<f64>,

    /// Most polls that may wait on one activity [default: 100000]
    #[arg(long, value_name = "COUNT")]
    pub polls_per_activity: Option<usize>,

    /// Most executions that are kept in memory; the others wait on disk [default: 20000]
    #[arg(long, value_name = "COUNT")]
    pub executions_cached: Option<usize>,

    /// Which quotas hold that are not given one by one: none, or those that AWS publishes
    /// [default: none]
    #[arg(long, value_name = "PROFILE")]
    #[serde(skip)]
    pub quotas_profile: Option<Profile>,

    /// One quota, such as StopExecution=1000/200 (a burst, and how many per second) or
    /// activities=100; may be given several times
    #[arg(long, value_name = "NAME=QUOTA", value_delimiter = ',')]
    #[serde(skip)]
    pub quota: Option<Vec<Quota>>,

    /// The same in the file.
    #[arg(skip)]
    pub quotas: Option<QuotasLayer>,
    /// How long closed STANDARD executions are kept, such as 30d; 0 keeps them for ever [default: 90d]
    #[arg(long, value_name = "TIME")]
    pub retention: Option<Span>,

    /// How many bytes closed executions may take, such as 10GB or 500MB, as they are written, before the
    /// store compresses them; beyond that those that ended first go first. 0 sets no limit [default: 0]
    #[arg(long, value_name = "SIZE")]
    pub retention_bytes: Option<Size>,

    /// How long EXPRESS executions are kept after their end, such as 7d or 12h, to be listed and
    /// described; 0 keeps nothing, as AWS does [default: 0]
    #[arg(long, value_name = "TIME")]
    #[serde(default, rename = "express", deserialize_with = "retention")]
    pub express_retention: Option<Span>,

    /// Where calls of a service go, such as lambda=http://127.0.0.1:4701, or default=URL for all that
    /// are not named; may be given several times
    #[arg(long, value_name = "SERVICE=URL", value_delimiter = ',')]
    #[serde(skip)]
    pub endpoint: Option<Vec<ServiceEndpoint>>,

    /// The same in the file.
    #[arg(skip)]
    pub endpoints: Option<Endpoints>,

    /// What stands for a Lambda function: a URL that its payload is posted to, or a command, such as
    /// charge=http://127.0.0.1:9000/charge or 'charge=python3 charge.py'; may be given several times
    #[arg(long, value_name = "NAME=URL|COMMAND")]
    #[serde(skip)]
    pub function: Option<Vec<FunctionSetting>>,

    /// The same in the file.
    #[arg(skip)]
    pub functions: Option<Functions>,

    /// A folder that stands for a bucket, such as reports=file:///srv/reports: Distributed Maps read
    /// items from it and write results to it; may be given several times
    #[arg(long, value_name = "BUCKET=URL", value_delimiter = ',')]
    #[serde(skip)]
    pub bucket: Option<Vec<BucketFolder>>,

    /// The same in the file.
    #[arg(skip)]
    pub buckets: Option<Buckets>,

    /// `[connections]`: in the file alone, since secrets have no place in a command line.
    #[arg(skip)]
    pub connections: Option<Connections>,

    /// `[http]`
    #[command(flatten)]
    #[serde(default)]
    pub http: HttpLayer,

    /// Folder with models of AWS services, laid out as botocore's data folder: of services that are not
    /// built in, or newer ones; or off [default: off]
    #[arg(long, value_name = "FOLDER")]
    pub aws_models: Option<String>,

    /// Threads that serve sockets [default: one per core, at most 8]
    #[arg(long, value_name = "COUNT")]
    pub threads: Option<usize>,

    /// Room kept free on the disk of the data folder: with less nothing new is begun, with half of it
    /// nothing is written [default: 512, or a tenth of the disk if that is less]
    #[arg(long, value_name = "MEGABYTES")]
    pub disk_reserve_megabytes: Option<u64>,

    /// Where execution logs go, as the state machines' logging configurations want them: off, stdout,
    /// folder:PATH with a file for each log group, or cloudwatch (at --endpoint logs=URL)
    /// [default: folder:DATA/execution-logs, or off with --in-memory]
    #[arg(long, value_name = "WHERE")]
    pub execution_logs: Option<String>,

    /// Size at which a file of execution logs or status events is renamed and begun anew [default: 64]
    #[arg(long, value_name = "MEGABYTES")]
    pub execution_log_megabytes: Option<u64>,

    /// How many renamed files are kept of each; older ones are deleted [default: 4]
    #[arg(long, value_name = "COUNT")]
    pub execution_log_files: Option<usize>,

    /// URL that every change of an execution's status is posted to, in EventBridge's shape, or off
    /// [default: off]
    #[arg(long, value_name = "URL")]
    pub status_events_webhook: Option<String>,

    /// File that every change of an execution's status is written to, one a line, or off
    /// [default: off]
    #[arg(long, value_name = "FILE")]
    pub status_events_file: Option<String>,

    /// Event bus that every change of an execution's status is put on, such as default (at --endpoint
    /// events=URL), or off [default: off]
    #[arg(long, value_name = "NAME")]
    pub status_events_bus: Option<String>,

    /// How log lines are written to standard error [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<Format>,

    /// The least important lines to log [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<Level>,

    /// `[limits]`
    #[command(flatten)]
    #[serde(default)]
    pub limits: LimitsLayer,
}

/// The file's table `[express]`.
fn retention<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Span>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Express {
        retention: Option<Span>,
    }
    <Express as serde::Deserialize>::deserialize(from).map(|express| express.retention)
}

/// `"a"` or `["a", "b"]`.
fn one_or_many<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    struct OneOrMany;
    impl<'de> serde::de::Visitor<'de> for OneOrMany {
        type Value = Vec<String>;

        fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            to.write_str("a string or a list of strings")
        }

        fn visit_str<E>(self, one: &str) -> Result<Vec<String>, E> {
            Ok(vec![one.to_owned()])
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(
            self,
            mut all: A,
        ) -> Result<Vec<String>, A::Error> {
            let mut many = Vec::new();
            while let Some(one) = all.next_element()? {
                many.push(one);
            }
            Ok(many)
        }
    }
    from.deserialize_any(OneOrMany).map(Some)
}
