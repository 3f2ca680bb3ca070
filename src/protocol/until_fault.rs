//! A stream is decoded until its first fault.

use super::Malformed;

/// A decoder of a stream, and the fault that ended it. The start of the message after a malformed
/// one is unknown.
#[derive(Debug, Clone, Default)]
pub(super) struct UntilFault<D> {
    decoder: D,
    fault: Option<Malformed>,
}

impl<D: Default> UntilFault<D> {
    /// Decodes bytes. After a fault the decoder's buffers are freed, and every further call returns
    /// that fault.
    pub(super) fn feed<T>(
        &mut self,
        decode: impl FnOnce(&mut D) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let decoded = decode(&mut self.decoder);
        if let Err(fault) = &decoded {
            self.fault = Some(*fault);
            self.decoder = D::default();
        }
        decoded
    }
}
