//! Where calls of other services go, and as whom: the operator's to say, service by service.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use hyper::Uri;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

/// What stands for every service that is not named.
const DEFAULT: &str = "default";

/// One service's address, as a flag or a variable gives it: `lambda=http://127.0.0.1:4701`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEndpoint {
    service: String,
    url: String,
}

/// Where a service is, and who calls it.
///
/// The file says `sqs = "http://127.0.0.1:4566"`, or a table of these three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Where requests go; a path before that of the request is kept.
    pub url: String,
    /// The region that requests are signed for, where it is not the server's own.
    pub region: Option<String>,
    /// The profile of the AWS files whose credentials sign.
    pub profile: Option<String>,
}

/// The file's `[endpoints]`: by service, or under `default` for all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Endpoints(BTreeMap<String, Endpoint>);

impl FromStr for ServiceEndpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<ServiceEndpoint, String> {
        let shape = "say SERVICE=URL, such as lambda=http://127.0.0.1:4701";
        let (service, url) = text.split_once('=').ok_or(shape)?;
        check(service, url)?;
        Ok(ServiceEndpoint {
            service: service.to_owned(),
            url: url.to_owned(),
        })
    }
}

impl Endpoint {
    pub(crate) fn at(url: &str) -> Endpoint {
        Endpoint {
            url: url.to_owned(),
            ..Endpoint::default()
        }
    }

    /// The address without a slash at its end.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_end_matches('/')
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Endpoint, D::Error> {
        // An untagged enum would do, but for its message: "did not match any variant".
        struct UrlOrTable;
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            url: String,
            region: Option<String>,
            profile: Option<String>,
        }
        impl<'de> Visitor<'de> for UrlOrTable {
            type Value = Endpoint;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a URL, or a table with url, region and profile")
            }

            fn visit_str<E: de::Error>(self, url: &str) -> Result<Endpoint, E> {
                Ok(Endpoint::at(url))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Endpoint, A::Error> {
                let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Endpoint {
                    url: table.url,
                    region: table.region,
                    profile: table.profile,
                })
            }
        }
        deserializer.deserialize_any(UrlOrTable)
    }
}

impl Endpoints {
    /// These, with another address laid over them. What the file says of region and profile stays.
    pub fn with(mut self, endpoint: &ServiceEndpoint) -> Endpoints {
        let ServiceEndpoint { service, url } = endpoint.clone();
        self.0.entry(service).or_default().url = url;
        self
    }

    /// Complains about the first that cannot be one.
    pub fn check(&self) -> Result<(), String> {
        self.0
            .iter()
            .try_for_each(|(service, endpoint)| check(service, &endpoint.url))
    }

    /// Every service and where it is.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Endpoint)> {
        self.0
            .iter()
            .map(|(service, endpoint)| (service.as_str(), endpoint))
    }

    /// Where calls go of the service that has all these names.
    pub fn of<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&Endpoint> {
        let named = names.into_iter().find_map(|name| self.0.get(name));
        named.or_else(|| self.0.get(DEFAULT))
    }
}

fn check(service: &str, url: &str) -> Result<(), String> {
    let is_name = !service.is_empty()
        && service
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_name {
        return Err(format!(
            "{service:?} is no service; say one as resources name it, such as lambda, or default"
        ));
    }
    let why = format!("{url:?} is no URL of a service; say http://HOST:PORT or https://HOST");
    let uri: Uri = url.parse().map_err(|_| why.clone())?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    match is_http && uri.host().is_some() && uri.query().is_none() {
        true => Ok(()),
        false => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_of_its_own_comes_before_the_default() {
        let lambda = "lambda=http://127.0.0.1:4701/".parse().unwrap();
        let default = "default=https://aws.example/prefix".parse().unwrap();
        let of = |endpoints: &Endpoints, names: &[&str]| {
            let endpoint = endpoints.of(names.iter().copied())?;
            Some(endpoint.address().to_owned())
        };
        let endpoints = Endpoints::default().with(&lambda);
        let here = Some("http://127.0.0.1:4701".to_owned());
        assert_eq!(of(&endpoints, &["lambda"]), here);
        assert_eq!(of(&endpoints, &["functions", "lambda"]), here);
        assert_eq!(of(&endpoints, &["sqs"]), None);
        let endpoints = endpoints.with(&default);
        assert_eq!(of(&endpoints, &["lambda"]), here);
        let default = Some("https://aws.example/prefix".to_owned());
        assert_eq!(of(&endpoints, &["sqs"]), default);
    }

    #[test]
    fn a_table_says_region_and_profile() {
        let read = |text| serde_json::from_str::<Endpoints>(text);
        let text = r#"{"sqs": {"url": "https://a", "region": "eu-west-1", "profile": "p"}, "sns": "http://b"}"#;
        let endpoints = read(text).unwrap();
        let sqs = endpoints.of(["sqs"]).unwrap();
        assert_eq!(sqs.region.as_deref(), Some("eu-west-1"));
        assert_eq!(sqs.profile.as_deref(), Some("p"));
        assert_eq!(endpoints.of(["sns"]).unwrap().url, "http://b");
        let over = endpoints.with(&"sqs=http://c".parse().unwrap());
        let sqs = over.of(["sqs"]).unwrap();
        assert_eq!(
            (sqs.url.as_str(), sqs.profile.as_deref()),
            ("http://c", Some("p"))
        );
        for wrong in [
            r#"{"sqs": 1}"#,
            r#"{"sqs": {"url": "a", "x": 1}}"#,
            r#"{"sqs": {}}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for wrong in [
            "lambda",
            "=http://a",
            "Lambda=http://a",
            "lambda=a",
            "lambda=ftp://a",
            "lambda=http://",
            "lambda=http://a?b",
        ] {
            assert!(wrong.parse::<ServiceEndpoint>().is_err(), "{wrong}");
        }
    }
}
