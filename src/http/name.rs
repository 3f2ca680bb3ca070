//! The requested name in the path of a URI.

/// The name in a path: without the leading `/`, percent-decoded once, invalid UTF-8 replaced.
/// The result is a key for a lookup, never a path. A `%` without two hex digits is kept.
#[must_use]
pub fn from_path(path: &str) -> String {
    let path = path.strip_prefix('/').unwrap_or(path).as_bytes();
    let mut name = Vec::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = path.get(at) {
        let decoded = (byte == b'%')
            .then(|| Some(hex(*path.get(at + 1)?)? << 4 | hex(*path.get(at + 2)?)?))
            .flatten();
        name.push(decoded.unwrap_or(byte));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&name).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_to_the_requested_name() {
        for (path, name) in [
            ("/XMLDefault.cnf.xml", "XMLDefault.cnf.xml"),
            (
                "/English_United_States/mk-sip.jar",
                "English_United_States/mk-sip.jar",
            ),
            ("/a%20b", "a b"),
            ("/%2e%2E/etc", "../etc"),
            ("/%252e", "%2e"),
            ("/100%", "100%"),
            ("/%4", "%4"),
            ("/%zz", "%zz"),
            ("/%c3%bc", "ü"),
            ("/%ff", "\u{fffd}"),
            ("//x", "/x"),
            ("/", ""),
            ("", ""),
            ("*", "*"),
        ] {
            assert_eq!(from_path(path), name, "{path}");
        }
    }
}
