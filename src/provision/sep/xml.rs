//! Writing XML elements.

use std::io;

use quick_xml::{Writer, events::BytesText};

pub(in crate::provision) type Xml = Writer<Vec<u8>>;

pub(in crate::provision) fn nested(
    xml: &mut Xml,
    name: &str,
    content: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    xml.create_element(name).write_inner_content(content)?;
    Ok(())
}

pub(in crate::provision) fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name)
        .write_text_content(BytesText::new(text))?;
    Ok(())
}

/// An element that holds text elements.
pub(super) fn all(xml: &mut Xml, name: &str, values: &[(&str, &str)]) -> io::Result<()> {
    nested(xml, name, |xml| {
        values
            .iter()
            .try_for_each(|(name, value)| text(xml, name, value))
    })
}
