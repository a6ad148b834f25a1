//! Link-layer addresses of any length.

use std::fmt;

/// An interface's hardware address: 6 bytes on Ethernet and Wi-Fi, 8 on
/// FireWire, 20 on InfiniBand, 4 or 16 on IP tunnels.
///
/// ```
/// use ifcast_interfaces::HardwareAddress;
///
/// let address = HardwareAddress::new(&[0x02, 0, 0x5e, 0x10, 0, 1]).expect("not too long");
/// assert_eq!(address.to_string(), "02:00:5e:10:00:01");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HardwareAddress {
    len: u8,
    bytes: [u8; Self::MAX_LEN],
}

impl HardwareAddress {
    const MAX_LEN: usize = 32; // MAX_ADDR_LEN of <linux/netdevice.h>

    /// Wraps an address; `None` if it is empty or longer than 32 bytes.
    #[must_use]
    pub fn new(address: &[u8]) -> Option<Self> {
        let len = u8::try_from(address.len()).ok().filter(|&len| len > 0)?;
        let mut bytes = [0; Self::MAX_LEN];
        bytes.get_mut(..address.len())?.copy_from_slice(address);
        Some(Self { len, bytes })
    }

    /// Its bytes in transmission order.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// What loopback has for want of an address.
    #[cfg_attr(
        all(target_os = "illumos", not(test)),
        expect(dead_code, reason = "this system lists no links")
    )]
    pub(crate) fn is_zero(&self) -> bool {
        self.as_bytes().iter().all(|&byte| byte == 0)
    }
}

impl fmt::Debug for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HardwareAddress({self})")
    }
}

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.as_bytes().iter().enumerate() {
            write!(f, "{}{byte:02x}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_the_kernel_allows_is_kept_whole() {
        for len in [1usize, 4, 6, 8, 16, 20, 32] {
            let bytes: Vec<u8> = (0..=255).take(len).collect();
            assert_eq!(HardwareAddress::new(&bytes).unwrap().as_bytes(), bytes);
        }
        assert_eq!(HardwareAddress::new(&[]), None);
        assert_eq!(HardwareAddress::new(&[0; 33]), None);
    }
}
