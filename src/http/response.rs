//! Responses: their status, headers and bodies.

use hyper::{Request, Response, StatusCode, body::Incoming, header};

use super::{
    body::FileBody,
    range::{self, Part, RangeRequest},
};
use crate::stage::{OpenFile, StagedFile};

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> Response<FileBody> {
    let mut response = Response::new(FileBody::empty());
    *response.status_mut() = status;
    response
}

/// The response for a file, and the part of the file that is its body.
pub(super) fn respond(
    request: &Request<Incoming>,
    is_head: bool,
    file: &OpenFile,
) -> (Response<FileBody>, Part) {
    let size = file.size();
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
    let mut response = Response::new(if is_head {
        FileBody::empty()
    } else {
        FileBody::new(file.clone(), part.clone())
    });
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
pub(super) fn refuse(status: StatusCode, reason: &'static str) -> Response<FileBody> {
    let text = StagedFile {
        name: "".into(),
        bytes: reason.as_bytes().into(),
    };
    let part = 0..text.size();
    let mut response = Response::new(FileBody::new(text.into(), part));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
