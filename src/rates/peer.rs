//! Whose address a request comes from: the connection's, or what a trusted proxy says.
//!
//! A header is believed only as far as it was written by somebody trusted. It is read from its end, where the proxy that
//! is connected to us has written whom it heard; each further entry counts only if the one after it is trusted too. What
//! stands before the first address that is not trusted was written by anybody, and is not looked at.
//!
//! Only the one header that the settings name is read: proxies pass the other one on as their client sent it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;

/// The address that a connection comes from; left with each of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection(pub IpAddr);

/// Entries of a header that are looked at: longer ways through proxies are not believed.
const ENTRIES_MAX: usize = 16;

/// A network: the addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Why a text is no network. It says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANetwork {
    /// Not even the form.
    #[error("this is no network; write one such as 10.0.0.0/8 or fd00::/8, or a single address")]
    Form,
    /// The number after the slash.
    #[error("the number after the slash must be from 1 to {0}")]
    Bits(u8),
    /// There is more of an address than the network has.
    #[error("it has bits beyond its first {}; write {}", .0.bits, .0)]
    Beyond(Network),
}

impl FromStr for Network {
    type Err = NotANetwork;
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| NotANetwork::Form)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.trim().parse().map_err(|_| NotANetwork::Form)?,
        };
        // A network of all addresses would have anybody believed.
        if !(1..=most).contains(&bits) {
            return Err(NotANetwork::Bits(most));
        }
        let network = Self {
            address: first(address, bits),
            bits,
        };
        if network.address == address {
            Ok(network)
        } else {
            Err(NotANetwork::Beyond(network))
        }
    }
}

fn first(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4() && first(address, self.bits) == self.address
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The header in which proxies say whom they heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Header {
    /// `X-Forwarded-For`: addresses separated by commas.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239): `for=ADDRESS`, with other things that are not looked at.
    Forwarded,
}

impl Header {
    const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Who may say for whom they ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Their networks. Without any, nobody is believed.
    pub trusted: Vec<Network>,
    /// Where they say it.
    pub header: Header,
}

impl Proxies {
    /// The address that asks, as far as it can be believed.
    #[must_use]
    pub fn whose(&self, connection: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = connection.to_canonical();
        if !self.trusts(address) {
            return address;
        }
        // A header that stands there more than once is one list (RFC 9110, 5.3).
        let lines = headers.get_all(self.header.name()).iter();
        let lines: Vec<&str> = lines.map_while(|line| line.to_str().ok()).collect();
        let entries = lines
            .iter()
            .rev()
            .flat_map(|line| elements(line).into_iter().rev());
        for entry in entries.take(ENTRIES_MAX) {
            let said = match self.header {
                Header::XForwardedFor => Some(entry),
                Header::Forwarded => forwarded_for(entry),
            };
            // Hidden or unreadable: the last one that is known asks.
            let Some(said) = said.and_then(read) else { break };
            address = said;
            if !self.trusts(address) {
                break;
            }
        }
        address
    }

    /// Whether somebody who is not trusted says for whom they ask: anybody may, but it is mostly a proxy that the
    /// settings forgot.
    pub(super) fn are_unnamed(&self, connection: IpAddr, headers: &HeaderMap) -> bool {
        headers.contains_key(self.header.name()) && !self.trusts(connection.to_canonical())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.holds(address))
    }
}

/// What stands between commas that are not quoted.
fn elements(line: &str) -> Vec<&str> {
    split(line, b',')
}

