//! How an interface is identified: by its index; and called: by its name.

use std::ffi::CStr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::str::FromStr;

/// The kernel's number for an interface, never zero.
///
/// It stays while the interface exists, whatever its name and addresses
/// become, and may be reused after it is gone.
///
/// ```
/// use ifcast_interfaces::InterfaceIndex;
///
/// let index = InterfaceIndex::new(3).expect("not zero");
/// assert_eq!(index.get(), 3);
/// assert_eq!(InterfaceIndex::new(0), None); // "any interface" is not an interface
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceIndex(NonZeroU32);

impl InterfaceIndex {
    /// Wraps an index; zero, which the socket API reads as "any", is `None`.
    #[must_use]
    pub const fn new(index: u32) -> Option<Self> {
        match NonZeroU32::new(index) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }

    /// The number itself, as `if_nametoindex(3)` gives it.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for InterfaceIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InterfaceIndex({})", self.0)
    }
}

impl fmt::Display for InterfaceIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An interface's name: up to 15 bytes that need not be text.
///
/// Linux forbids only `/`, `:` and white space in names, so they are kept as
/// bytes and shown escaped where they are not UTF-8, or would tell a terminal
/// what to do.
///
/// ```
/// use ifcast_interfaces::InterfaceName;
///
/// let name: InterfaceName = "en0".parse()?;
/// assert_eq!(name.as_str(), Some("en0"));
///
/// let odd = InterfaceName::new(b"b\xffd")?;
/// assert_eq!(odd.as_str(), None);
/// assert_eq!(odd.to_string(), r"b\xffd");
/// # Ok::<(), ifcast_interfaces::InvalidName>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName([u8; Self::SIZE]); // ends with at least one NUL

impl InterfaceName {
    const SIZE: usize = 16; // IF_NAMESIZE of <net/if.h>, the terminating NUL included

    /// Wraps the bytes of a name.
    ///
    /// # Errors
    /// [`InvalidName`] if it is empty, longer than 15 bytes or contains a NUL.
    pub fn new(name: &[u8]) -> Result<Self, InvalidName> {
        if name.is_empty() || name.len() >= Self::SIZE || name.contains(&0) {
            return Err(InvalidName { len: name.len() });
        }
        let mut bytes = [0; Self::SIZE];
        bytes[..name.len()].copy_from_slice(name);
        Ok(Self(bytes))
    }

    /// The bytes, without the terminating NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// The name as text, if it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// The name as C wants it.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}

impl FromStr for InterfaceName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        Self::new(name.as_bytes())
    }
}

impl fmt::Debug for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(name) if !name.contains(char::is_control) => f.pad(name),
            _ => f.pad(&self.as_bytes().escape_ascii().to_string()),
        }
    }
}

/// Bytes that no interface can have as its name.
///
/// ```
/// use ifcast_interfaces::InterfaceName;
///
/// let error = "an-interface-name-without-end".parse::<InterfaceName>().unwrap_err();
/// assert_eq!(error.to_string(), "an interface name has 1 to 15 bytes and no NUL, not 29");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an interface name has 1 to 15 bytes and no NUL, not {len}")]
pub struct InvalidName {
    len: usize,
}

/// Which interface: its index, and the name it had when it was captured.
///
/// Two are equal when their indexes are, because a name may change while the
/// interface stays. It prints as `eth0 (index 2)`.
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// for interface in Snapshot::capture()?.interfaces() {
///     let id = interface.id();
///     println!("{id}: {} is number {}", id.name(), id.index());
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InterfaceId {
    index: InterfaceIndex,
    name: InterfaceName,
}

impl InterfaceId {
    pub(crate) const fn new(index: InterfaceIndex, name: InterfaceName) -> Self {
        Self { index, name }
    }

    /// What identifies it to the kernel.
    #[must_use]
    pub const fn index(&self) -> InterfaceIndex {
        self.index
    }

    /// What people call it; only for them.
    #[must_use]
    pub const fn name(&self) -> InterfaceName {
        self.name
    }
}

impl PartialEq for InterfaceId {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl Eq for InterfaceId {}

impl Hash for InterfaceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}

impl fmt::Display for InterfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (index {})", self.name, self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_fifteen_bytes_fits_and_one_of_sixteen_does_not() {
        let longest = InterfaceName::new(&[b'x'; 15]).unwrap();
        assert_eq!(longest.as_bytes().len(), 15);
        assert_eq!(longest.as_c_str().to_bytes(), &[b'x'; 15]);
        assert!(InterfaceName::new(&[b'x'; 16]).is_err());
        assert!(InterfaceName::new(b"").is_err());
        assert!(InterfaceName::new(b"a\0b").is_err());
    }

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        let name = InterfaceName::new(b"a\x1b[2Jb").unwrap();
        assert_eq!(name.to_string(), r"a\x1b[2Jb");
        assert_eq!(
            InterfaceName::new("büro".as_bytes()).unwrap().to_string(),
            "büro"
        );
    }

    #[test]
    fn ids_are_equal_by_index_whatever_the_name() {
        let index = InterfaceIndex::new(7).unwrap();
        let [before, after] =
            ["old0", "new0"].map(|name| InterfaceId::new(index, name.parse().unwrap()));
        assert_eq!(before, after);
        assert_eq!(after.to_string(), "new0 (index 7)");
    }
}
