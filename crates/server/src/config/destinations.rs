//! Where execution logs and status events go, and where models come from.

use std::path::PathBuf;

use super::{ConfigError, Settings};

/// Nowhere.
pub(super) const OFF: &str = "off";
/// A folder inside the data folder: a machine that is told to log does, without further settings.
pub(super) const DEFAULT: &str = "folder";
const STDOUT: &str = "stdout";
const CLOUDWATCH: &str = "cloudwatch";
/// The folder's name inside the data folder.
const FOLDER_NAME: &str = "execution-logs";

/// Where execution logs go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogDestination {
    /// Nowhere.
    Off,
    /// Standard output, one record a line.
    Stdout,
    /// CloudWatch Logs, at its endpoint, in the log groups of the logging configurations.
    CloudWatch,
    /// This folder, with a file for each log group.
    Folder(PathBuf),
}

impl Settings {
    pub(super) fn check_destinations(&self) -> Result<(), ConfigError> {
        let logs = &self.execution_logs;
        let known = [OFF, DEFAULT, STDOUT, CLOUDWATCH].contains(&logs.value.as_str())
            || logs
                .value
                .strip_prefix("folder:")
                .is_some_and(|path| !path.is_empty());
        if !known {
            let why = "must be off, stdout, cloudwatch or folder:PATH";
            return Err(logs.refused("execution_logs", why));
        }
        let models = self.aws_models();
        if models.is_some_and(|folder| !folder.is_dir()) {
            let why = "must be off, or a folder such as botocore's data";
            return Err(self.aws_models.refused("aws_models", why));
        }
        let webhook = &self.status_events_webhook;
        if webhook.value != OFF && !is_url(&webhook.value) {
            let why = "must be off, or a URL that begins with http:// or https://";
            return Err(webhook.refused("status_events_webhook", why));
        }
        let reserve = &self.disk_reserve_megabytes;
        if reserve.value > 1 << 30 {
            return Err(reserve.refused("disk_reserve_megabytes", "must be 0 to 1073741824"));
        }
        let megabytes = &self.execution_log_megabytes;
        if !(1..=1 << 20).contains(&megabytes.value) {
            return Err(megabytes.refused("execution_log_megabytes", "must be 1 to 1048576"));
        }
        let files = &self.execution_log_files;
        if files.value > 1_000 {
            return Err(files.refused("execution_log_files", "must be 0 to 1000"));
        }
        Ok(())
    }

    /// Where execution logs go.
    pub fn log_destination(&self) -> LogDestination {
        match self.execution_logs.value.as_str() {
            STDOUT => LogDestination::Stdout,
            CLOUDWATCH => LogDestination::CloudWatch,
            // Who keeps nothing wants no folder either.
            DEFAULT if !self.in_memory.value => {
                LogDestination::Folder(self.data.value.join(FOLDER_NAME))
            }
            text => match text.strip_prefix("folder:") {
                Some(path) => LogDestination::Folder(path.into()),
                None => LogDestination::Off,
            },
        }
    }

    /// Where models of further services are.
    pub fn aws_models(&self) -> Option<PathBuf> {
        let path = &self.aws_models.value;
        (path != OFF).then(|| path.into())
    }

    /// Where status events are posted.
    pub fn status_events_webhook(&self) -> Option<String> {
        let url = &self.status_events_webhook.value;
        (url != OFF).then(|| url.clone())
    }

    /// The event bus that status events are put on.
    pub fn status_events_bus(&self) -> Option<String> {
        let bus = &self.status_events_bus.value;
        (bus != OFF).then(|| bus.clone())
    }

    /// Where status events are written.
    pub fn status_events_file(&self) -> Option<PathBuf> {
        let path = &self.status_events_file.value;
        (path != OFF).then(|| path.into())
    }
}

fn is_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<ureq::http::Uri>() else {
        return false;
    };
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
}
