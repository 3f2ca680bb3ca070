//! The transient root: verified bundles, generated files, and the lookup from a requested
//! name to bytes.
//!
//! Every file of a stage is read once, while it is laid out, and kept in memory for the run. A
//! file that does not have its verified digest is found before the first phone is served,
//! later changes on disk do not reach a phone, and serving a request never waits for a disk.
//! [`MAX_STAGE_BYTES`] limits the memory; a typical bundle takes 9 MB.
//!
//! Files of a plain folder are read when they are served, larger ones in parts on a thread of their
//! own.

mod bridges;
mod eligibility;
mod error;
mod extra_file;
mod first_phones;
mod inspect;
mod layout;
mod limits;
mod names;
mod open_file;
mod plan;
mod read_file;
mod served_folder;
mod stage_root;
mod staged_file;
mod transient_root;
mod views;
mod xml_default;

pub use bridges::{OrderedBridges, check_bridges, order_bridges};
pub use eligibility::{AcceptPolicy, SelectionError, check_targets, is_sccp};
pub use error::StageError;
pub use extra_file::ExtraFile;
pub use limits::{MAX_EXTRA_FILE_BYTES, MAX_STAGE_BYTES};
pub use open_file::{FileReader, OpenFile, OpenFileVersion, READ_BYTES, SharedBytes};
pub use plan::stage_plans;
pub use served_folder::{
    DiskFile, DiskRead, MAX_FOLDER_ENTRIES, MAX_OPEN_FILES, READ_WHOLE_BYTES, ServedFolder,
    ServedFolderError,
};
pub use staged_file::StagedFile;
pub(crate) use staged_file::sha256;
pub use views::Stage;
pub(crate) use xml_default::{call_manager_group, xml_default_at};

#[cfg(test)]
mod bridge_tests;
#[cfg(test)]
mod extra_file_tests;
#[cfg(test)]
mod first_phones_tests;
#[cfg(test)]
mod tests;
