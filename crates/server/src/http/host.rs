//! Who may be spoken to: `Host` and `Origin`.
//!
//! A page in a browser can make a name of its own resolve to 127.0.0.1 and then speak to this server
//! as if it were its own. It cannot change what the browser writes into `Host` and `Origin`.

use std::net::{IpAddr, SocketAddr};

/// The SDKs put this before the host of two operations. Source: service model, `hostPrefix`.
const SYNC_PREFIX: &str = "sync-";

/// The names this server goes by.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: Vec<String>,
    any: bool,
}

impl Hosts {
    /// `localhost` and the address itself, and these names. With `any`, any name will do: the
    /// operator let the world in. Pages of other origins are refused all the same.
    pub fn new(names: &[String], any: bool) -> Hosts {
        let mut names: Vec<String> = names.iter().map(|name| plain(name).to_owned()).collect();
        names.push("localhost".to_owned());
        Hosts { names, any }
    }

    /// Whether a request to `host` means this server, which was reached at `local`.
    pub fn allows_host(&self, host: &str, local: SocketAddr) -> bool {
        match split(host) {
            Some((name, _)) => self.any || self.is_ours(&name, local),
            None => false,
        }
    }

    /// Whether a page of this origin is one of ours.
    pub fn allows_origin(&self, origin: &str, local: SocketAddr) -> bool {
        let host = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        let Some((name, port)) = host.and_then(split) else {
            return false;
        };
        let default = if origin.starts_with("https:") {
            443
        } else {
            80
        };
        // Another port of this machine is another server.
        self.is_ours(&name, local) && port.unwrap_or(default) == local.port()
    }

    fn is_ours(&self, name: &str, local: SocketAddr) -> bool {
        let name = name.strip_prefix(SYNC_PREFIX).unwrap_or(name);
        if self.names.iter().any(|ours| ours == name) {
            return true;
        }
        // Only names can be made to point elsewhere; an address is what it is.
        let bare = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .unwrap_or(name);
        bare.parse::<IpAddr>().is_ok_and(|address| {
            address == local.ip().to_canonical()
                || (local.ip().to_canonical().is_loopback() && is_the_loopback(address))
        })
    }
}

/// `127.0.0.1` and `::1`, whichever of them the connection came by.
fn is_the_loopback(address: IpAddr) -> bool {
    address == IpAddr::from([127, 0, 0, 1]) || address == IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])
}

/// Name in small letters, and port. `None`: not a host.
fn split(host: &str) -> Option<(String, Option<u16>)> {
    let (name, port) = match host.rfind(']') {
        Some(end) => {
            let (name, rest) = host.split_at(end + 1);
            (
                name,
                if rest.is_empty() {
                    None
                } else {
                    Some(rest.strip_prefix(':')?)
                },
            )
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let port = match port {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        Some(_) => return None,
        None => None,
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    (!name.is_empty()).then_some((name, port))
}

/// A configured name, as compared.
fn plain(name: &str) -> String {
    split(name).map_or_else(|| name.to_ascii_lowercase(), |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> SocketAddr {
        "127.0.0.1:8083".parse().unwrap()
    }

    #[test]
    fn only_names_of_this_server_are_served() {
        let hosts = Hosts::new(&["Sfn.Test".to_owned()], false);
        for host in [
            "localhost",
            "LOCALHOST:8083",
            "localhost.",
            "127.0.0.1",
            "127.0.0.1:8083",
            "[::1]:8083",
            "sync-localhost:8083",
            "sync-127.0.0.1",
            "sync-[::1]:1",
            "sfn.test",
            "sync-sfn.test:80",
        ] {
            assert!(hosts.allows_host(host, local()), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8083",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "0x7f.1",
            "127.0.0.2",
            "sync-sync-localhost",
            "localhost:x",
            "[::1]x",
            "localhost:99999",
        ] {
            assert!(!hosts.allows_host(host, local()), "{host}");
        }
    }

    #[test]
    fn whoever_lets_the_world_in_still_refuses_foreign_pages() {
        let hosts = Hosts::new(&[], true);
        let lan: SocketAddr = "192.168.1.5:80".parse().unwrap();
        assert!(hosts.allows_host("towpath", lan));
        assert!(!hosts.allows_origin("http://towpath", lan));
        assert!(hosts.allows_origin("http://192.168.1.5", lan));
    }

    #[test]
    fn only_our_own_pages_may_ask() {
        let hosts = Hosts::new(&[], false);
        assert!(hosts.allows_origin("http://localhost:8083", local()));
        assert!(hosts.allows_origin("http://127.0.0.1:8083", local()));
        for origin in [
            "null",
            "http://evil.example",
            "http://localhost",
            "http://localhost:3000",
            "file://",
        ] {
            assert!(!hosts.allows_origin(origin, local()), "{origin}");
        }
    }
}
