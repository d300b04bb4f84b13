//! How definitions name a function.

/// Source: AWS Lambda API reference, `Invoke`, `FunctionName`: a name, a partial or a whole ARN, each
/// with a version or an alias behind it or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    /// The whole ARN, if that was said, without a qualifier.
    arn: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) qualifier: Option<&'a str>,
}

impl<'a> Identity<'a> {
    pub(crate) fn of(function: &'a str, qualifier: Option<&'a str>) -> Identity<'a> {
        // `NAME:QUALIFIER` stands behind the word, or alone.
        let at = function
            .find(":function:")
            .map(|at| at + ":function:".len());
        let rest = &function[at.unwrap_or(0)..];
        let (name, after) = match rest.split_once(':') {
            Some((name, after)) => (name, Some(after)),
            None => (rest, None),
        };
        let unqualified = function.len() - after.map_or(0, |after| after.len() + 1);
        Identity {
            arn: function
                .starts_with("arn:")
                .then(|| &function[..unqualified]),
            name,
            qualifier: after.or(qualifier).filter(|it| !it.is_empty()),
        }
    }

    /// What an operator may have called it, the most special first.
    pub(crate) fn keys(&self) -> Vec<String> {
        let bases = [self.arn, Some(self.name)];
        let bases = bases.into_iter().flatten();
        let qualified = self
            .qualifier
            .into_iter()
            .flat_map(|qualifier| bases.clone().map(move |base| format!("{base}:{qualifier}")));
        qualified.chain(bases.clone().map(str::to_owned)).collect()
    }

    /// The version that is said to have run.
    pub(crate) fn version(&self) -> &'a str {
        let digits = |it: &&str| it.bytes().all(|byte| byte.is_ascii_digit());
        self.qualifier.filter(digits).unwrap_or("$LATEST")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_known_by_name_and_arn_with_and_without_qualifier() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
        for (function, qualifier, keys) in [
            ("f", None, vec!["f".to_owned()]),
            ("f:7", None, vec!["f:7".to_owned(), "f".to_owned()]),
            ("f", Some("PROD"), vec!["f:PROD".to_owned(), "f".to_owned()]),
            ("000000000000:function:f", None, vec!["f".to_owned()]),
            (arn, None, vec![arn.to_owned(), "f".to_owned()]),
            (
                &format!("{arn}:$LATEST"),
                None,
                vec![
                    format!("{arn}:$LATEST"),
                    "f:$LATEST".to_owned(),
                    arn.to_owned(),
                    "f".to_owned(),
                ],
            ),
        ] {
            assert_eq!(Identity::of(function, qualifier).keys(), keys);
        }
        assert_eq!(Identity::of("f:7", None).version(), "7");
        assert_eq!(Identity::of("f:PROD", None).version(), "$LATEST");
        for odd in ["", ":", "::", "arn:", ":function:", "ü:function:ü:ü"] {
            Identity::of(odd, None).keys();
        }
    }
}
