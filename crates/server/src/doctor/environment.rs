//! What the environment tells clients: endpoint, region, credentials.

use super::Finding;
use crate::client::Environment;

const DEFAULT_URL: &str = "http://127.0.0.1:8083";

/// Where clients go, and the URL to look at.
pub(super) fn endpoint(flag: Option<&str>, environment: &Environment) -> (Finding, String) {
    const CHECK: &str = "endpoint";
    let own = environment.var("AWS_ENDPOINT_URL_SFN");
    let every = environment.var("AWS_ENDPOINT_URL");
    let set = own.or(every);
    let url = flag.or(set).unwrap_or(DEFAULT_URL).trim_end_matches('/');
    let export = format!("export AWS_ENDPOINT_URL_SFN={url}");
    let finding = if environment.says_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        let found = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true: clients go to AWS itself";
        Finding::fail(CHECK, found, "unset AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    } else {
        match (set, own) {
            (None, _) => {
                let found = "neither AWS_ENDPOINT_URL_SFN nor AWS_ENDPOINT_URL is set: clients that are \
                             not told otherwise go to AWS itself";
                Finding::warn(CHECK, found, export)
            }
            (Some(set), _) if set.trim_end_matches('/') != url => {
                let found = format!("looking at {url}, but clients go to {set}");
                Finding::warn(CHECK, found, export)
            }
            (Some(set), None) => {
                let found = format!("AWS_ENDPOINT_URL sends every service to {set}");
                let advice =
                    format!("{export}\nunset AWS_ENDPOINT_URL, if others are to go to AWS");
                Finding::warn(CHECK, found, advice)
            }
            (Some(set), Some(_)) => Finding::ok(CHECK, format!("{set} (AWS_ENDPOINT_URL_SFN)")),
        }
    };
    (finding, url.to_owned())
}

/// boto3 reads one variable, most others another.
pub(super) fn region(environment: &Environment) -> Finding {
    const CHECK: &str = "region";
    let most = environment.var("AWS_REGION");
    let boto = environment.var("AWS_DEFAULT_REGION");
    match (most, boto) {
        (Some(most), Some(boto)) if most != boto => Finding::warn(
            CHECK,
            format!("AWS_REGION is {most}, AWS_DEFAULT_REGION is {boto}"),
            "make them the same: boto3 reads the second, most others the first",
        ),
        (Some(region), Some(_)) => Finding::ok(CHECK, region),
        (Some(region), None) => Finding::warn(
            CHECK,
            format!("{region}, but boto3 reads AWS_DEFAULT_REGION, which is not set"),
            format!("export AWS_DEFAULT_REGION={region}"),
        ),
        (None, Some(region)) => Finding::warn(
            CHECK,
            format!("{region}, but JavaScript and Go read AWS_REGION, which is not set"),
            format!("export AWS_REGION={region}"),
        ),
        (None, None) => Finding::warn(
            CHECK,
            "none is set: clients refuse to start, unless a profile has one",
            "export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1",
        ),
    }
}

/// Clients sign whatever they send, so they need some key.
pub(super) fn credentials(environment: &Environment, url: &str) -> Finding {
    const CHECK: &str = "credentials";
    let any = "export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any";
    let key = environment.var("AWS_ACCESS_KEY_ID");
    let secret = environment.var("AWS_SECRET_ACCESS_KEY");
    let real = key.is_some_and(|key| key.starts_with("AKIA") || key.starts_with("ASIA"));
    match (key, secret) {
        (Some(_), Some(_)) if real && url.starts_with("http://") => Finding::warn(
            CHECK,
            "keys of AWS are set; the server does not need them, but a signature made with them goes \
             over plain HTTP",
            any,
        ),
        (Some(_), Some(_)) => Finding::ok(CHECK, "set in the environment"),
        (Some(_), None) | (None, Some(_)) => Finding::fail(
            CHECK,
            "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set",
            any,
        ),
        (None, None) => {
            let file = environment.file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
            match file.filter(|file| file.exists()) {
                Some(file) => Finding::ok(CHECK, format!("from {}", file.display())),
                None => Finding::warn(
                    CHECK,
                    "none found: clients refuse to call, although the server takes any",
                    any,
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{self, Fail, Ok, Warn};
    use super::*;

    const URL: &str = "http://127.0.0.1:4599";

    #[test]
    fn the_endpoint_is_found_where_clients_find_it() {
        for (flag, variables, verdict, url) in [
            (None, ("A", "b"), Warn, DEFAULT_URL),
            (
                None,
                ("AWS_ENDPOINT_URL_SFN", "http://h:1/"),
                Ok,
                "http://h:1",
            ),
            (None, ("AWS_ENDPOINT_URL", "http://h:1"), Warn, "http://h:1"),
            (Some(URL), ("AWS_ENDPOINT_URL_SFN", "http://h:1"), Warn, URL),
            (Some(URL), ("AWS_ENDPOINT_URL_SFN", URL), Ok, URL),
            (
                None,
                ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE"),
                Fail,
                DEFAULT_URL,
            ),
        ] {
            let (finding, found) = endpoint(flag, &Environment::from([variables]));
            assert_eq!((finding.verdict, &*found), (verdict, url), "{variables:?}");
            assert_eq!(finding.advice.is_some(), verdict != Ok);
        }
    }

    fn verdict<const N: usize>(
        check: impl Fn(&Environment) -> Finding,
        variables: [(&str, &str); N],
    ) -> Verdict {
        check(&Environment::from(variables)).verdict
    }

    #[test]
    fn each_client_needs_its_region() {
        let (most, boto) = (
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
        );
        assert_eq!(verdict(region, [most, boto]), Ok);
        assert_eq!(verdict(region, [most]), Warn);
        assert_eq!(verdict(region, [boto]), Warn);
        assert_eq!(verdict(region, []), Warn);
        assert_eq!(
            verdict(region, [most, ("AWS_DEFAULT_REGION", "us-east-1")]),
            Warn
        );
    }

    #[test]
    fn any_key_will_do_but_half_a_key_will_not() {
        let secret = ("AWS_SECRET_ACCESS_KEY", "x");
        let check = |environment: &Environment| credentials(environment, URL);
        assert_eq!(verdict(check, [("AWS_ACCESS_KEY_ID", "any"), secret]), Ok);
        assert_eq!(verdict(check, [secret]), Fail);
        assert_eq!(verdict(check, []), Warn);
        let real = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), secret];
        assert_eq!(verdict(check, real), Warn);
        let https = |environment: &Environment| credentials(environment, "https://h");
        assert_eq!(verdict(https, real), Ok);
    }
}
