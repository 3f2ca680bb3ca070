//! What several checks of decoders use.

use std::{fmt::Debug, net::Ipv4Addr};

use reflash::{phone::MacAddress, protocol::MAX_TEXT};

pub(crate) const PHONE: Ipv4Addr = Ipv4Addr::new(172, 30, 6, 12);

pub(crate) const MAC: MacAddress = MacAddress::new([0x00, 0x21, 0xd8, 0xba, 0x09, 0x65]);

/// Whether `part` lies inside `whole`: decoders borrow from their input.
pub(crate) fn is_part(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    part.start == part.end || whole.start <= part.start && part.end <= whole.end
}

pub(crate) fn assert_short<'t>(texts: impl IntoIterator<Item = &'t Option<String>>) {
    for text in texts.into_iter().flatten() {
        assert!(text.len() <= MAX_TEXT, "{} bytes of text", text.len());
    }
}

/// The input in pieces; its first byte decides their length.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let size = bytes.first().map_or(1, |byte| usize::from(*byte) % 40 + 1);
    bytes.chunks(size)
}

/// Feeds a stream in one piece and in many: the same values, and an error in both or in none.
pub(crate) fn same_in_pieces<S: Default, T: PartialEq + Debug, E>(
    bytes: &[u8],
    feed: impl Fn(&mut S, &[u8]) -> Result<Vec<T>, E>,
) -> Option<Vec<T>> {
    let whole = feed(&mut S::default(), bytes).ok();
    let mut stream = S::default();
    let mut values = Vec::new();
    let mut failed = false;
    for piece in pieces(bytes) {
        match feed(&mut stream, piece) {
            Ok(more) => {
                assert!(!failed, "a stream that failed accepts more");
                values.extend(more);
            }
            Err(_) => failed = true,
        }
    }
    assert_eq!(whole.is_none(), failed);
    if let Some(whole) = &whole {
        assert_eq!(*whole, values);
    }
    whole
}
