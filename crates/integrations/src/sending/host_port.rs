//! A host and a port, as operators write them and as URLs have them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use hyper::Uri;

/// `127.0.0.1:8080`, `[::1]:8080`, `internal.example:443`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// In small letters; an address in its one form, without brackets.
    host: String,
    port: u16,
}

impl HostPort {
    /// Of a text that may have no port.
    pub fn with_default_port(text: &str, port: u16) -> Result<HostPort, String> {
        let is_bare_v6 = text.parse::<Ipv6Addr>().is_ok();
        let colon = text.rfind(':').filter(|colon| {
            let in_brackets = text.ends_with(']');
            !is_bare_v6 && !in_brackets && text[colon + 1..].parse::<u16>().is_ok()
        });
        match colon {
            Some(_) => text.parse(),
            None if is_bare_v6 => format!("[{text}]:{port}").parse(),
            None => format!("{text}:{port}").parse(),
        }
    }

    /// Of a URL with a scheme; the port is the scheme's if none is named.
    pub(crate) fn of(uri: &Uri) -> Option<HostPort> {
        let port = match (uri.port_u16(), uri.scheme_str()?) {
            (Some(port), _) => port,
            // A port that is there and no number.
            (None, _) if uri.authority()?.port().is_some() => return None,
            (None, "https") => 443,
            (None, "http") => 80,
            _ => return None,
        };
        let host = normal(uri.host()?)?;
        Some(HostPort { host, port })
    }

    /// The same port of an address.
    pub(super) fn of_address(address: IpAddr, port: u16) -> HostPort {
        HostPort {
            host: address.to_string(),
            port,
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

fn normal(host: &str) -> Option<String> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if let Some(bare) = bare {
        return Some(bare.parse::<Ipv6Addr>().ok()?.to_string());
    }
    // The dot at the end of a name that is whole.
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (!host.is_empty() && host.bytes().all(is_name)).then(|| host.to_ascii_lowercase())
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<HostPort, String> {
        let wrong =
            || format!("{text:?} is no HOST:PORT, such as 127.0.0.1:8080 or api.example:443");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port: u16 = port.parse().map_err(|_| wrong())?;
        let host = normal(host).ok_or_else(wrong)?;
        match port {
            0 => Err(wrong()),
            _ => Ok(HostPort { host, port }),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl<'de> serde::Deserialize<'de> for HostPort {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<HostPort, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_and_printed_in_one_form() {
        for (text, form) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("API.Example.:443", "api.example:443"),
            ("[::0001]:80", "[::1]:80"),
        ] {
            assert_eq!(text.parse::<HostPort>().unwrap().to_string(), form);
        }
        for wrong in [
            "", "a", ":1", "a:", "a:0", "a:99999", "::1:80", "a/b:80", "a b:80", "u@a:80",
        ] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_that_is_not_named_is_the_default_one() {
        for (text, form) in [
            ("api.example", "api.example:443"),
            ("api.example:8443", "api.example:8443"),
            ("::1", "[::1]:443"),
            ("[::1]", "[::1]:443"),
            ("[::1]:8443", "[::1]:8443"),
        ] {
            assert_eq!(
                HostPort::with_default_port(text, 443).unwrap().to_string(),
                form
            );
        }
        let of = |text: &str| HostPort::of(&text.parse().unwrap()).map(|it| it.to_string());
        assert_eq!(of("https://A/b?c").as_deref(), Some("a:443"));
        assert_eq!(of("http://u:p@a/").as_deref(), Some("a:80"));
        assert_eq!(of("http://[::1]:8/").as_deref(), Some("[::1]:8"));
        assert_eq!(of("/b"), None);
    }
}
