//! What an operator may set, and where each value came from.
//!
//! Flags win over `TOWPATH_*` variables, these over the file, these over the defaults. Each of the
//! three is read into a [`Layer`] by the same rules, so that a value is right or wrong wherever it
//! stands, and the complaint names the place.

mod destinations;
mod environment;
mod file;
mod http;
mod layer;
mod limits;
mod print;
mod size;
mod span;
#[cfg(test)]
mod tests;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

pub use destinations::LogDestination;
pub use http::HttpSettings;
pub use layer::Layer;
pub use limits::LimitSettings;
pub use print::print;
pub use size::Size;
pub use span::Span;

use crate::log::{Format, Level};
use crate::quotas::{Profile, QuotasLayer};
use integrations::items::Buckets;
use integrations::{Connections, Endpoints, Functions};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--poll-hold-seconds`
    Flag,
    /// `TOWPATH_POLL_HOLD_SECONDS`
    Environment,
    /// This file.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub struct Setting<T> {
    pub value: T,
    pub origin: Origin,
}

/// Everything that can be set, with every value there.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: Setting<Vec<String>>,
    pub allowed_hosts: Setting<Vec<String>>,
    pub insecure_no_auth: Setting<bool>,
    pub data: Setting<PathBuf>,
    pub in_memory: Setting<bool>,
    pub accept_loss: Setting<bool>,
    pub account: Setting<String>,
    pub region: Setting<String>,
    pub poll_hold_seconds: Setting<f64>,
    pub polls_per_activity: Setting<usize>,
    pub executions_cached: Setting<usize>,
    /// Where `quotas.profile` came from; the quotas themselves may come from several places.
    pub quotas_profile: Setting<Profile>,
    pub quotas: QuotasLayer,
    pub retention: Setting<Span>,
    pub retention_bytes: Setting<Size>,
    pub express_retention: Setting<Span>,
    /// Where calls of other services go; they may come from several places.
    pub endpoints: Endpoints,
    /// What stands for Lambda functions; they may come from several places.
    pub functions: Functions,
    /// Folders that stand for buckets; likewise.
    pub buckets: Buckets,
    /// With which credentials HTTP tasks call whom.
    pub connections: Connections,
    /// How calls are sent.
    pub http: HttpSettings,
    pub aws_models: Setting<String>,
    pub threads: Setting<usize>,
    pub disk_reserve_megabytes: Setting<u64>,
    pub execution_logs: Setting<String>,
    pub execution_log_megabytes: Setting<u64>,
    pub execution_log_files: Setting<usize>,
    pub status_events_webhook: Setting<String>,
    pub status_events_file: Setting<String>,
    pub status_events_bus: Setting<String>,
    pub log_format: Setting<Format>,
    pub log_level: Setting<Level>,
    pub limits: LimitSettings,
}

/// The three sources of a table, the strongest first.
struct Layers<'a, T> {
    flags: T,
    environment: T,
    file: T,
    path: &'a Path,
}

impl<T> Layers<'_, T> {
    fn pick<V>(&self, name: fn(&T) -> Option<V>, default: V) -> Setting<V> {
        let said = [
            (&self.flags, Origin::Flag),
            (&self.environment, Origin::Environment),
            (&self.file, Origin::File(self.path.to_path_buf())),
        ];
        said.into_iter()
            .find_map(|(layer, origin)| name(layer).map(|value| Setting { value, origin }))
            .unwrap_or(Setting {
                value: default,
                origin: Origin::Default,
            })
    }
}

/// Why the settings do not hold. Its text is one line that says what to change, and where.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Read when `--config` is not given and it exists.
pub const DEFAULT_FILE: &str = "towpath.toml";
/// Where Step Functions Local listens, so that what points there finds us.
const DEFAULT_LISTEN: &str = "127.0.0.1:8083";
/// AWS holds a poll for up to 60 s, and clients of old give up after 60 s: boto3's read timeout is
/// exactly that, and a server that holds so long never gets its empty answer through.
const DEFAULT_POLL_HOLD_SECONDS: f64 = 59.5;
/// Here a poll costs some kilobytes, so the machine is the limit.
const DEFAULT_POLLS_PER_ACTIVITY: usize = 100_000;
/// Source: AWS Developer Guide, quotas of 2023, "activity pollers per ARN".
const AWS_POLLS_PER_ACTIVITY: usize = 1_000;
/// As long as AWS keeps closed executions.
///
/// Source: AWS developer guide, service quotas, execution history retention time.
const DEFAULT_RETENTION: Span = Span::days(90);
/// An execution in memory is some kilobytes and its documents.
const DEFAULT_EXECUTIONS_CACHED: usize = 20_000;
/// Room for what the engine under the store writes of its own accord: tables in memory, journals and
/// what it is merging.
const DEFAULT_DISK_RESERVE_MEGABYTES: u64 = 512;
/// More threads only serve sockets: executions are run by one thread at a time, however many there are.
const THREADS_MAX: usize = 64;

impl Settings {
    /// Puts the layers together. `directory` is where [`DEFAULT_FILE`] is looked for.
    pub fn load(
        config: Option<&Path>,
        flags: Layer,
        variables: impl Iterator<Item = (String, String)>,
        directory: &Path,
    ) -> Result<Settings, ConfigError> {
        let environment = environment::read(variables)?;
        let config = config.map(Path::to_path_buf).or(environment.config);
        let (file, path) = file::read(config.as_deref(), directory)?;
        let of_file = file.quotas.clone().unwrap_or_default();
        of_file
            .check()
            .map_err(|why| ConfigError(format!("{}: quotas: {why}", path.display())))?;
        let endpoints = file.endpoints.clone().unwrap_or_default();
        endpoints
            .check()
            .map_err(|why| ConfigError(format!("{}: endpoints: {why}", path.display())))?;
        let functions = file.functions.clone().unwrap_or_default();
        functions
            .check()
            .map_err(|why| ConfigError(format!("{}: functions: {why}", path.display())))?;
        let buckets = file.buckets.clone().unwrap_or_default();
        buckets
            .check()
            .map_err(|why| ConfigError(format!("{}: buckets: {why}", path.display())))?;
        let connections = file.connections.clone().unwrap_or_default();
        connections
            .check()
            .map_err(|why| ConfigError(format!("{}: connections: {why}", path.display())))?;
        let settings = Settings::merge(flags, environment.layer, file, &path);
        settings.check()?;
        Ok(settings)
    }

    fn merge(flags: Layer, environment: Layer, mut file: Layer, path: &Path) -> Settings {
        let mut quotas = file.quotas.take().unwrap_or_default();
        file.quotas_profile = quotas.profile;
        for layer in [&environment, &flags] {
            let given = layer.quota.iter().flatten();
            quotas = given
                .fold(QuotasLayer::default(), QuotasLayer::with)
                .over(quotas);
        }
        let mut endpoints = file.endpoints.take().unwrap_or_default();
        for layer in [&environment, &flags] {
            let given = layer.endpoint.iter().flatten();
            endpoints = given.fold(endpoints, Endpoints::with);
        }
        let mut functions = file.functions.take().unwrap_or_default();
        for layer in [&environment, &flags] {
            let given = layer.function.iter().flatten();
            functions = given.fold(functions, Functions::with);
        }
        let mut buckets = file.buckets.take().unwrap_or_default();
        for layer in [&environment, &flags] {
            let given = layer.bucket.iter().flatten();
            buckets = given.fold(buckets, Buckets::with);
        }
        // One line for each setting: the layers have the same fields.
        macro_rules! pick {
            ($name:ident, $default:expr) => {
                if let Some(value) = flags.$name {
                    Setting {
                        value,
                        origin: Origin::Flag,
                    }
                } else if let Some(value) = environment.$name {
                    Setting {
                        value,
                        origin: Origin::Environment,
                    }
                } else if let Some(value) = file.$name {
                    Setting {
                        value,
                        origin: Origin::File(path.to_path_buf()),
                    }
                } else {
                    Setting {
                        value: $default,
                        origin: Origin::Default,
                    }
                }
            };
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let quotas_profile = pick!(quotas_profile, Profile::None);
        quotas.profile = Some(quotas_profile.value);
        let polls_per_activity = match quotas_profile.value {
            Profile::None => DEFAULT_POLLS_PER_ACTIVITY,
            Profile::Aws => AWS_POLLS_PER_ACTIVITY,
        };
        Settings {
            quotas_profile,
            quotas,
            endpoints,
            functions,
            buckets,
            connections: file.connections.take().unwrap_or_default(),
            listen: pick!(listen, vec![DEFAULT_LISTEN.to_owned()]),
            allowed_hosts: pick!(allowed_hosts, Vec::new()),
            insecure_no_auth: pick!(insecure_no_auth, false),
            data: pick!(data, PathBuf::from("./towpath-data")),
            in_memory: pick!(in_memory, false),
            accept_loss: pick!(accept_loss, false),
            account: pick!(account, "000000000000".to_owned()),
            region: pick!(region, "us-east-1".to_owned()),
            poll_hold_seconds: pick!(poll_hold_seconds, DEFAULT_POLL_HOLD_SECONDS),
            polls_per_activity: pick!(polls_per_activity, polls_per_activity),
            executions_cached: pick!(executions_cached, DEFAULT_EXECUTIONS_CACHED),
            retention: pick!(retention, DEFAULT_RETENTION),
            retention_bytes: pick!(retention_bytes, Size::default()),
            express_retention: pick!(express_retention, Span::default()),
            aws_models: pick!(aws_models, destinations::OFF.to_owned()),
            threads: pick!(threads, cores.clamp(1, 8)),
            disk_reserve_megabytes: pick!(disk_reserve_megabytes, DEFAULT_DISK_RESERVE_MEGABYTES),
            execution_logs: pick!(execution_logs, destinations::DEFAULT.to_owned()),
            execution_log_megabytes: pick!(execution_log_megabytes, 64),
            execution_log_files: pick!(execution_log_files, 4),
            status_events_webhook: pick!(status_events_webhook, destinations::OFF.to_owned()),
            status_events_file: pick!(status_events_file, destinations::OFF.to_owned()),
            status_events_bus: pick!(status_events_bus, destinations::OFF.to_owned()),
            log_format: pick!(log_format, Format::Text),
            log_level: pick!(log_level, Level::Info),
            http: HttpSettings::merge(Layers {
                flags: flags.http,
                environment: environment.http,
                file: file.http,
                path,
            }),
            limits: LimitSettings::merge(Layers {
                flags: flags.limits,
                environment: environment.limits,
                file: file.limits,
                path,
            }),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.listen.value.is_empty() {
            return Err(self.listen.refused("listen", "needs at least one address"));
        }
        let account = &self.account.value;
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.account.refused("account", "must be twelve digits"));
        }
        let region = &self.region.value;
        let region_byte =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty() || region.len() > 32 || !region.bytes().all(region_byte) {
            let why = "must be a region's name, such as us-east-1";
            return Err(self.region.refused("region", why));
        }
        let hold = self.poll_hold_seconds.value;
        if !(0.1..=900.0).contains(&hold) {
            return Err(self
                .poll_hold_seconds
                .refused("poll_hold_seconds", "must be 0.1 to 900"));
        }
        for (name, setting, most) in [
            ("polls_per_activity", &self.polls_per_activity, 10_000_000),
            ("executions_cached", &self.executions_cached, 100_000_000),
            ("threads", &self.threads, THREADS_MAX),
        ] {
            if !(1..=most).contains(&setting.value) {
                return Err(setting.refused(name, &format!("must be 1 to {most}")));
            }
        }
        self.check_destinations()?;
        self.http.check()?;
        self.limits.check()
    }

    /// The addresses to listen on.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>, ConfigError> {
        let mut addresses = Vec::new();
        for text in &self.listen.value {
            let found = text.to_socket_addrs().map_err(|error| {
                let why = format!("{text:?} is no address to listen on ({error}); say HOST:PORT");
                self.listen.refused("listen", &why)
            })?;
            let before = addresses.len();
            addresses.extend(found);
            if addresses.len() == before {
                return Err(self
                    .listen
                    .refused("listen", &format!("{text:?} names no address")));
            }
        }
        // `localhost` may name the same address twice.
        addresses.sort();
        addresses.dedup_by(|one, other| one == other && one.port() != 0);
        Ok(addresses)
    }

    /// How long a poll is held, in milliseconds.
    pub fn poll_hold_ms(&self) -> i64 {
        (self.poll_hold_seconds.value * 1000.0).round() as i64
    }
}

impl<T> Setting<T> {
    /// A complaint that names where the value stands.
    fn refused(&self, name: &str, why: &str) -> ConfigError {
        ConfigError(match &self.origin {
            Origin::Flag => format!("--{}: {why}", name.replace('_', "-")),
            Origin::Environment => format!("TOWPATH_{}: {why}", name.to_uppercase()),
            Origin::File(path) => format!("{}: {name}: {why}", path.display()),
            Origin::Default => format!("{name}: {why}"),
        })
    }
}
