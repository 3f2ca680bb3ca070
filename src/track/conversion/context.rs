//! What a conversion needs to know besides an observation.

use crate::{
    phone::{Model, RequestedFile},
    track::{
        catalog::Catalog,
        observation::{RunTime, ServedFile, TransferId, Transport},
        plan::{RegistrationTarget, Subnet},
        tftp_error::TftpError,
    },
};

/// The circumstances of an observation of one phone.
#[derive(Debug, Clone, Copy)]
pub(in crate::track) struct Context<'a> {
    pub at: RunTime,
    pub catalog: &'a Catalog,
    /// `--only` leaves the phone out, so it gets no loads on purpose.
    pub excluded: bool,
    /// The phone is to register on this machine, and its REGISTERs are observed.
    pub registers_here: bool,
    /// Where the phone's own configuration sends its REGISTERs.
    pub registration: Option<&'a RegistrationTarget>,
    /// Only requests are observed.
    pub requests_only: bool,
    /// The end of the survey; `None` without one.
    pub survey: Option<RunTime>,
    /// The network that is served.
    pub network: Option<Subnet>,
    /// The model that the inventory lists for the phone.
    pub listed: Option<&'static Model>,
}

impl Context<'_> {
    /// Whether a survey is in progress.
    pub(super) fn in_survey(&self) -> bool {
        self.survey.is_some_and(|end| self.at < end)
    }
}

/// A request for a file, parsed.
#[derive(Debug, Clone, Copy)]
pub(in crate::track) struct FileRequest<'a> {
    pub transfer: TransferId,
    pub transport: Transport,
    pub name: &'a str,
    pub port: u16,
    pub file: &'a RequestedFile,
    pub served: Option<&'a ServedFile>,
    /// The error that the server answered, if it is known and another than "not found".
    pub error: Option<&'a TftpError>,
}

impl FileRequest<'_> {
    /// The name as staged, or as requested if nothing is served.
    pub(super) fn file_name(&self) -> &str {
        self.served.map_or(self.name, |served| &served.name)
    }
}
