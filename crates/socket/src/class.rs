//! What kind of trouble an error is, which says what can be done about it.

use std::fmt;

/// What kind of trouble an error is: what who sees it should do.
///
/// A [`kind`](std::io::Error::kind) says what the system answered; this says what
/// helps. The same answer can be either of two: `EADDRNOTAVAIL` while sending passes,
/// while a socket is tied to an interface it does not.
///
/// ```
/// use ifcast_socket::{Class, Error};
///
/// fn tell(error: &Error) {
///     match error.class() {
///         Class::Transient => {} // it is tried again anyway
///         Class::Privacy => println!("please allow the local network: {error}"),
///         _ => eprintln!("{error}"),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// It passes: wait, and try again with what is open. A queue is full, the interface
    /// is down, or an address is not ready yet.
    Transient,
    /// A rule forbids it: ask who runs the firewall, the sandbox or the host. Whoever
    /// tries again gets the same answer until the rule is changed.
    Policy,
    /// The user has not allowed it: ask for the permission, and on iOS for the
    /// entitlement. It may pass too, so try again, but seldom.
    Privacy,
    /// There is as much of something as there may be: raise the limit that the hint
    /// names, or use less.
    Limit,
    /// The interface, or what the kernel held for it, is gone: wait for the interface to
    /// appear, look it up, then open and join anew. An interface that is made again has
    /// another index, for which what is open does nothing; and if it has the same, the
    /// groups are lost.
    Gone,
    /// What was asked for makes no sense: mend the program.
    Invalid,
    /// None of these: tell a person what the error says, and do without. The port is
    /// another program's ([`AddrInUse`](std::io::ErrorKind::AddrInUse)), this system or
    /// link has no such thing ([`Unsupported`](std::io::ErrorKind::Unsupported)), or it
    /// is not known what the system means. What these have in common is that neither
    /// time nor this program will change it; which of them it is, `kind` says already.
    Other,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Transient => "transient",
            Self::Policy => "policy",
            Self::Privacy => "privacy",
            Self::Limit => "limit",
            Self::Gone => "gone",
            Self::Invalid => "invalid",
            Self::Other => "other",
        })
    }
}
