//! How a phone with two slots reads its manifest.

use super::{LINE, MOST_IMAGES, payload, plain};

/// Most images of one platform; real manifests name up to eleven.
const MOST_OF_PLATFORM: usize = 4 * MOST_IMAGES;

/// An image of a manifest, with its size if the manifest states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator) struct SlotImage {
    pub(in crate::simulator) name: String,
    pub(in crate::simulator) size: Option<u64>,
}

/// The images that a phone of this hardware platform (from 1) fetches, in order. A manifest without
/// sections is for every platform. `None` if the manifest has no image for it.
pub(in crate::simulator) fn slot_images(bytes: &[u8], platform: u32) -> Option<Vec<SlotImage>> {
    let text = payload(bytes);
    let is_sectioned = text.windows(9).any(|part| part == b"[PLATFORM");
    let own = format!("[PLATFORM_{platform}]");
    let mut is_own = !is_sectioned;
    let mut images = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(&line[..line.len().min(LINE)]);
        let line = line.trim();
        if line.starts_with('[') {
            is_own = line == own;
            continue;
        }
        if line.is_empty() || line.starts_with('#') || !is_own {
            continue;
        }
        let image = if is_sectioned {
            let mut words = line.split_whitespace();
            let named = words.next().and_then(|word| word.split_once('='));
            let size = words.next().and_then(|word| word.strip_prefix("size="));
            let (Some((_, name)), Some(size)) = (named, size) else {
                continue;
            };
            SlotImage {
                name: plain(name)?.to_owned(),
                size: Some(size.parse().ok()?),
            }
        } else {
            SlotImage {
                name: plain(line.split_whitespace().next()?)?.to_owned(),
                size: None,
            }
        };
        if images.len() == MOST_OF_PLATFORM {
            return None;
        }
        images.push(image);
    }
    (!images.is_empty()).then_some(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_reads_the_images_of_its_platform() {
        let text = b"# RELEASE Model=78xx\n[CISCO-ID]\nhwcompat = 0x00000003\n[PLATFORM_1]\n\
            kern=kern78xx.11.sbn size=308\nebr_1 = (0, 1)\n[PLATFORM_2]\nkern=kern2.78xx.11.sbn size=7\n";
        let names = |platform| {
            let images = slot_images(text, platform)?;
            Some(
                images
                    .into_iter()
                    .map(|image| (image.name, image.size))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            names(1),
            Some(vec![("kern78xx.11.sbn".to_owned(), Some(308))])
        );
        assert_eq!(
            names(2),
            Some(vec![("kern2.78xx.11.sbn".to_owned(), Some(7))])
        );
        assert_eq!(names(3), None);
        let bare = b"BOOT69xx.0-0-0-14.zz.sgn\r\nSIP69xx.9-4-1-3.zz.sgn\r\n";
        let images = slot_images(bare, 1).unwrap();
        assert_eq!(images.len(), 2);
        assert_eq!(images[1].name, "SIP69xx.9-4-1-3.zz.sgn");
        assert_eq!(slot_images(b"", 1), None);
    }
}
