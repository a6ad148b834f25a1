//! Ranges of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A subnet: all addresses that begin with the same bits.
///
/// ```
/// use ifcast_interfaces::Subnet;
///
/// let subnet: Subnet = "10.71.0.0/16".parse()?;
/// assert!(subnet.contains([10, 71, 3, 4].into()));
/// assert!(!subnet.contains([10, 72, 0, 1].into()));
/// assert!("10.71.0.0/33".parse::<Subnet>().is_err());
/// # Ok::<(), ifcast_interfaces::InvalidSubnet>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subnet {
    address: IpAddr,
    prefix_len: u8,
}

impl Subnet {
    /// The subnet of `address` whose addresses share `prefix_len` leading bits.
    ///
    /// # Errors
    /// [`InvalidSubnet`] if the address has fewer bits than that.
    pub fn new(address: IpAddr, prefix_len: u8) -> Result<Self, InvalidSubnet> {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if prefix_len > longest {
            return Err(InvalidSubnet(()));
        }
        Ok(Self {
            address,
            prefix_len,
        })
    }

    /// Whether `address` lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        differing >= u32::from(self.prefix_len)
    }
}

impl FromStr for Subnet {
    type Err = InvalidSubnet;

    fn from_str(text: &str) -> Result<Self, InvalidSubnet> {
        let (address, prefix_len) = text.split_once('/').ok_or(InvalidSubnet(()))?;
        let address = address.parse().map_err(|_| InvalidSubnet(()))?;
        let prefix_len = prefix_len.parse().map_err(|_| InvalidSubnet(()))?;
        Self::new(address, prefix_len)
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

/// What is no subnet.
///
/// ```
/// use ifcast_interfaces::Subnet;
///
/// let error = "10.71.0.0/33".parse::<Subnet>().unwrap_err();
/// assert_eq!(error.to_string(), "a subnet is an address, a slash and up to 32 or 128 bits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a subnet is an address, a slash and up to 32 or 128 bits")]
pub struct InvalidSubnet(());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_other_family_is_in_no_subnet() {
        let all_ipv4: Subnet = "0.0.0.0/0".parse().unwrap();
        assert!(all_ipv4.contains([255; 4].into()));
        assert!(!all_ipv4.contains("::".parse().unwrap()));
        let one: Subnet = "fe80::1/128".parse().unwrap();
        assert!(one.contains("fe80::1".parse().unwrap()));
        assert!(!one.contains("fe80::2".parse().unwrap()));
    }

    #[test]
    fn what_is_no_subnet_is_refused() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "/8",
            "10.0.0.0/33",
            "::/129",
            "a/8",
        ] {
            assert!(text.parse::<Subnet>().is_err(), "{text}");
        }
    }
}
