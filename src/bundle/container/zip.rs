//! ZIP: the structure is validated as a whole before an entry is read.

mod end_record;
mod headers;
mod inflate;
mod read;
mod structure;
mod zip_entry;

use std::{fs::File, io::Seek};

use self::inflate::EntryError;
use super::super::{
    file_part::FilePart,
    stop::WalkStop,
    visitor::{EntryInfo, Visitor},
};

pub(super) fn walk(file: &File, length: u64, visitor: &mut dyn Visitor) -> Result<(), WalkStop> {
    let mut part = FilePart::new(file, 0, length);
    let entries = structure::entries(&mut part, length)?;
    part.rewind()?;
    let mut reader = inflate::open(part, &entries)?;
    for (index, entry) in entries.iter().enumerate() {
        if entry.is_folder() {
            continue;
        }
        visitor.begin(&EntryInfo {
            path: entry.path.clone(),
            size: entry.size,
        })?;
        let copied = inflate::copy(&mut reader, index, entry, |bytes| visitor.bytes(bytes));
        let error = match copied {
            Ok(()) => None,
            Err(EntryError::Data(why)) => Some(why),
            Err(EntryError::Stop(stop)) => return Err(stop),
        };
        visitor.end(error)?;
    }
    Ok(())
}
