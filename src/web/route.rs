//! Which requests are answered, and the headers of responses.

use std::fmt::Write as _;

use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
    http::uri::Authority,
};
use sha2::{Digest, Sha256};

use crate::report::html;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WebRoute {
    /// The page itself.
    Page,
    /// Server-sent events.
    Events,
    /// The report so far as JSON.
    Json,
    /// The report so far as HTML.
    HtmlReport,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestRefusal {
    /// Its `Host` does not name this machine (DNS rebinding).
    Host,
    /// It comes from another site's page.
    CrossSite,
    /// Neither GET nor HEAD.
    Method,
    /// There is no such path.
    Unknown,
    /// Too many pages follow the run.
    TooMany,
}

impl RequestRefusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::TooMany => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Host => {
                "This page is for this machine only: open it as 127.0.0.1 or localhost.\n"
            }
            Self::CrossSite => "Only the page of this run may load this.\n",
            Self::Method => "This page is read-only: use GET or HEAD.\n",
            Self::Unknown => "Not found. The page is at /, the report at /report.json.\n",
            Self::TooMany => "Too many pages follow this run: close one.\n",
        }
    }
}

/// What a request is for, if it is allowed.
pub(super) fn route<B>(request: &Request<B>) -> Result<WebRoute, RequestRefusal> {
    let uri = request.uri();
    let is_ours = uri.authority().is_none_or(|it| is_loopback(it.as_str()));
    if !is_ours || !names_this_machine(request.headers()) {
        return Err(RequestRefusal::Host);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(RequestRefusal::Method);
    }
    let route = match uri.path() {
        "/" => WebRoute::Page,
        "/events" => WebRoute::Events,
        "/report.json" => WebRoute::Json,
        "/report.html" => WebRoute::HtmlReport,
        _ => return Err(RequestRefusal::Unknown),
    };
    // Browsers name the requesting site (Fetch Metadata). A link on another site may lead to the
    // page; nothing else may be loaded from there.
    let site = request.headers().get("sec-fetch-site");
    let is_cross_site = site.is_some_and(|site| site != "same-origin" && site != "none");
    if is_cross_site && route != WebRoute::Page {
        return Err(RequestRefusal::CrossSite);
    }
    Ok(route)
}

/// Whether there is exactly one `Host`, and it names loopback. The port may differ: a tunnel
/// (`ssh -L`) has its own.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(is_loopback),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    // A Host has no user name.
    if host.contains('@') {
        return false;
    }
    let name = authority.host();
    let address = name.parse::<std::net::Ipv4Addr>();
    name.eq_ignore_ascii_case("localhost")
        || name == "[::1]"
        || address.is_ok_and(|address| address.is_loopback())
}

/// The page and its Content-Security-Policy, which allows only itself.
pub(super) struct StaticPage {
    pub(super) text: String,
    policy: HeaderValue,
}

impl StaticPage {
    pub(super) fn new() -> Self {
        let style = format!("\n{}{}", html::STYLE, include_str!("page.css"));
        let script = format!("\n{}", include_str!("page.js"));
        let text = include_str!("page.html")
            .replace("/*style*/", &style)
            .replace("/*script*/", &script);
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            base64(&Sha256::digest(&script)),
            base64(&Sha256::digest(&style)),
        );
        let policy = HeaderValue::try_from(policy).expect("ASCII without control characters");
        Self { text, policy }
    }
}

/// The policy of everything but the page.
const NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");

