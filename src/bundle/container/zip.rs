//! Zips: the structure is judged as a whole before a member is shown.

use std::{fs::File, io::Seek};

use super::{
    super::{
        archive,
        inflate::{self, MemberFault},
    },
    At, Item, Stop, Visit,
};

pub(super) fn walk(file: &File, length: u64, visit: &mut dyn Visit) -> Result<(), Stop> {
    let mut at = At::new(file, 0, length);
    let entries = archive::layout(&mut at, length)?;
    at.rewind()?;
    let mut library = inflate::open(at, &entries)?;
    for (index, entry) in entries.iter().enumerate() {
        if entry.is_folder() {
            continue;
        }
        visit.begin(&Item {
            place: entry.place.clone(),
            size: entry.size,
        })?;
        let copied = inflate::copy(&mut library, index, entry, |bytes| visit.bytes(bytes));
        let fault = match copied {
            Ok(()) => None,
            Err(MemberFault::Data(why)) => Some(why),
            Err(MemberFault::Stop(stop)) => return Err(stop),
        };
        visit.end(fault)?;
    }
    Ok(())
}
