//! Requests that a browser sends for a page of another site: they are refused, as no phone sends them.

use std::net::Ipv4Addr;

use hyper::{
    HeaderMap, Request, StatusCode,
    header::{self, HeaderValue},
    http::uri::Authority,
};

/// Top-level domains that cannot be registered, so that no page of the Internet has such a name:
/// RFC 6762 (3 and appendix G), RFC 8375.
const PRIVATE_DOMAINS: [&str; 9] = [
    ".local",
    ".intranet",
    ".internal",
    ".private",
    ".corp",
    ".home",
    ".lan",
    ".home.arpa",
    ".localdomain",
];

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ForeignRequest {
    /// Its `Host` does not name this machine (DNS rebinding).
    Host(String),
    /// It comes from another site's page.
    Site,
}

impl ForeignRequest {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Host(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::Site => StatusCode::FORBIDDEN,
        }
    }

    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::Host(_) => {
                "This server serves phones, which request its address. If phones use this name \
                 (DHCP option 66), start reflash with --server-name and the name.\n"
            }
            Self::Site => "This server serves phones, no pages of other sites.\n",
        }
    }
}

/// Refuses a request that a page of another site causes. `local`: the address that it was sent to.
/// `names`: further names of this machine.
///
/// A phone sends the address as `Host`, or the name that DHCP gave it, or no `Host`.
pub(super) fn check<B>(
    request: &Request<B>,
    local: Ipv4Addr,
    names: &[String],
) -> Result<(), ForeignRequest> {
    let headers = request.headers();
    let is_own = |host: &str| is_own(host, local, names);
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut hosts = headers.get_all(header::HOST).iter().map(text);
    let host = hosts.next().unwrap_or_default();
    let authority = request.uri().authority().map(Authority::as_str);
    let named = [Some(host.as_str()), authority].into_iter().flatten();
    let mut foreign = named.filter(|host| !host.is_empty() && !is_own(host));
    if let Some(foreign) = foreign.next() {
        return Err(ForeignRequest::Host(foreign.to_owned()));
    }
    if let Some(second) = hosts.next() {
        return Err(ForeignRequest::Host(second));
    }
    if is_cross_site(headers, &host) {
        return Err(ForeignRequest::Site);
    }
    Ok(())
}

/// Whether a browser says that the page of another site causes the request.
fn is_cross_site(headers: &HeaderMap, host: &str) -> bool {
    let site = headers.get("sec-fetch-site");
    let origin = headers.get(header::ORIGIN);
    let own = format!("http://{host}");
    site.is_some_and(|site| site != "same-origin" && site != "none")
        || origin.is_some_and(|origin| !origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()))
}

/// Whether a `Host` is this machine.
fn is_own(host: &str, local: Ipv4Addr, names: &[String]) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    // A Host has no user name.
    if host.contains('@') {
        return false;
    }
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let is_listed = || {
        names
            .iter()
            .any(|own| own.trim_end_matches('.').eq_ignore_ascii_case(&name))
    };
    match name.parse::<Ipv4Addr>() {
        Ok(address) => address == local || is_listed(),
        Err(_) => is_private_name(&name) || is_listed(),
    }
}

/// Whether no page of the Internet can have this name: it has one label, which is no number, or a
/// private top-level domain.
fn is_private_name(name: &str) -> bool {
    let is_label = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c))
    };
    is_label(name)
        || PRIVATE_DOMAINS
            .iter()
            .any(|domain| name.len() > domain.len() && name.ends_with(domain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOCAL: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    fn checked(uri: &str, headers: &[(&str, &str)]) -> Result<(), ForeignRequest> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let names = ["tftp.example.com".to_owned()];
        check(&request.body(()).unwrap(), LOCAL, &names)
    }

    #[test]
    fn the_forms_that_phones_send_are_served() {
        assert_eq!(checked("/file", &[]), Ok(()), "HTTP/1.0");
        for host in [
            "",
            "192.0.2.1:6970",
            "192.0.2.1",
            "tftp",
            "PBX-1:6970",
            "pbx.lan",
            "pbx.office.home.arpa:6970",
            "TFTP.example.com.:6970",
            "localhost:6970",
        ] {
            assert_eq!(checked("/file", &[("host", host)]), Ok(()), "{host}");
        }
        let absolute = "http://192.0.2.1:6970/file";
        assert_eq!(checked(absolute, &[("host", "192.0.2.1:6970")]), Ok(()));
    }

    #[test]
    fn foreign_hosts_are_refused() {
        for host in [
            "evil.example:6970",
            "evil.example",
            "192.0.2.1.evil.example",
            "tftp.example.com.evil.example",
            "evil.example@192.0.2.1",
            "192.0.2.1@evil.example",
            "198.51.100.1:6970",
            "[::1]:6970",
            "3221225985",
            "0x7f000001",
            ".lan",
            "a b",
        ] {
            let refused = Err(ForeignRequest::Host(host.to_owned()));
            assert_eq!(checked("/file", &[("host", host)]), refused, "{host}");
        }
        let twice = [("host", "192.0.2.1"), ("host", "192.0.2.1")];
        assert!(checked("/file", &twice).is_err());
        let absolute = "http://evil.example/file";
        assert!(checked(absolute, &[("host", "192.0.2.1")]).is_err());
    }

    proptest! {
        #[test]
        fn any_header_has_an_answer(host in any::<Vec<u8>>(), origin in any::<Vec<u8>>()) {
            let value = |bytes: &[u8]| HeaderValue::from_bytes(bytes);
            if let (Ok(host), Ok(origin)) = (value(&host), value(&origin)) {
                let request = Request::builder().header("host", host).header("origin", origin);
                prop_assert!(check(&request.body(()).unwrap(), LOCAL, &[]).is_err());
            }
        }

        #[test]
        fn a_name_of_the_internet_is_refused(name in "[a-zA-Z0-9.-]{1,30}\\.(com|org|example|de)") {
            prop_assert!(checked("/file", &[("host", &name)]).is_err());
        }
    }

    #[test]
    fn requests_of_other_sites_are_refused() {
        let host = ("host", "192.0.2.1:6970");
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("origin", "https://192.0.2.1:6970"),
        ] {
            let refused = checked("/file", &[host, (name, value)]);
            assert_eq!(refused, Err(ForeignRequest::Site), "{name}: {value}");
        }
        for (name, value) in [
            ("sec-fetch-site", "none"),
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://192.0.2.1:6970"),
        ] {
            assert_eq!(
                checked("/file", &[host, (name, value)]),
                Ok(()),
                "{name}: {value}"
            );
        }
    }
}
