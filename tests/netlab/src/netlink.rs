//! Encodes netlink requests and decodes netlink answers.
//!
//! Bytes in, bytes out: nothing here talks to a kernel, and nothing here knows what a link or an address is.

use std::iter;

/// A request under construction: header, fixed part, attributes.
#[derive(Debug)]
pub(crate) struct Request {
    bytes: Vec<u8>,
}

impl Request {
    /// Starts a request of type `kind` whose fixed part is `fixed`, answered by an acknowledgement.
    pub(crate) fn new(kind: u16, flags: u16, fixed: &[u8]) -> Self {
        Self::with_flags(kind, flags | NLM_F_REQUEST | NLM_F_ACK, fixed)
    }

    /// Starts a request of type `kind` that is answered by the object it asks for.
    pub(crate) fn query(kind: u16, fixed: &[u8]) -> Self {
        Self::with_flags(kind, NLM_F_REQUEST, fixed)
    }

    /// Starts a request of type `kind` that is answered by all objects there are.
    pub(crate) fn dump(kind: u16, fixed: &[u8]) -> Self {
        Self::with_flags(kind, NLM_F_REQUEST | NLM_F_DUMP, fixed)
    }

    fn with_flags(kind: u16, flags: u16, fixed: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&[0; 4]); // nlmsg_len, known in `finish`
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]); // nlmsg_seq, known in `finish`; nlmsg_pid
        bytes.extend_from_slice(fixed);
        Self { bytes }
    }

    /// Adds an attribute.
    #[must_use]
    pub(crate) fn attribute(mut self, kind: u16, payload: &[u8]) -> Self {
        let start = self.open(kind);
        self.bytes.extend_from_slice(payload);
        self.close(start);
        self
    }

    /// Adds an attribute holding a NUL-terminated string.
    #[must_use]
    pub(crate) fn text(mut self, kind: u16, text: impl AsRef<[u8]>) -> Self {
        let start = self.open(kind);
        self.bytes.extend_from_slice(text.as_ref());
        self.bytes.push(0);
        self.close(start);
        self
    }

    /// Adds an attribute holding the attributes that `fill` adds.
    #[must_use]
    pub(crate) fn nested(self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        self.nested_with(kind, &[], fill)
    }

    /// Adds an attribute holding a fixed part and the attributes that `fill` adds.
    #[must_use]
    pub(crate) fn nested_with(
        mut self,
        kind: u16,
        fixed: &[u8],
        fill: impl FnOnce(Self) -> Self,
    ) -> Self {
        let start = self.open(kind | NLA_F_NESTED);
        self.bytes.extend_from_slice(fixed);
        let mut filled = fill(self);
        filled.close(start);
        filled
    }

    /// Returns the request as it goes to the kernel.
    pub(crate) fn finish(mut self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).expect("a request of a few hundred bytes");
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }

    fn open(&mut self, kind: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 2]); // nla_len, known in `close`
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    fn close(&mut self, start: usize) {
        let length = u16::try_from(self.bytes.len() - start).expect("an attribute below 64 KiB");
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.bytes
            .resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
    }
}

/// One message of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) sequence: u32,
    pub(crate) body: Body<'a>,
}

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Body<'a> {
    /// The request was carried out.
    Done,
    /// The request was refused, and perhaps why in the kernel's own words.
    Refused { errno: i32, reason: Option<String> },
    /// There are no more objects.
    End,
    /// The object asked for, without the netlink header.
    Object(&'a [u8]),
}

/// Splits what one `recv` returned into its messages; stops at the first malformed one.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    iter::from_fn(move || {
        let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let kind = u16_at(bytes, 4)?;
        let flags = u16_at(bytes, 6)?;
        let sequence = u32_at(bytes, 8)?;
        let payload = bytes.get(HEADER..length)?;
        bytes = bytes
            .get(length.next_multiple_of(ALIGNMENT)..)
            .unwrap_or_default();
        let body = match kind {
            NLMSG_ERROR => acknowledgement(payload, flags)?,
            NLMSG_DONE => Body::End,
            _ => Body::Object(payload),
        };
        Some(Message { sequence, body })
    })
}

/// Decodes `struct nlmsgerr`: the negated errno, the offending header (the kernel is told to leave out the rest of
/// the request), then the attributes of an extended acknowledgement.
fn acknowledgement(payload: &[u8], flags: u16) -> Option<Body<'static>> {
    let errno = u32_at(payload, 0)?.wrapping_neg();
    if errno == 0 {
        return Some(Body::Done);
    }
    let reason = (flags & NLM_F_ACK_TLVS != 0)
        .then(|| find(payload.get(4 + HEADER..)?, NLMSGERR_ATTR_MSG))
        .flatten()
        .map(|text| {
            String::from_utf8_lossy(text)
                .trim_end_matches('\0')
                .to_owned()
        });
    Some(Body::Refused {
        errno: i32::try_from(errno).ok()?,
        reason,
    })
}

