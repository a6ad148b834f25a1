//! The checksum of the internet protocols (RFC 1071).

use std::net::IpAddr;

/// The one's complement sum; over what contains its own checksum it is `0xffff` if that is right.
pub(crate) fn internet_sum(bytes: &[u8]) -> u16 {
    let mut sum: u64 = bytes
        .chunks(2)
        .map(|pair| {
            u64::from(u16::from_be_bytes([
                pair[0],
                pair.get(1).copied().unwrap_or(0),
            ]))
        })
        .sum();
    while sum > u64::from(u16::MAX) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

/// The sum over an ICMPv6 message and its pseudo header (RFC 8200, section 8.1).
pub(crate) fn icmpv6_sum(source: IpAddr, destination: IpAddr, message: &[u8]) -> u16 {
    let mut covered = Vec::with_capacity(40 + message.len() + 1);
    for address in [source, destination] {
        match address {
            IpAddr::V4(address) => covered.extend(address.octets()),
            IpAddr::V6(address) => covered.extend(address.octets()),
        }
    }
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    covered.extend(length.to_be_bytes());
    covered.extend([0, 0, 0, ICMPV6]);
    covered.extend(message);
    internet_sum(&covered)
}

const ICMPV6: u8 = 58;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_summed_as_there() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(internet_sum(&bytes), 0xddf2);
        assert_eq!(internet_sum(&bytes[..7]), 0xdcfb);
        assert_eq!(internet_sum(&[]), 0);
    }
}
