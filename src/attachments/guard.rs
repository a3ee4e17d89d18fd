//! Where a file may be fetched from. Pure: what is said of an address, and what of the addresses that a name stands for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Which way a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the API that the account's settings name. Whoever set it up may run it on this machine.
    Home,
    /// To a host of the channel's, which must be out on the internet.
    Outside,
}

/// Why nothing is fetched from there. The address is not shown: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read, or holds a password.
    #[error("the file's address is not of a form that is fetched")]
    Form,
    /// It is not encrypted.
    #[error("the file's address is not https")]
    Plain,
    /// It is elsewhere.
    #[error("the file is on a host that the channel's files do not come from")]
    Host,
}

/// Says which way a request to `url` goes, if it may be made at all: to the very host and port of `api_base`, in its
/// own scheme or https; or by https to one of `hosts`, at the usual port. Numbers are no hosts, unless `api_base` is one.
///
/// # Errors
/// When it may not.
pub fn way(url: &str, api_base: Option<&str>, hosts: &[String]) -> Result<Way, Refused> {
    let url = Url::parse(url).map_err(|_| Refused::Form)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::Form);
    }
    let host = url.host_str().ok_or(Refused::Form)?;
    let home = api_base.and_then(|base| Url::parse(base).ok());
    let is_home = home.as_ref().is_some_and(|home| {
        home.host_str() == Some(host)
            && home.port_or_known_default() == url.port_or_known_default()
            && home.scheme() == url.scheme()
    });
    if is_home && matches!(url.scheme(), "http" | "https") {
        return Ok(Way::Home);
    }
    if url.scheme() != "https" {
        return Err(Refused::Plain);
    }
    let is_named = url.domain().is_some() && url.port().is_none();
    if is_named && hosts.iter().any(|allowed| covers(allowed, host)) {
        return Ok(Way::Outside);
    }
    Err(Refused::Host)
}

/// Whether `allowed` names `host`: itself, or all below it when it begins with `*.`.
fn covers(allowed: &str, host: &str) -> bool {
    match allowed.strip_prefix('*') {
        Some(below) => below.starts_with('.') && host.len() > below.len() && host.ends_with(below),
        None => allowed == host,
    }
}

/// Whether an address is out on the internet: none of this machine, of a network around it, or of no single machine
/// (the special-purpose registries of IANA, RFC 6890).
#[must_use]
pub fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_outside_v4(address),
        IpAddr::V6(address) => is_outside_v6(address),
    }
}

fn is_outside_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        // This network, private ones, loopback, between provider and customer, link-local.
        (0 | 10 | 127, _, _) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _)
            // Protocols, examples, the old relays to IPv6, measurements.
            | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113)
            // Multicast, reserved, broadcast.
            | (224.., _, _)
    )
}

fn is_outside_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_outside_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // What stands for an address of IPv4 is as good as that.
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => inner(g, h),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => inner(g, h),
        (0x2002, _) => inner(b, c),
        // Protocols and tunnels, examples.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        (0x2000..=0x3fff, _) => true,
        // Loopback, link-local, unique local, multicast, and what was never given out.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_fetched_from_its_channels_hosts_or_the_accounts_own_api_and_nowhere_else() {
        let hosts = ["*.fbcdn.net", "cdn.example"].map(str::to_owned);
        let stub = Some("http://127.0.0.1:8099/v1");
        let (home, outside) = (Ok(Way::Home), Ok(Way::Outside));
        for (url, base, expected) in [
            ("https://scontent.xx.fbcdn.net/a?oh=1", None, outside),
            ("https://CDN.example/a", None, outside),
            ("https://cdn.example:443/a", None, outside),
            ("https://cdn.example:22/a", None, Err(Refused::Host)),
            ("https://fbcdn.net/a", None, Err(Refused::Host)),
            ("https://evilfbcdn.net/a", None, Err(Refused::Host)),
            ("https://x.fbcdn.net.evil.example/a", None, Err(Refused::Host)),
            ("https://cdn.example.evil.example/a", None, Err(Refused::Host)),
            ("https://a.cdn.example/a", None, Err(Refused::Host)),
            ("https://cdn.example./a", None, Err(Refused::Host)),
            ("https://127.0.0.1/a", None, Err(Refused::Host)),
            ("https://[::1]/a", None, Err(Refused::Host)),
            ("https://2130706433/a", None, Err(Refused::Host)),
            ("https://localhost/a", None, Err(Refused::Host)),
            ("http://cdn.example/a", None, Err(Refused::Plain)),
            ("file:///etc/passwd", None, Err(Refused::Form)),
            ("ftp://cdn.example/a", None, Err(Refused::Plain)),
            ("https://cdn.example@evil.example/", None, Err(Refused::Form)),
            ("https://user:word@cdn.example/", None, Err(Refused::Form)),
            ("//cdn.example/a", None, Err(Refused::Form)),
            ("", None, Err(Refused::Form)),
            ("http://127.0.0.1:8099/files/1", stub, home),
            ("http://127.0.0.1:8098/files/1", stub, Err(Refused::Plain)),
            ("https://127.0.0.1:8099/files/1", stub, Err(Refused::Host)),
            ("http://127.0.0.2:8099/files/1", stub, Err(Refused::Plain)),
            ("http://169.254.169.254/latest", stub, Err(Refused::Plain)),
            ("https://cdn.example/a", stub, outside),
            (
                "http://graph.example/a",
                Some("https://graph.example"),
                Err(Refused::Plain),
            ),
            ("https://graph.example/a", Some("https://graph.example"), home),
        ] {
            assert_eq!(way(url, base, &hosts), expected, "{url} beside {base:?}");
        }
    }

    #[test]
    fn addresses_of_this_machine_and_the_networks_around_it_are_not_outside() {
        for inside in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "febf::1",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::",
            "2001::1",
            "2001:db8::1",
            "100::1",
        ] {
            assert!(!is_outside(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "193.0.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a03:2880::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert!(is_outside(outside.parse().unwrap()), "{outside}");
        }
    }
}
