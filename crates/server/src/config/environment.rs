//! Settings from `TOWPATH_*` variables.

use std::path::PathBuf;

use clap::{Args, Command, FromArgMatches};

use super::{ConfigError, Layer};

const PREFIX: &str = "TOWPATH_";

/// What the environment says.
#[derive(Debug, Default)]
pub(super) struct Environment {
    pub(super) layer: Layer,
    /// `TOWPATH_CONFIG`
    pub(super) config: Option<PathBuf>,
}

/// Reads each variable as if it were the flag of its name, so that both take the same values.
pub(super) fn read(
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Environment, ConfigError> {
    let command = Layer::augment_args(Command::new("environment").no_binary_name(true));
    let mut config = None;
    let mut flags = Vec::new();
    for (variable, value) in variables {
        let Some(name) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        // `TOWPATH_DATA=` is how a shell says "not set".
        if value.is_empty() {
            continue;
        }
        if name == "CONFIG" {
            config = Some(PathBuf::from(value));
            continue;
        }
        let flag = name.to_lowercase().replace('_', "-");
        // A variable of another tool, or of another version: no reason not to start.
        if !command
            .get_arguments()
            .any(|argument| argument.get_long() == Some(&flag))
        {
            continue;
        }
        let flag = format!("--{flag}={value}");
        // Alone at first, so that the complaint can name the variable.
        let parsed = command.clone().try_get_matches_from([&flag]);
        if let Err(error) = parsed {
            return Err(ConfigError(format!(
                "{variable}: {}",
                in_one_line(&error, &value)
            )));
        }
        flags.push(flag);
    }
    let layer = command
        .try_get_matches_from(flags)
        .and_then(|matches| Layer::from_arg_matches(&matches))
        .map_err(|error| ConfigError(format!("environment: {}", in_one_line(&error, ""))))?;
    Ok(Environment { layer, config })
}

fn in_one_line(error: &clap::Error, value: &str) -> String {
    let text = error.to_string();
    let first = text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    // clap ends with why the value does not fit; what comes before names a flag nobody gave.
    match first.split_once("': ") {
        Some((_, why)) => format!("{value:?}: {why}"),
        None => match first.split_once(" for '") {
            Some((what, _)) => what.to_owned(),
            None => first.to_owned(),
        },
    }
}