/// Returns the payload of the first attribute of type `kind`.
pub(crate) fn find(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(bytes).find_map(|(found, payload)| (found == kind).then_some(payload))
}

/// Splits attributes into types and payloads; stops at the first malformed one.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & !NLA_F_NESTED;
        let payload = bytes.get(4..length)?;
        bytes = bytes
            .get(length.next_multiple_of(ALIGNMENT)..)
            .unwrap_or_default();
        Some((kind, payload))
    })
}

/// Reads a native-endian `u16`.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

/// Reads a native-endian `u32`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

pub(crate) const NLM_F_REQUEST: u16 = 0x1;
pub(crate) const NLM_F_ACK: u16 = 0x4;
pub(crate) const NLM_F_REPLACE: u16 = 0x100;
pub(crate) const NLM_F_EXCL: u16 = 0x200;
pub(crate) const NLM_F_CREATE: u16 = 0x400;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSGERR_ATTR_MSG: u16 = 1;
const NLA_F_NESTED: u16 = 1 << 15;
const HEADER: usize = 16;
const ALIGNMENT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(errno: i32, reason: Option<&str>) -> Vec<u8> {
        let mut fixed = (-errno).to_ne_bytes().to_vec();
        fixed.extend_from_slice(&[0; HEADER]);
        let flags = reason.map_or(0, |_| NLM_F_ACK_TLVS);
        let message = Request::with_flags(NLMSG_ERROR, flags, &fixed);
        match reason {
            Some(reason) => message.text(NLMSGERR_ATTR_MSG, reason),
            None => message,
        }
        .finish(7)
    }

    #[test]
    fn attributes_are_padded_but_their_length_is_not() {
        let bytes = Request::new(16, 0, &[]).text(3, "lan0").finish(1);
        assert_eq!(u32_at(&bytes, 0), Some(28));
        assert_eq!(u16_at(&bytes, 16), Some(9));
        assert_eq!(&bytes[20..], b"lan0\0\0\0\0");
    }

    #[test]
    fn a_nested_attribute_is_found_inside_its_parent() {
        let bytes = Request::new(16, 0, &[])
            .attribute(1, &[9])
            .nested(18, |inner| {
                inner
                    .text(1, "veth")
                    .nested(5, |slave| slave.attribute(1, &[3]))
            })
            .finish(1);
        let state = find(&bytes[HEADER..], 18)
            .and_then(|info| find(info, 5))
            .and_then(|slave| find(slave, 1));
        assert_eq!(state, Some(&[3][..]));
        assert_eq!(find(&bytes[HEADER..], 2), None);
    }

    #[test]
    fn an_acknowledgement_and_an_object_are_told_apart() {
        let mut bytes = refusal(0, None);
        bytes.extend(Request::query(16, b"link").finish(8));
        let bodies: Vec<_> = messages(&bytes).map(|message| message.body).collect();
        assert_eq!(bodies, [Body::Done, Body::Object(b"link")]);
    }

    #[test]
    fn the_end_of_many_objects_is_told_from_an_object() {
        let mut bytes = Request::dump(86, b"some").finish(7);
        bytes.extend(Request::dump(NLMSG_DONE, &[0; 4]).finish(7));
        let bodies: Vec<_> = messages(&bytes).map(|message| message.body).collect();
        assert_eq!(bodies, [Body::Object(b"some"), Body::End]);
    }

    #[test]
    fn a_refusal_carries_the_reason_the_kernel_gives() {
        let bytes = refusal(17, Some("address already assigned"));
        let message = messages(&bytes).next().unwrap();
        assert_eq!(message.sequence, 7);
        assert_eq!(
            message.body,
            Body::Refused {
                errno: 17,
                reason: Some("address already assigned".to_owned())
            }
        );
    }

    #[test]
    fn decoding_survives_any_truncation_and_any_length_field() {
        let whole = refusal(17, Some("address already assigned"));
        for end in 0..whole.len() {
            let _ = messages(&whole[..end]).count();
            let _ = find(&whole[..end], 1);
        }
        for length in 0..=255 {
            let mut bytes = whole.clone();
            bytes[0] = length;
            let _ = messages(&bytes).take(100).count();
            let mut bytes = whole[4 + 2 * HEADER..].to_vec();
            bytes[0] = length;
            let _ = find(&bytes, 99);
        }
    }
}
