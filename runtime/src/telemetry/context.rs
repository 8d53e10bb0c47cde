//! The context of a trace, as W3C Trace Context has it.
//!
//! Owns: reading `traceparent` and `tracestate` of a request, and writing them for a call. Must not know: spans, what is called.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header that names a trace and the span above.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The header in which systems hand on what is theirs.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Longest `tracestate` that is handed on, in bytes; a longer one is left out, as the recommendation allows.
const LONGEST: usize = 512;

/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// Names a trace.
pub type TraceBytes = [u8; 16];

/// Names a span within its trace.
pub type SpanBytes = [u8; 8];

/// What a caller says about the trace that its request belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The trace.
    pub trace: TraceBytes,
    /// The caller's span.
    pub span: SpanBytes,
    /// Whether the caller records it.
    pub sampled: bool,
    /// What other systems hand on.
    pub state: Option<HeaderValue>,
}

impl Parent {
    /// What the headers of a request say; `None`: nothing, or nothing that is of the form.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(TRACEPARENT).iter();
        let (first, None) = (given.next()?, given.next()) else {
            return None;
        };
        let (trace, span, flags) = parent(first.to_str().ok()?)?;
        Some(Self {
            trace,
            span,
            sampled: flags & SAMPLED != 0,
            state: state(headers),
        })
    }
}

/// Trace, span and flags of a `traceparent`. A version that is not known begins in the form of the first.
fn parent(text: &str) -> Option<(TraceBytes, SpanBytes, u8)> {
    let mut parts = text.split('-');
    let [version] = digits::<1>(parts.next()?)?;
    let trace = digits(parts.next()?)?;
    let span = digits(parts.next()?)?;
    let [flags] = digits::<1>(parts.next()?)?;
    let ends = parts.next().is_none();
    let is_one = trace != [0; 16] && span != [0; 8] && version != 0xff && (ends || version != 0);
    is_one.then_some((trace, span, flags))
}

/// So many bytes in hexadecimal digits, the small letters alone.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// The `tracestate` of a request, all of its headers in one.
fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines: Vec<&str> = headers
        .get_all(TRACESTATE)
        .iter()
        .map(HeaderValue::to_str)
        .collect::<Result<_, _>>()
        .ok()?;
    let whole = lines.join(",");
    let is_member = |member: &str| {
        member.trim().is_empty()
            || member
                .trim()
                .split_once('=')
                .is_some_and(|(key, value)| !key.is_empty() && !value.is_empty())
    };
    let fits = whole.len() <= LONGEST && whole.split(',').count() <= 32 && whole.split(',').all(is_member);
    if whole.is_empty() || !fits {
        return None;
    }
    HeaderValue::try_from(whole).ok()
}

/// The `traceparent` of a call that is made under a span.
#[must_use]
pub fn traceparent(trace: TraceBytes, span: SpanBytes, sampled: bool) -> String {
    format!(
        "00-{}-{}-{:02x}",
        hexadecimal(&trace),
        hexadecimal(&span),
        u8::from(sampled)
    )
}

/// Bytes in hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)];
    let mut text = Vec::with_capacity(2 * bytes.len());
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]));
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(lines: &[(HeaderName, &str)]) -> Option<Parent> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value.parse().unwrap());
        }
        Parent::of(&headers)
    }

    #[test]
    fn a_parent_is_read_and_written_as_it_is() {
        let text = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let parent = of(&[(TRACEPARENT, &text), (TRACESTATE, "a=1"), (TRACESTATE, "b=2")]).unwrap();
        assert_eq!(traceparent(parent.trace, parent.span, parent.sampled), text);
        assert_eq!(parent.state.unwrap(), "a=1,b=2");
        assert!(!of(&[(TRACEPARENT, &text.replace("-01", "-00"))]).unwrap().sampled);
        // What a later version adds is not ours to judge.
        assert!(of(&[(TRACEPARENT, &format!("01-{TRACE}-00f067aa0ba902b7-03-more"))]).is_some());
    }

    #[test]
    fn what_is_no_parent_is_none() {
        let nothing = "0".repeat(32);
        for wrong in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{nothing}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{TRACE}é-00f067aa0ba902b-01"),
        ] {
            assert!(of(&[(TRACEPARENT, &wrong)]).is_none(), "{wrong}");
        }
        let text = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert!(of(&[(TRACEPARENT, &text), (TRACEPARENT, &text)]).is_none());
        // A state of no form is left out; the trace goes on.
        for wrong in ["nothing", "=", "a=", &"a=1,".repeat(40)] {
            let parent = of(&[(TRACEPARENT, &text), (TRACESTATE, wrong)]).unwrap();
            assert_eq!(parent.state, None, "{wrong}");
        }
    }
}
