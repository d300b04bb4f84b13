//! Where calls of other services go: the operator's to say, service by service.

use std::collections::BTreeMap;
use std::str::FromStr;

use hyper::Uri;

/// What stands for every service that is not named.
const DEFAULT: &str = "default";

/// One service's address, as a flag or a variable gives it: `lambda=http://127.0.0.1:4701`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEndpoint {
    service: String,
    url: String,
}

/// The file's `[endpoints]`: addresses by service, or under `default` for all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Endpoints(BTreeMap<String, String>);

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

impl Endpoints {
    /// These, with another laid over them.
    pub fn with(mut self, endpoint: &ServiceEndpoint) -> Endpoints {
        let ServiceEndpoint { service, url } = endpoint.clone();
        self.0.insert(service, url);
        self
    }

    /// Complains about the first that cannot be one.
    pub fn check(&self) -> Result<(), String> {
        self.0
            .iter()
            .try_for_each(|(service, url)| check(service, url))
    }

    /// Every service and its address.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(service, url)| (service.as_str(), url.as_str()))
    }

    /// Where calls of `service` go, without a slash at its end.
    pub fn of(&self, service: &str) -> Option<&str> {
        let url = self.0.get(service).or_else(|| self.0.get(DEFAULT))?;
        Some(url.trim_end_matches('/'))
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
        let endpoints = Endpoints::default().with(&lambda);
        assert_eq!(endpoints.of("lambda"), Some("http://127.0.0.1:4701"));
        assert_eq!(endpoints.of("sqs"), None);
        let endpoints = endpoints.with(&default);
        assert_eq!(endpoints.of("lambda"), Some("http://127.0.0.1:4701"));
        assert_eq!(endpoints.of("sqs"), Some("https://aws.example/prefix"));
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
