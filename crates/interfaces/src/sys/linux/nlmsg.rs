//! Netlink's messages and attributes (netlink(7)): pure functions over bytes.

#![forbid(unsafe_code)]

use std::io;

const HEADER_LEN: usize = 16; // struct nlmsghdr
const ATTRIBUTE_HEADER_LEN: usize = 4; // struct nlattr
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_DUMP: u16 = 0x300;
const NLA_TYPE_MASK: u16 = 0x3fff;

/// A request, and what answers it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    bytes: [u8; Self::CAPACITY],
    len: usize,
    answer: u16,
    is_dump: bool,
}

impl Request {
    /// Room for any that this crate makes; the longest names an interface by an
    /// alternative name of 127 bytes.
    const CAPACITY: usize = 192;

    /// Asks for everything of a kind, which comes in messages of the type
    /// `answer`; `NLMSG_DONE` ends them.
    pub(crate) fn dump(message_type: u16, answer: u16, body: &[u8]) -> Self {
        Self::new(message_type, NLM_F_DUMP, answer, body)
    }

    /// Asks for one thing, which one message of the type `answer` tells.
    pub(crate) fn once(message_type: u16, answer: u16, body: &[u8]) -> Self {
        Self::new(message_type, 0, answer, body)
    }

    fn new(message_type: u16, flags: u16, answer: u16, body: &[u8]) -> Self {
        let mut request = Self {
            bytes: [0; Self::CAPACITY],
            len: HEADER_LEN, // the number is filled in when it is sent
            answer,
            is_dump: flags & NLM_F_DUMP != 0,
        };
        request.write(4, &message_type.to_ne_bytes());
        request.write(6, &(flags | NLM_F_REQUEST).to_ne_bytes());
        request.append(body);
        request
    }

    /// Adds an attribute.
    pub(crate) fn attribute(mut self, attribute: u16, value: &[u8]) -> Self {
        if let Ok(len) = u16::try_from(ATTRIBUTE_HEADER_LEN + value.len()) {
            self.append(&len.to_ne_bytes());
            self.append(&attribute.to_ne_bytes());
            self.append(value);
            self.len = padded(self.len);
        }
        self
    }

    /// What to send, with its number.
    pub(crate) fn numbered(&mut self, sequence: u32) -> &[u8] {
        let len = u32::try_from(self.len).unwrap_or(u32::MAX);
        self.write(0, &len.to_ne_bytes());
        self.write(8, &sequence.to_ne_bytes());
        &self.bytes[..self.len]
    }

    /// The type of the messages that answer it.
    pub(crate) const fn answer(&self) -> u16 {
        self.answer
    }

    /// Whether any number of messages answers it, or one.
    pub(crate) const fn is_dump(&self) -> bool {
        self.is_dump
    }

    fn append(&mut self, bytes: &[u8]) {
        self.write(self.len, bytes);
        self.len += bytes.len();
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

/// One netlink message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) message_type: u16,
    pub(crate) sequence: u32,
    pub(crate) interrupted: bool,
    pub(crate) payload: &'a [u8],
}

/// The messages in what one read returned; ends early where it is malformed.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let len = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let message = Message {
            message_type: u16_at(bytes, 4)?,
            interrupted: u16_at(bytes, 6)? & NLM_F_DUMP_INTR != 0,
            sequence: u32_at(bytes, 8)?,
            payload: bytes.get(HEADER_LEN..len)?,
        };
        bytes = bytes.get(padded(len)..).unwrap_or_default();
        Some(message)
    })
}

/// What `NLMSG_ERROR` and `NLMSG_DONE` say: a negated `errno`, or 0. A dump that
/// fails half-way says so at its end only.
pub(crate) fn outcome(payload: &[u8]) -> io::Result<()> {
    match payload.first_chunk().map(|code| i32::from_ne_bytes(*code)) {
        None | Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
    }
}

/// The attributes in `bytes`; ends early where they are malformed.
#[inline]
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        // Half of what it takes to list interfaces is spent here.
        let (&[len_0, len_1, type_0, type_1], rest) = bytes.split_first_chunk()?;
        let len = usize::from(u16::from_ne_bytes([len_0, len_1]));
        let len = len.checked_sub(ATTRIBUTE_HEADER_LEN)?;
        let value = rest.get(..len)?;
        bytes = rest.get(padded(len)..).unwrap_or_default();
        let attribute = u16::from_ne_bytes([type_0, type_1]) & NLA_TYPE_MASK;
        Some((attribute, value))
    })
}

