//! The two files of the AWS CLI, `~/.aws/config` and `~/.aws/credentials`, read for one profile.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{Environment, SigningError};

/// The settings of one profile, and where they were read.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// Whether the flag named it. Then it beats credentials of the environment, as in the CLI.
    pub from_flag: bool,
    settings: BTreeMap<String, String>,
}

impl Profile {
    /// Reads the profile that the flag names, or `AWS_PROFILE`, or `default`.
    ///
    /// A profile that was named and is in neither file is refused; `default` may be missing.
    pub fn load(flag: Option<&str>, environment: &Environment) -> Result<Profile, SigningError> {
        let named = flag.or_else(|| environment.var("AWS_PROFILE"));
        let name = named.unwrap_or("default").to_owned();
        let config = read(
            environment
                .file("AWS_CONFIG_FILE", ".aws/config")
                .as_deref(),
        )?;
        let credentials = environment.file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
        let credentials = read(credentials.as_deref())?;

        // The config file writes `[profile NAME]`, except for `[default]`.
        let section_of_config = match name.as_str() {
            "default" if !config.contains_key("profile default") => "default".to_owned(),
            other => format!("profile {other}"),
        };
        let from_config = config.get(&section_of_config);
        let from_credentials = credentials.get(&name);
        if named.is_some() && from_config.is_none() && from_credentials.is_none() {
            return Err(SigningError::Settings(format!(
                "the profile '{name}' is in no AWS file"
            )));
        }
        let mut settings = from_config.cloned().unwrap_or_default();
        let services = settings
            .get("services")
            .map(|services| format!("services {services}"));
        let endpoint = services
            .and_then(|section| config.get(&section)?.get("sfn.endpoint_url"))
            .or_else(|| config.get(&section_of_config)?.get("sfn.endpoint_url"));
        if let Some(url) = endpoint {
            settings.insert("endpoint_url".to_owned(), url.clone());
        }
        // Where both files hold keys, those of the credentials file count, as in the CLI.
        settings.extend(from_credentials.cloned().unwrap_or_default());
        Ok(Profile {
            name,
            from_flag: flag.is_some(),
            settings,
        })
    }

    /// A setting that is there and not empty.
    pub fn get(&self, setting: &str) -> Option<&str> {
        self.settings
            .get(setting)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

type Sections = BTreeMap<String, BTreeMap<String, String>>;

fn read(path: Option<&Path>) -> Result<Sections, SigningError> {
    let Some(path) = path else {
        return Ok(Sections::new());
    };
    match fs::read_to_string(path) {
        Ok(text) => Ok(sections(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Sections::new()),
        Err(error) => Err(SigningError::Settings(format!(
            "{}: {error}",
            path.display()
        ))),
    }
}

/// Reads the CLI's INI: `key = value`, comments from `#` or `;`, and one level of nesting by
/// indentation, which is kept as `outer.inner`.
fn sections(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut section: Option<String> = None;
    let mut outer: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = bare.strip_prefix('[') {
            let name = rest.split(']').next().unwrap_or_default();
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            sections.entry(name.clone()).or_default();
            section = Some(name);
            outer = None;
            continue;
        }
        let (Some(section), Some((key, value))) = (&section, bare.split_once('=')) else {
            continue;
        };
        let key = key.trim().to_lowercase();
        let value = without_comment(value.trim()).to_owned();
        let nested = line.starts_with([' ', '\t']);
        let key = match (&outer, nested) {
            (Some(outer), true) => format!("{outer}.{key}"),
            _ => {
                outer = value.is_empty().then(|| key.clone());
                key
            }
        };
        sections
            .entry(section.clone())
            .or_default()
            .insert(key, value);
    }
    sections
}

/// A comment inside a line begins with white space and `#` or `;`: a bare `#` may be in a key.
fn without_comment(value: &str) -> &str {
    let cut = [" #", " ;", "\t#", "\t;"]
        .iter()
        .filter_map(|mark| value.find(mark))
        .min();
    value[..cut.unwrap_or(value.len())].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_hold_keys_comments_and_one_level_of_nesting() {
        let text = "# top\n[default]\nregion = eu-west-1 # here\n\n[ profile   dev ]\n\
                    services = local\ns3 =\n  max = 3\nsecret=a#b\n[services local]\nsfn =\n  \
                    endpoint_url = http://localhost:1\n";
        let sections = sections(text);
        assert_eq!(sections["default"]["region"], "eu-west-1");
        assert_eq!(sections["profile dev"]["s3.max"], "3");
        assert_eq!(sections["profile dev"]["secret"], "a#b");
        assert_eq!(
            sections["services local"]["sfn.endpoint_url"],
            "http://localhost:1"
        );
    }

    #[test]
    fn a_profile_is_read_from_both_files() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        let credentials = folder.path().join("credentials");
        fs::write(
            &config,
            "[profile dev]\nregion=eu-west-1\naws_access_key_id=OLD\n",
        )
        .unwrap();
        fs::write(
            &credentials,
            "[dev]\naws_access_key_id=NEW\naws_secret_access_key=s\n",
        )
        .unwrap();
        let environment = Environment::from([
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
            ("AWS_PROFILE", "dev"),
        ]);
        let profile = Profile::load(None, &environment).unwrap();
        assert_eq!(profile.get("region"), Some("eu-west-1"));
        assert_eq!(profile.get("aws_access_key_id"), Some("NEW"));
        assert!(!profile.from_flag);
        assert!(Profile::load(Some("nobody"), &environment).is_err());
    }

    #[test]
    fn a_missing_default_profile_is_an_empty_one() {
        let profile = Profile::load(None, &Environment::default()).unwrap();
        assert_eq!(
            (profile.name.as_str(), profile.get("region")),
            ("default", None)
        );
    }
}
