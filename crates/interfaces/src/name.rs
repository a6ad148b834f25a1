//! What interfaces are called.

use std::ffi::CStr;
use std::fmt;
use std::str::FromStr;

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

impl AsRef<[u8]> for InterfaceName {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
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
        show(self.as_bytes(), f)
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

/// A further name of an interface, by which the system finds it as well; up to
/// 127 bytes that need not be text.
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// for interface in Snapshot::capture()?.interfaces() {
///     for name in interface.alternative_names() {
///         println!("{} is also called {name}", interface.id());
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlternativeName<'a>(&'a [u8]);

impl<'a> AlternativeName<'a> {
    /// The names in a list of them, each with a NUL behind it.
    pub(crate) fn all_in(list: &'a [u8]) -> impl Iterator<Item = Self> {
        let names = list.split(|&byte| byte == 0);
        names.filter(|name| !name.is_empty()).map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The name as text, if it is UTF-8.
    #[must_use]
    pub const fn as_str(self) -> Option<&'a str> {
        match std::str::from_utf8(self.0) {
            Ok(name) => Some(name),
            Err(_) => None,
        }
    }
}

impl fmt::Debug for AlternativeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Display for AlternativeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, f)
    }
}

/// Shows a name, but not what would tell a terminal what to do.
fn show(name: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match std::str::from_utf8(name) {
        Ok(name) if !name.contains(char::is_control) => f.pad(name),
        _ => f.pad(&name.escape_ascii().to_string()),
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
        assert_eq!(longest.as_ref(), &[b'x'; 15]);
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
    fn names_in_a_list_are_told_apart() {
        let names: Vec<_> = AlternativeName::all_in(b"enp1s0\0b\xffd\0").collect();
        let shown: Vec<_> = names.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["enp1s0", r"b\xffd"]);
        let texts: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        assert_eq!(texts, [Some("enp1s0"), None]);
        assert_eq!(AlternativeName::all_in(b"").count(), 0);
    }
}