/// A length with the padding that aligns what follows to 4 bytes.
const fn padded(len: usize) -> usize {
    (len + 3) & !3
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let value = bytes.get(at..at + 2)?;
    Some(u16::from_ne_bytes(value.try_into().ok()?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let value = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(value.try_into().ok()?))
}

/// A string without the NUL that may end it.
pub(crate) fn without_nul(value: &[u8]) -> &[u8] {
    value.strip_suffix(b"\0").unwrap_or(value)
}

/// Messages and attributes for the tests of what decodes them.
#[cfg(test)]
pub(crate) mod fixture {
    use super::{ATTRIBUTE_HEADER_LEN, HEADER_LEN};

    pub(crate) fn message(message_type: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
        numbered(message_type, flags, 1, payload)
    }

    pub(crate) fn numbered(
        message_type: u16,
        flags: u16,
        sequence: u32,
        payload: &[u8],
    ) -> Vec<u8> {
        let len = u32::try_from(HEADER_LEN + payload.len()).unwrap();
        let mut bytes = len.to_ne_bytes().to_vec();
        bytes.extend([message_type.to_ne_bytes(), flags.to_ne_bytes()].concat());
        bytes.extend([sequence.to_ne_bytes(), 0u32.to_ne_bytes()].concat());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    pub(crate) fn attribute(attribute: u16, value: &[u8]) -> Vec<u8> {
        let len = u16::try_from(ATTRIBUTE_HEADER_LEN + value.len()).unwrap();
        let mut bytes = [len.to_ne_bytes(), attribute.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }
}

#[cfg(test)]
ifcast_abi::same!(NLM_F_REQUEST, NLM_F_DUMP_INTR, NLM_F_DUMP);

#[cfg(test)]
ifcast_abi::claims! {
    "NLA_TYPE_MASK & 0xffff" => NLA_TYPE_MASK,
    "sizeof(struct nlmsghdr)" => HEADER_LEN,
    "offsetof(struct nlmsghdr, nlmsg_len)" => 0,
    "offsetof(struct nlmsghdr, nlmsg_type)" => 4,
    "offsetof(struct nlmsghdr, nlmsg_flags)" => 6,
    "offsetof(struct nlmsghdr, nlmsg_seq)" => 8,
    "sizeof(struct nlattr)" => ATTRIBUTE_HEADER_LEN,
    "offsetof(struct nlattr, nla_len)" => 0,
    "offsetof(struct nlattr, nla_type)" => 2,
}

#[cfg(test)]
mod tests {
    use super::fixture::{attribute, message};
    use super::*;

    #[test]
    fn a_request_is_as_long_as_it_says() {
        let mut request = Request::dump(18, 16, &[0; 16]).attribute(29, &[8, 0, 0, 0]);
        let bytes = request.numbered(7);
        assert_eq!(bytes.len(), 16 + 16 + 8);
        assert_eq!(u32_at(bytes, 0), u32::try_from(bytes.len()).ok());
        assert_eq!(
            (u16_at(bytes, 4), u16_at(bytes, 6)),
            (Some(18), Some(0x301))
        );
        assert_eq!(u32_at(bytes, 8), Some(7));
        assert_eq!(
            attributes(&bytes[32..]).collect::<Vec<_>>(),
            [(29, &[8, 0, 0, 0][..])]
        );

        let mut odd = Request::once(16, 16, &[]).attribute(2, b"odd");
        let bytes = odd.numbered(1);
        assert_eq!(bytes.len(), 16 + 8);
        assert_eq!(
            attributes(&bytes[16..]).collect::<Vec<_>>(),
            [(2, &b"odd"[..])]
        );
    }

    #[test]
    fn no_truncation_makes_the_parsers_panic() {
        let payload = attribute(1, b"veth\0");
        let stream = [message(16, 0, &payload), message(3, 0x10, &[])].concat();
        for len in 0..=stream.len() {
            for message in messages(&stream[..len]) {
                attributes(message.payload).for_each(drop);
            }
        }
    }

    #[test]
    fn messages_and_their_interruption_are_told_apart() {
        let stream = [message(16, 0, &[1, 2, 3]), message(3, 0x12, &[])].concat();
        let seen: Vec<_> = messages(&stream)
            .map(|m| (m.message_type, m.interrupted, m.payload.len()))
            .collect();
        assert_eq!(seen, [(16, false, 3), (3, true, 0)]);
    }

    #[test]
    fn an_impossible_length_ends_the_stream() {
        for len in [0u32, 15, 17, u32::MAX] {
            let mut stream = message(16, 0, &[]);
            stream[..4].copy_from_slice(&len.to_ne_bytes());
            assert_eq!(messages(&stream).count(), 0, "{len}");
        }
        assert_eq!(attributes(&[0, 0, 1, 0]).count(), 0);
        assert_eq!(attributes(&[3, 0, 1, 0]).count(), 0);
    }

    #[test]
    fn a_dump_that_failed_half_way_says_so_at_its_end() {
        assert!(outcome(&0i32.to_ne_bytes()).is_ok());
        assert!(outcome(&[]).is_ok());
        let error = outcome(&(-libc::EMSGSIZE).to_ne_bytes()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
    }
}
