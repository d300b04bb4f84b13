//! `credential_process`: a command of the user's that prints credentials as JSON.

use std::process::{Command, Stdio};

use super::{Credentials, Document, SigningError};

/// Runs the command line of a profile's `credential_process`.
///
/// The words are split as a shell would split them and no shell is started, as in the AWS CLI.
pub(super) fn run(line: &str) -> Result<Credentials, SigningError> {
    let words = words(line);
    let Some((program, arguments)) = words.split_first() else {
        return Err(SigningError::Credentials(
            "credential_process is empty".to_owned(),
        ));
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            SigningError::Credentials(format!("credential_process {program}: {error}"))
        })?;
    if !output.status.success() {
        let status = output.status;
        return Err(SigningError::Credentials(format!(
            "credential_process {program}: {status}"
        )));
    }
    Document::read(&output.stdout, "credential_process")
}

/// Splits at white space outside quotes; `\` takes the next character as it is, but not in `'…'`.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            (_, Some(open)) if character == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(characters.next()),
            (white, None) if white.is_whitespace() => words.extend(word.take()),
            (other, _) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        assert_eq!(
            words(r#" a  "b c" 'd\e' f\ g "" "#),
            ["a", "b c", r"d\e", "f g", ""]
        );
        assert!(words("  ").is_empty());
    }

    #[test]
    fn a_process_gives_credentials_or_says_why_not() {
        let line = r#"printf '{"Version":1,"AccessKeyId":"I","SecretAccessKey":"S"}'"#;
        assert_eq!(run(line).unwrap(), Credentials::new("I", "S", None));
        assert!(
            run("false")
                .unwrap_err()
                .to_string()
                .contains("exit status: 1")
        );
        assert!(
            run("printf nothing")
                .unwrap_err()
                .to_string()
                .contains("as JSON")
        );
    }
}
