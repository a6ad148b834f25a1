//! What the tool's own datagrams begin with, so that who hears them can measure.
//!
//! Every number is big-endian.
//!
//! | offset | bytes | what |
//! |---:|---:|---|
//! | 0 | 4 | `ifcs` |
//! | 4 | 1 | the version, 1 |
//! | 5 | 1 | what it is: 0 one of a stream, 1 a request, 2 the answer to one |
//! | 6 | 2 | how long the header is, 32; the payload follows |
//! | 8 | 8 | the stream: a random number for each run, interface and destination |
//! | 16 | 8 | the number in the stream, from 0 on; after 2⁶⁴ - 1 comes 0 |
//! | 24 | 8 | when it was sent, in nanoseconds since 1970 by the sender's clock |

/// The header of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) purpose: Purpose,
    pub(crate) stream: u64,
    pub(crate) sequence: u64,
    /// In nanoseconds since 1970.
    pub(crate) sent: u64,
}

/// What a datagram is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Stream,
    Request,
    Answer,
}

impl Header {
    pub(crate) const LEN: usize = 32;

    /// The header of a payload, if it has one.
    pub(crate) fn decode(payload: &[u8]) -> Option<Self> {
        let header: &[u8; Self::LEN] = payload.first_chunk()?;
        let [start @ .., kind, high, low] = *header.first_chunk::<8>()?;
        if start != START || usize::from(u16::from_be_bytes([high, low])) != Self::LEN {
            return None;
        }
        let number = |at: usize| {
            let bytes = header.get(at..)?.first_chunk()?;
            Some(u64::from_be_bytes(*bytes))
        };
        Some(Self {
            purpose: match kind {
                0 => Purpose::Stream,
                1 => Purpose::Request,
                2 => Purpose::Answer,
                _ => return None,
            },
            stream: number(8)?,
            sequence: number(16)?,
            sent: number(24)?,
        })
    }

    pub(crate) fn encode(&self) -> [u8; Self::LEN] {
        const LEN: [u8; 2] = [0, 32];
        let kind = match self.purpose {
            Purpose::Stream => 0,
            Purpose::Request => 1,
            Purpose::Answer => 2,
        };
        let mut header = [0; Self::LEN];
        header[..5].copy_from_slice(&START);
        header[5] = kind;
        header[6..8].copy_from_slice(&LEN);
        header[8..16].copy_from_slice(&self.stream.to_be_bytes());
        header[16..24].copy_from_slice(&self.sequence.to_be_bytes());
        header[24..].copy_from_slice(&self.sent.to_be_bytes());
        header
    }
}

/// What it begins with, the version included.
const START: [u8; 5] = *b"ifcs\x01";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_laid_out_as_documented() {
        let header = Header {
            purpose: Purpose::Answer,
            stream: 0x0102_0304_0506_0708,
            sequence: 9,
            sent: 10,
        };
        let mut bytes = b"ifcs\x01\x02\x00\x20".to_vec();
        bytes.extend([1, 2, 3, 4, 5, 6, 7, 8]);
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 9]);
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 10]);
        assert_eq!(header.encode().as_slice(), bytes);
    }

    #[test]
    fn what_is_short_or_of_another_version_or_kind_has_none() {
        let header = Header {
            purpose: Purpose::Stream,
            stream: 1,
            sequence: 2,
            sent: 3,
        };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Some(header));
        assert_eq!(Header::decode(&bytes[..31]), None);
        for place in 0..8 {
            let mut wrong = bytes;
            wrong[place] ^= 0x80;
            assert_eq!(Header::decode(&wrong), None, "byte {place}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_is_decoded(
            stream: u64, sequence: u64, sent: u64, rest: Vec<u8>, kind in 0..3usize,
        ) {
            let purpose = [Purpose::Stream, Purpose::Request, Purpose::Answer][kind];
            let header = Header { purpose, stream, sequence, sent };
            let datagram = [&header.encode()[..], &rest].concat();
            prop_assert_eq!(Header::decode(&datagram), Some(header));
        }

        #[test]
        fn no_datagram_is_too_strange(datagram: Vec<u8>) {
            prop_assert_eq!(Header::decode(&datagram), None);
        }
    }
}
