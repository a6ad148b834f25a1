//! What the system's own tools call the kind of an interface made of software.

use std::fmt;

/// What the system calls the kind of an interface made of software, such as
/// `bridge`, `veth`, `vlan` or `wireguard`; finer than [`Kind`](crate::Kind).
///
/// ```
/// use ifcast_interfaces::Snapshot;
///
/// for interface in Snapshot::capture()?.interfaces() {
///     match interface.link_kind() {
///         Some(kind) => println!("{} is a {kind}", interface.id()),
///         None => println!("{} is no interface of software's making", interface.id()),
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkKind([u8; Self::SIZE]); // ends with at least one NUL

impl LinkKind {
    /// Linux's longest are `openvswitch` and `ip6erspan`.
    const SIZE: usize = 16;

    /// Wraps a name of 1 to 15 bytes.
    #[cfg(any(target_os = "linux", target_os = "android", test))]
    pub(crate) fn new(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::SIZE];
        let fits = (1..Self::SIZE).contains(&name.len()) && !name.contains(&0);
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        fits.then_some(Self(bytes))
    }

    /// The name's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// The name as text, which it is on every system known.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Debug for LinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for LinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_to_fifteen_bytes() {
        assert_eq!(LinkKind::new(b"veth").unwrap().to_string(), "veth");
        assert_eq!(LinkKind::new(&[b'x'; 15]).unwrap().as_bytes().len(), 15);
        assert_eq!(LinkKind::new(&[b'x'; 16]), None);
        assert_eq!(LinkKind::new(b""), None);
    }
}
