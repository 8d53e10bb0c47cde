//! The bytes of files.
//!
//! Owns: ranges and how much is sent at once. Must not know: in which commit a file is.

use flaresmith_api::api::files::{GetBlobContentRequest, GetBlobContentResponse, GetBlobRequest};
use flaresmith_api::bodies::ByteBody;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::BlobInfo;
use git2::Oid;
use serde_json::json;

use super::seen;
use crate::platform::Platform;
use crate::repositories::{Local, id};

/// Files of this many bytes and more are not edited.
pub(super) const LIMIT: usize = 2 << 20;

/// Files larger than this are better read in ranges.
const LARGE: u64 = 1 << 20;

/// A good size for a range.
const CHUNK: i32 = 256 << 10;

/// Most bytes that are sent at once.
const MOST: u64 = LIMIT as u64;

/// How many bytes tell whether a file is text; git looks at as many.
const LOOKED_AT: usize = 8000;

/// The ETag of a blob. Its bytes never change, and neither does what is told of it.
pub(super) fn tag(sha: &str) -> String {
    format!("\"{sha}\"")
}

/// What is known about a blob.
pub(super) async fn about(platform: &Platform, request: GetBlobRequest) -> Result<BlobInfo, Failure> {
    let work = move |local: &Local| {
        let blob = blob_id(&request.blob_sha)?;
        let size = local.size(blob)?;
        Ok(BlobInfo {
            sha: request.blob_sha,
            size_bytes: size,
            binary: (size < MOST).then(|| is_binary(local, blob)).transpose()?,
            editable: size < MOST,
            ranges_advised: size > LARGE,
            chunk_bytes: CHUNK,
        })
    };
    platform.repositories.with(request.project_id, work).await
}

/// The bytes of a blob, or a range of them.
pub(super) async fn content(
    platform: &Platform,
    request: GetBlobContentRequest,
) -> Result<GetBlobContentResponse, Failure> {
    let work = move |local: &Local| {
        let blob = blob_id(&request.blob_sha)?;
        let size = local.size(blob)?;
        let own = tag(&request.blob_sha);
        let known = request.if_none_match.as_deref().is_some_and(|sent| {
            let mut tags = sent.split(',').map(|one| one.trim().trim_start_matches("W/"));
            tags.any(|one| one == "*" || one == own)
        });
        if known {
            return Ok(GetBlobContentResponse::NotModified);
        }
        let range = match request.range.as_deref().and_then(Range::parse) {
            None if size > MOST => {
                let details = json!({ "sizeBytes": size, "limitBytes": MOST });
                return Err(Failure::new(ErrorCode::FileTooLarge)
                    .with_message("The file is larger than what is sent at once.")
                    .with_hint("Read it in ranges.")
                    .with_details(details));
            }
            None => None,
            Some(range) => Some(range.within(size).ok_or_else(|| {
                Failure::new(ErrorCode::FileRangeInvalid)
                    .with_details(json!({ "sizeBytes": size }))
                    .with_header("content-range", format!("bytes */{size}"))
            })?),
        };
        let bytes = local.blob(blob)?;
        let Some((first, last)) = range else {
            return Ok(GetBlobContentResponse::Ok {
                e_tag: Some(own),
                accept_ranges: Some("bytes".to_owned()),
                body: ByteBody::from(bytes.content().to_vec()),
            });
        };
        let (from, to) = (usize::try_from(first), usize::try_from(last));
        let part = from
            .ok()
            .zip(to.ok())
            .and_then(|(from, to)| bytes.content().get(from..=to));
        let part = part.ok_or_else(|| Failure::internal("a blob is shorter than git says"))?;
        Ok(GetBlobContentResponse::PartialContent {
            e_tag: Some(own),
            content_range: format!("bytes {first}-{last}/{size}"),
            body: ByteBody::from(part.to_vec()),
        })
    };
    platform.repositories.with(request.project_id, work).await
}

/// Whether a file may be edited: it is text, and not too large.
pub(super) fn is_editable(local: &Local, blob: Oid, size: u64) -> Result<bool, Failure> {
    Ok(size < MOST && !is_binary(local, blob)?)
}

fn is_binary(local: &Local, blob: Oid) -> Result<bool, Failure> {
    seen::is_binary(blob, || {
        let blob = local.blob(blob)?;
        Ok(blob.content().iter().take(LOOKED_AT).any(|byte| *byte == 0))
    })
}

fn blob_id(sha: &str) -> Result<Oid, Failure> {
    id(sha).ok_or_else(|| Failure::new(ErrorCode::FileNotFound))
}

/// A range of bytes as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    /// From here on, to there or to the end.
    From(u64, Option<u64>),
    /// The last so many.
    Last(u64),
}

impl Range {
    /// Reads a `Range` header; one that makes no sense is as good as none.
    fn parse(header: &str) -> Option<Self> {
        let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
        match (first, last) {
            ("", last) => last.parse().ok().map(Self::Last),
            (first, "") => Some(Self::From(first.parse().ok()?, None)),
            (first, last) => {
                let (first, last) = (first.parse().ok()?, last.parse().ok()?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// The first and last byte of it in a file of this size, no more than are sent at once; `None`: there is none.
    fn within(self, size: u64) -> Option<(u64, u64)> {
        let end = size.checked_sub(1)?;
        let (first, last) = match self {
            Self::From(first, last) => (first, last.unwrap_or(end).min(end)),
            Self::Last(0) => return None,
            Self::Last(count) => (size.saturating_sub(count), end),
        };
        (first <= end).then(|| (first, last.min(first + MOST - 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_file_and_to_what_is_sent_at_once() {
        for (header, size, expected) in [
            ("bytes=0-9", 100, Some((0, 9))),
            ("bytes=90-200", 100, Some((90, 99))),
            ("bytes=99-", 100, Some((99, 99))),
            ("bytes=-10", 100, Some((90, 99))),
            ("bytes=-200", 100, Some((0, 99))),
            ("bytes=100-", 100, None),
            ("bytes=-0", 100, None),
            ("bytes=0-", 0, None),
            ("bytes=5-", 5 * MOST, Some((5, MOST + 4))),
        ] {
            assert_eq!(Range::parse(header).unwrap().within(size), expected, "{header}");
        }
        for none in [
            "bytes=9-3",
            "bytes=a-b",
            "bytes=1",
            "lines=1-2",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(Range::parse(none), None, "{none}");
        }
    }
}
