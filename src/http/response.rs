//! Responses: their status, headers and bodies.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::{
    Request, Response, StatusCode,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header,
};

use super::range::{self, Part, RangeRequest};
use crate::stage::StagedFile;

/// A response's body: bytes of a file, not copied.
pub(super) struct FileContent(Option<Bytes>);

impl Body for FileContent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> Response<FileContent> {
    let mut response = Response::new(FileContent(None));
    *response.status_mut() = status;
    response
}

/// The response for a file, and the part of the file that is its body.
pub(super) fn respond(
    request: &Request<Incoming>,
    is_head: bool,
    file: &StagedFile,
) -> (Response<FileContent>, Part) {
    let size = file.bytes.len() as u64;
    // If-Range is not evaluated; the whole file is always a valid response.
    let value = (!is_head && !request.headers().contains_key(header::IF_RANGE))
        .then(|| request.headers().get(header::RANGE))
        .flatten()
        .and_then(|value| value.to_str().ok());
    let (status, part, range) = match range::read(value, size) {
        RangeRequest::Whole => (StatusCode::OK, 0..size, None),
        RangeRequest::Part(part) => {
            let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            (StatusCode::PARTIAL_CONTENT, part, Some(range))
        }
        RangeRequest::Outside => {
            let range = format!("bytes */{size}");
            (StatusCode::RANGE_NOT_SATISFIABLE, 0..0, Some(range))
        }
    };
    let within = |at: u64| usize::try_from(at).expect("a part lies within bytes in memory");
    let body =
        Bytes::from_owner(Arc::clone(&file.bytes)).slice(within(part.start)..within(part.end));
    let mut response = Response::new(FileContent((!is_head && !body.is_empty()).then_some(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let text = |text: String| header::HeaderValue::try_from(text).expect("digits are a value");
    headers.insert(
        header::CONTENT_LENGTH,
        text((part.end - part.start).to_string()),
    );
    let bytes = header::HeaderValue::from_static("bytes");
    headers.insert(header::ACCEPT_RANGES, bytes);
    if let Some(range) = range {
        headers.insert(header::CONTENT_RANGE, text(range));
    }
    (response, part)
}

/// A refusal, with its reason for a person.
pub(super) fn refuse(status: StatusCode, reason: &'static str) -> Response<FileContent> {
    let mut response = empty(status);
    *response.body_mut() = FileContent(Some(Bytes::from_static(reason.as_bytes())));
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
