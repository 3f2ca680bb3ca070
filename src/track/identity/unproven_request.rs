//! A request that counts once a part of its answer is acknowledged.

use super::super::{
    conversion::FileRequest,
    history::truncate_name,
    observation::{ServedFile, TransferId, Transport},
};
use crate::phone::RequestedFile;

/// A request that counts once a part of its answer is acknowledged.
#[derive(Debug, Clone)]
pub(in crate::track) struct UnprovenRequest {
    pub transfer: TransferId,
    pub name: String,
    pub served: Option<ServedFile>,
    transport: Transport,
    port: u16,
}

impl UnprovenRequest {
    pub(in crate::track) fn new(request: FileRequest<'_>) -> Self {
        Self {
            transfer: request.transfer,
            name: truncate_name(request.name),
            served: request.served.cloned(),
            transport: request.transport,
            port: request.port,
        }
    }

    /// The request, for `file`, which is its name parsed.
    pub(in crate::track) fn as_request<'a>(&'a self, file: &'a RequestedFile) -> FileRequest<'a> {
        FileRequest {
            transfer: self.transfer,
            transport: self.transport,
            name: &self.name,
            port: self.port,
            file,
            served: self.served.as_ref(),
            error: None,
        }
    }
}