fn split(text: &str, at: u8) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut is_quoted, mut is_escaped) = (0, false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ if byte == at && !is_quoted => {
                parts.push(&text[from..place]);
                from = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// The value of `for` in one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    let pairs = split(element, b';').into_iter();
    let mut values = pairs.filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    let value = values.next()?;
    Some(
        value
            .strip_prefix('"')
            .and_then(|v| v.strip_suffix('"'))
            .unwrap_or(value),
    )
}

/// An address, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    let address = address.or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Result<Network, String> {
        text.parse().map_err(|problem: NotANetwork| problem.to_string())
    }

    #[test]
    fn a_network_is_read_or_refused_with_what_to_write() {
        for text in ["10.0.0.0/8", "fd00::/8", "::1/128", "192.0.2.7/32"] {
            assert_eq!(network(text).unwrap().to_string(), text);
        }
        assert_eq!(network("192.0.2.7").unwrap().to_string(), "192.0.2.7/32");
        for (text, says) in [
            ("", "this is no network"),
            ("proxy.example.com", "this is no network"),
            ("10.0.0.0/x", "this is no network"),
            ("10.0.0.0/33", "must be from 1 to 32"),
            ("::/129", "must be from 1 to 128"),
            ("0.0.0.0/0", "must be from 1 to 32"),
            ("::/0", "must be from 1 to 128"),
            ("10.1.2.3/8", "write 10.0.0.0/8"),
            ("fd00::1/64", "write fd00::/64"),
        ] {
            let said = network(text).unwrap_err();
            assert!(said.contains(says), "{text:?}: {said}");
        }
    }

    #[test]
    fn a_network_holds_what_begins_like_it() {
        for (text, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/9", "10.128.0.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "10.0.0.1", false),
            ("::1", "::1", true),
        ] {
            let holds = network(text).unwrap().holds(address.parse().unwrap());
            assert_eq!(holds, expected, "{text} and {address}");
        }
    }

    /// The address that is believed, where 10.0.0.0/8 and fd00::/8 are trusted.
    fn whose(connection: &str, header: Header, lines: &[&str]) -> String {
        let proxies = Proxies {
            trusted: vec![network("10.0.0.0/8").unwrap(), network("fd00::/8").unwrap()],
            header,
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header.name(), line.parse().unwrap());
        }
        // What a client wrote into the header that is not read changes nothing.
        let other = match header {
            Header::XForwardedFor => "forwarded",
            Header::Forwarded => "x-forwarded-for",
        };
        headers.append(other, "for=203.0.113.99, 203.0.113.99".parse().unwrap());
        proxies.whose(connection.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_proxys_word_is_read_from_its_end_and_believed_as_far_as_it_is_trusted() {
        let check = |connection: &str, lines: &[&str], expected: &str| {
            assert_eq!(
                whose(connection, Header::XForwardedFor, lines),
                expected,
                "{lines:?}"
            );
        };
        check("10.0.0.1", &["198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &[], "10.0.0.1");
        // Nobody else is believed.
        check("203.0.113.5", &["198.51.100.7"], "203.0.113.5");
        // What stands before the first stranger was written by them.
        check("10.0.0.1", &["1.2.3.4, 198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["1.2.3.4, 198.51.100.7, 10.0.0.2"], "198.51.100.7");
        check("10.0.0.1", &["1.2.3.4", "198.51.100.7 ,10.0.0.2"], "198.51.100.7");
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
        // With ports and brackets, as some write them.
        check("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7");
        check("10.0.0.1", &["2001:db8::7"], "2001:db8::7");
        check("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7");
        check("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7");
        check("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7");
        check("fd00::1", &["198.51.100.7"], "198.51.100.7");
        // What cannot be read ends the way.
        check("10.0.0.1", &["198.51.100.7, unknown"], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.7, unknown, 10.0.0.2"], "10.0.0.2");
        check("10.0.0.1", &[""], "10.0.0.1");
        check("10.0.0.1", &[",,,"], "10.0.0.1");
    }

    #[test]
    fn a_proxy_that_is_not_named_is_noticed() {
        let proxies = Proxies {
            trusted: vec![network("10.0.0.0/8").unwrap()],
            ..Proxies::default()
        };
        let mut said = HeaderMap::new();
        said.insert("x-forwarded-for", "198.51.100.7".parse().unwrap());
        let from = |address: &str, headers| proxies.are_unnamed(address.parse().unwrap(), headers);
        assert!(from("192.0.2.1", &said));
        assert!(!from("10.0.0.1", &said));
        assert!(!from("192.0.2.1", &HeaderMap::new()));
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes() {
        let check = |line: &str, expected: &str| {
            assert_eq!(whose("10.0.0.1", Header::Forwarded, &[line]), expected, "{line}");
        };
        check("for=198.51.100.7", "198.51.100.7");
        check("For=\"[2001:db8::7]:4711\";proto=https", "2001:db8::7");
        check("proto=https;by=10.0.0.9;for=198.51.100.7", "198.51.100.7");
        check("for=1.2.3.4, for=198.51.100.7, for=10.0.0.2", "198.51.100.7");
        check("for=198.51.100.7;host=\"a,for=1.2.3.4\"", "198.51.100.7");
        check("for=198.51.100.7;host=\"a\\\",for=1.2.3.4\"", "198.51.100.7");
        check("for=_hidden", "10.0.0.1");
        check("for=unknown, for=10.0.0.2", "10.0.0.2");
        check("by=10.0.0.9", "10.0.0.1");
    }

    #[test]
    fn a_long_way_is_not_followed_to_its_end() {
        let line = format!("198.51.100.7{}", ", 10.0.0.2".repeat(ENTRIES_MAX));
        assert_eq!(whose("10.0.0.1", Header::XForwardedFor, &[&line]), "10.0.0.2");
    }
}
