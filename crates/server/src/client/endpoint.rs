//! Where to ask: the URL and the region, found in the order of the AWS CLI.

use integrations::signing::{self, Environment, Profile};

use super::ClientError;

/// What is said when no region is known and AWS would be asked.
pub(super) const NO_REGION: &str =
    "no region: say --region, set AWS_REGION, or give the profile a region";

/// The address of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    url: String,
    authority: String,
    path: String,
}

impl Endpoint {
    /// Flag, `AWS_ENDPOINT_URL_SFN`, `AWS_ENDPOINT_URL`, the profile's `endpoint_url`, AWS.
    ///
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` passes over all but the flag.
    pub(super) fn find(
        flag: Option<&str>,
        region: Option<&str>,
        environment: &Environment,
        profile: &Profile,
    ) -> Result<Endpoint, ClientError> {
        let ignored = environment.says_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        let configured = || {
            environment
                .var("AWS_ENDPOINT_URL_SFN")
                .or_else(|| environment.var("AWS_ENDPOINT_URL"))
                .or_else(|| profile.get("endpoint_url"))
                .filter(|_| !ignored)
        };
        if let Some(url) = flag.or_else(configured) {
            return Endpoint::parse(url);
        }
        let region = region.ok_or_else(|| ClientError::Settings(NO_REGION.to_owned()))?;
        // The partitions whose names end otherwise. Source: botocore, `partitions.json`.
        let suffix = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        Endpoint::parse(&format!("https://states.{region}.{suffix}"))
    }

    fn parse(url: &str) -> Result<Endpoint, ClientError> {
        let refuse = || {
            ClientError::Settings(format!(
                "'{url}' is no endpoint: it must be http://HOST[:PORT] or https://HOST[:PORT]"
            ))
        };
        let uri: ureq::http::Uri = url.trim().parse().map_err(|_| refuse())?;
        let scheme = uri
            .scheme_str()
            .filter(|scheme| matches!(*scheme, "http" | "https"));
        let (Some(scheme), Some(authority)) = (scheme, uri.authority()) else {
            return Err(refuse());
        };
        if uri.query().is_some() || authority.as_str().contains('@') {
            return Err(refuse());
        }
        // The signature covers the host as it is sent: without the scheme's own port.
        let port = uri
            .port_u16()
            .filter(|port| *port != if scheme == "https" { 443 } else { 80 });
        let host = authority.host();
        let authority = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = uri.path();
        let path = if path.ends_with('/') {
            path.to_owned()
        } else {
            format!("{path}/")
        };
        Ok(Endpoint {
            url: format!("{scheme}://{authority}{path}"),
            authority,
            path,
        })
    }

    /// The whole URL that requests are posted to.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Host and port, as the `Host` header has them.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The path that requests are posted to; `/` unless the endpoint lies below a prefix.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Whether the other side is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        signing::is_loopback(&self.authority)
    }

    /// Whether the other side is AWS itself.
    pub(super) fn is_aws(&self) -> bool {
        let host = signing::host(&self.authority);
        host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")
    }
}

/// Flag, the ARN's region, `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`.
///
/// The ARN comes before the environment, where the CLI would not look at it: an activity can be
/// polled in its own region only, so any other region is an error in waiting.
pub(super) fn region(
    flag: Option<&str>,
    arn: Option<&str>,
    environment: &Environment,
    profile: &Profile,
) -> Option<String> {
    let of_arn = || arn?.split(':').nth(3).filter(|region| !region.is_empty());
    flag.or_else(of_arn)
        .or_else(|| environment.var("AWS_REGION"))
        .or_else(|| environment.var("AWS_DEFAULT_REGION"))
        .or_else(|| profile.get("region"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(flag: Option<&str>, vars: &Environment) -> Endpoint {
        Endpoint::find(flag, Some("eu-west-1"), vars, &Profile::default()).unwrap()
    }

    #[test]
    fn the_first_of_flag_service_variable_and_general_variable_counts() {
        let both = Environment::from([
            ("AWS_ENDPOINT_URL_SFN", "http://localhost:1"),
            ("AWS_ENDPOINT_URL", "http://localhost:2"),
        ]);
        assert_eq!(
            find(Some("http://localhost:3"), &both).url(),
            "http://localhost:3/"
        );
        assert_eq!(find(None, &both).url(), "http://localhost:1/");
        let general = Environment::from([("AWS_ENDPOINT_URL", "http://localhost:2")]);
        assert_eq!(find(None, &general).url(), "http://localhost:2/");
        let ignored = Environment::from([
            ("AWS_ENDPOINT_URL", "http://localhost:2"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE"),
        ]);
        assert_eq!(
            find(None, &ignored).url(),
            "https://states.eu-west-1.amazonaws.com/"
        );
        assert!(find(None, &ignored).is_aws());
    }

    #[test]
    fn the_authority_is_what_the_host_header_will_say() {
        let none = Environment::default();
        assert_eq!(find(Some("https://h:443"), &none).authority(), "h");
        assert_eq!(find(Some("https://h:80/below"), &none).authority(), "h:80");
        assert_eq!(find(Some("https://h:80/below"), &none).path(), "/below/");
        assert_eq!(
            find(Some("http://[::1]:4599"), &none).authority(),
            "[::1]:4599"
        );
    }

    #[test]
    fn loopback_is_told_from_names_that_only_look_like_it() {
        let none = Environment::default();
        for local in [
            "http://127.0.0.1:1",
            "http://[::1]",
            "http://localhost",
            "http://a.localhost:9",
        ] {
            assert!(find(Some(local), &none).is_loopback(), "{local}");
        }
        for remote in [
            "http://128.0.0.1",
            "http://localhost.example.com",
            "https://states.eu-west-1.amazonaws.com",
        ] {
            assert!(!find(Some(remote), &none).is_loopback(), "{remote}");
        }
        assert!(!find(Some("https://x.amazonaws.com.evil.example"), &none).is_aws());
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        let (none, profile) = (Environment::default(), Profile::default());
        for bad in [
            "",
            "localhost:4599",
            "ftp://h",
            "http://",
            "http://h/?q",
            "http://u@h",
        ] {
            assert!(
                Endpoint::find(Some(bad), None, &none, &profile).is_err(),
                "{bad}"
            );
        }
        assert!(Endpoint::find(None, None, &none, &profile).is_err());
    }

    #[test]
    fn the_arn_beats_the_environment_and_the_flag_beats_the_arn() {
        let env = Environment::from([("AWS_DEFAULT_REGION", "a"), ("AWS_REGION", "b")]);
        let arn = Some("arn:aws:states:eu-north-1:1:activity:x");
        let profile = Profile::default();
        assert_eq!(region(Some("f"), arn, &env, &profile).as_deref(), Some("f"));
        assert_eq!(
            region(None, arn, &env, &profile).as_deref(),
            Some("eu-north-1")
        );
        assert_eq!(region(None, None, &env, &profile).as_deref(), Some("b"));
    }
}
