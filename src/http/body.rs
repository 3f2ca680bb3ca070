//! The body of a response.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::range::Part;
use crate::stage::{FileReader, OpenFile, READ_BYTES, ServedFolderError};

/// A response's body: a part of a file, not copied.
pub(super) struct FileBody {
    /// `None`: no file.
    reader: Option<FileReader>,
    /// What is not sent yet.
    rest: Part,
}

impl FileBody {
    pub(super) fn empty() -> Self {
        Self {
            reader: None,
            rest: 0..0,
        }
    }

    /// A part that lies within the file.
    pub(super) fn new(file: OpenFile, part: Part) -> Self {
        Self {
            reader: Some(FileReader::new(file, READ_BYTES)),
            rest: part,
        }
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = ServedFolderError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ServedFolderError>>> {
        let rest = self.rest.clone();
        let Some(reader) = self.reader.as_mut().filter(|_| !rest.is_empty()) else {
            return Poll::Ready(None);
        };
        let (bytes, range) = match ready!(reader.poll(rest, context.waker())) {
            Ok(read) => read,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        self.rest.start += range.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(bytes).slice(range)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.end - self.rest.start)
    }
}