/// A response to this route, without its body.
pub(super) fn response<B>(route: WebRoute, page: &StaticPage, body: B) -> Response<B> {
    let (kind, name) = match route {
        WebRoute::Page => ("text/html; charset=utf-8", None),
        WebRoute::Events => ("text/event-stream", None),
        WebRoute::Json => ("application/json", Some("reflash-report.json")),
        WebRoute::HtmlReport => ("text/html; charset=utf-8", Some("reflash-report.html")),
    };
    let policy = match route {
        WebRoute::Page => page.policy.clone(),
        _ => NOTHING,
    };
    let mut response = guarded(StatusCode::OK, kind, policy, body);
    if let Some(name) = name {
        let value = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
        let value = value.expect("our own names are ASCII");
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// The response to a refused request, and its text.
pub(super) fn refuse(refusal: RequestRefusal) -> (Response<()>, &'static str) {
    let kind = "text/plain; charset=utf-8";
    let mut response = guarded(refusal.status(), kind, NOTHING, ());
    if refusal == RequestRefusal::Method {
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    (response, refusal.text())
}

/// A response that no other site can read or frame, and that is not cached.
fn guarded<B>(status: StatusCode, kind: &'static str, policy: HeaderValue, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            if digit <= three.len() {
                let value = bits >> (18 - 6 * digit) & 63;
                text.push(char::from(DIGITS[value as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// One server-sent event. The data has no line ends: JSON escapes them.
pub(super) fn sse_frame(event: &str, data: &str) -> String {
    let mut text = String::with_capacity(data.len() + 32);
    // Writing to a String does not fail.
    let _ = write!(text, "event: {event}\ndata: {data}\n\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(host: &[&str], path: &str) -> Result<WebRoute, RequestRefusal> {
        let mut request = Request::builder().uri(path);
        for host in host {
            request = request.header("host", *host);
        }
        route(&request.body(()).unwrap())
    }

    #[test]
    fn only_the_names_of_this_machine_are_served() {
        for host in [
            "127.0.0.1:8069",
            "127.0.0.1",
            "localhost:1",
            "LocalHost",
            "[::1]:8069",
            "127.1.2.3",
        ] {
            assert_eq!(routed(&[host], "/"), Ok(WebRoute::Page), "{host}");
        }
        for host in [
            "evil.example:8069",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "192.0.2.1:8069",
            "0.0.0.0:8069",
            "127.0.0.1@evil.example",
            "evil@127.0.0.1",
            "[::2]",
            "2130706433",
            "",
        ] {
            assert_eq!(routed(&[host], "/"), Err(RequestRefusal::Host), "{host}");
        }
        assert_eq!(routed(&[], "/"), Err(RequestRefusal::Host));
        assert_eq!(
            routed(&["localhost", "localhost"], "/"),
            Err(RequestRefusal::Host)
        );
        let elsewhere = "http://evil.example/events";
        assert_eq!(routed(&["localhost"], elsewhere), Err(RequestRefusal::Host));
    }

    #[test]
    fn other_paths_and_methods_are_refused() {
        for (path, expected) in [
            ("/events", Ok(WebRoute::Events)),
            ("/report.json", Ok(WebRoute::Json)),
            ("/report.html?x", Ok(WebRoute::HtmlReport)),
            ("/favicon.ico", Err(RequestRefusal::Unknown)),
            ("//", Err(RequestRefusal::Unknown)),
            ("/../etc/passwd", Err(RequestRefusal::Unknown)),
        ] {
            assert_eq!(routed(&["localhost"], path), expected, "{path}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH"] {
            let request = Request::builder()
                .method(method)
                .uri("/events")
                .header("host", "localhost");
            let routed = route(&request.body(()).unwrap());
            assert_eq!(routed, Err(RequestRefusal::Method), "{method}");
        }
    }

    #[test]
    fn a_page_of_another_site_may_link_here_but_load_nothing() {
        let routed = |site: &str, path: &str| {
            let request = Request::builder()
                .uri(path)
                .header("host", "localhost")
                .header("sec-fetch-site", site);
            route(&request.body(()).unwrap())
        };
        for site in ["cross-site", "same-site"] {
            assert_eq!(routed(site, "/events"), Err(RequestRefusal::CrossSite));
            assert_eq!(routed(site, "/report.json"), Err(RequestRefusal::CrossSite));
            assert_eq!(routed(site, "/"), Ok(WebRoute::Page));
        }
        for site in ["same-origin", "none"] {
            assert_eq!(routed(site, "/events"), Ok(WebRoute::Events));
        }
    }

    #[test]
    fn the_page_loads_nothing_else_and_its_policy_enforces_that() {
        let page = StaticPage::new();
        for foreign in [
            "http://",
            "https://",
            "<link",
            "<img",
            "@import",
            "url(",
            "innerHTML",
            "eval(",
        ] {
            let known = ["http://www.w3.org/2000/svg"];
            let text = known
                .iter()
                .fold(page.text.clone(), |text, it| text.replace(it, ""));
            assert!(!text.contains(foreign), "{foreign}");
        }
        let policy = page.policy.to_str().unwrap();
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        // What a browser hashes is what stands between the tags.
        for (tag, rule) in [("style", "style-src"), ("script", "script-src")] {
            let (_, rest) = page.text.split_once(&format!("<{tag}>")).unwrap();
            let (inner, rest) = rest.split_once(&format!("</{tag}>")).unwrap();
            assert!(!rest.contains(&format!("<{tag}")), "one {tag}");
            let hash = base64(&Sha256::digest(inner));
            assert!(
                policy.contains(&format!("{rule} 'sha256-{hash}'")),
                "{policy}"
            );
        }
    }

    #[test]
    fn base64_follows_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
