//! What the process was told by its environment, as a value, so that tests can tell something else.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The environment variables of a process.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    vars: BTreeMap<String, String>,
}

impl Environment {
    /// The environment of this process; variables that are not UTF-8 are left out.
    pub fn of_process() -> Environment {
        let vars = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Environment {
            vars: vars.collect(),
        }
    }

    /// A variable that is set and not empty: the AWS tools take an empty one for none.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether a variable says `true`, in any case of letters.
    pub fn says_true(&self, name: &str) -> bool {
        self.var(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The file a variable names, else `path` in the home folder; `None` without a home folder.
    pub fn file(&self, name: &str, path_in_home: &str) -> Option<PathBuf> {
        match self.var(name) {
            Some(path) => match path.strip_prefix("~/") {
                Some(rest) => Some(PathBuf::from(self.var("HOME")?).join(rest)),
                None => Some(PathBuf::from(path)),
            },
            None => Some(PathBuf::from(self.var("HOME")?).join(path_in_home)),
        }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(vars: [(&str, &str); N]) -> Environment {
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Environment {
            vars: BTreeMap::from(vars),
        }
    }
}
