//! Reads a command line: one command, flags, options with a value.

use crate::Failure;

/// What is left of the command line after what has been taken from it.
pub struct Arguments {
    rest: Vec<String>,
}

impl Arguments {
    /// The arguments this process was started with.
    pub fn from_command_line() -> Self {
        Self {
            rest: std::env::args().skip(1).collect(),
        }
    }

    /// Takes the first argument, the command.
    pub fn command(&mut self) -> Option<String> {
        if self.rest.is_empty() {
            None
        } else {
            Some(self.rest.remove(0))
        }
    }

    /// Takes `--name` and says whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let found = self.rest.iter().position(|argument| argument == name);
        if let Some(at) = found {
            self.rest.remove(at);
        }
        found.is_some()
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    pub fn option(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let joined = format!("{name}=");
        if let Some(at) = self.rest.iter().position(|a| a.starts_with(&joined)) {
            let argument = self.rest.remove(at);
            return Ok(Some(argument[joined.len()..].to_owned()));
        }
        let Some(at) = self.rest.iter().position(|argument| argument == name) else {
            return Ok(None);
        };
        if at + 1 >= self.rest.len() {
            return Err(format!("{name} needs a value").into());
        }
        let value = self.rest.remove(at + 1);
        self.rest.remove(at);
        Ok(Some(value))
    }

    /// Fails if anything is left that nobody took.
    pub fn finish(self) -> Result<(), Failure> {
        match self.rest.first() {
            None => Ok(()),
            Some(unknown) => Err(format!("unknown argument '{unknown}'").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn arguments(words: &[&str]) -> Arguments {
        Arguments {
            rest: words.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    #[test]
    fn takes_flags_and_options_in_any_order() {
        let mut line = arguments(&["test", "--cases", "there", "--quick", "--seed=7"]);
        assert_eq!(line.command().as_deref(), Some("test"));
        assert!(line.flag("--quick"));
        assert!(!line.flag("--quick"));
        assert_eq!(line.option("--cases").unwrap().as_deref(), Some("there"));
        assert_eq!(line.option("--seed").unwrap().as_deref(), Some("7"));
        assert!(line.finish().is_ok());
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(arguments(&["--nonsense"]).finish().is_err());
        assert!(arguments(&["--cases"]).option("--cases").is_err());
    }
}
