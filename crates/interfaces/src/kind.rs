//! What an interface is, from what the system says of it; never from its name, but
//! for one of Apple's that the system says the wrong thing of.

use std::fmt;

/// What an interface is.
///
/// ```
/// use ifcast_interfaces::{Kind, Snapshot};
///
/// let snapshot = Snapshot::capture()?;
/// let wireless = snapshot.interfaces().iter().filter(|i| i.kind() == Kind::Wifi).count();
/// println!("{wireless} Wi-Fi interfaces");
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
///
/// # Platform
/// - Linux, Android: `ifi_type` and `IFLA_INFO_KIND` of rtnetlink, and what
///   nl80211 says of what looks like Ethernet. Where rtnetlink is refused, the
///   link type alone, by which Wi-Fi is [`Kind::Wired`]. Modems that pose as
///   Ethernet cards are [`Kind::Wired`] as well.
/// - Apple: `ifi_type` and flags, refined by `SIOCGIFFUNCTIONALTYPE`, by which alone
///   a tunnel over Wi-Fi would be Wi-Fi. `llw0`, which by that is
///   [`Kind::Wifi`], is [`Kind::WifiPeerToPeer`].
/// - FreeBSD, NetBSD, OpenBSD, DragonFly: `ifi_type` and flags, by which Wi-Fi and
///   taps are [`Kind::Wired`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Reaches only this host.
    Loopback,
    /// Ethernet and its like.
    Wired,
    /// Wi-Fi as a station or an access point.
    Wifi,
    /// Wi-Fi between two devices, such as Apple Wireless Direct Link.
    WifiPeerToPeer,
    /// A mobile network.
    Cellular,
    /// Joins its ports into one LAN; the host's address is the bridge's.
    Bridge,
    /// One IEEE 802.1Q network of several on a link.
    Vlan,
    /// Several links used as one.
    Bond,
    /// Carries packets inside other packets: a VPN, PPP, GRE, VXLAN.
    Tunnel,
    /// Exists in software only: veth, macvlan, tap. It is the LAN of a container.
    Virtual,
    /// Leads to a coprocessor inside this device.
    Coprocessor,
    /// Leads to a companion device such as a watch.
    Companion,
    /// Leads to this device's own management controller.
    Management,
    /// The system did not say.
    Unknown,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Loopback => "loopback",
            Self::Wired => "wired",
            Self::Wifi => "Wi-Fi",
            Self::WifiPeerToPeer => "peer-to-peer Wi-Fi",
            Self::Cellular => "cellular",
            Self::Bridge => "bridge",
            Self::Vlan => "VLAN",
            Self::Bond => "bond",
            Self::Tunnel => "tunnel",
            Self::Virtual => "virtual",
            Self::Coprocessor => "coprocessor",
            Self::Companion => "companion",
            Self::Management => "management",
            Self::Unknown => "unknown",
        })
    }
}

/// How the [`Kind`] of an interface is known.
///
/// ```
/// use ifcast_interfaces::{Kind, KindSource, Snapshot};
///
/// for interface in Snapshot::capture()?.interfaces() {
///     if interface.kind() == Kind::Wired && interface.kind_source() == KindSource::LinkType {
///         println!("{} looks like Ethernet", interface.id());
///     }
/// }
/// # Ok::<(), ifcast_interfaces::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KindSource {
    /// By its flags: `IFF_LOOPBACK`, `IFF_POINTOPOINT`.
    Flags,
    /// By the type of its link layer: `ifi_type`, which is `ARPHRD_*` on Linux
    /// and `IFT_*` elsewhere.
    LinkType,
    /// By the driver that made it: Linux's `IFLA_INFO_KIND`.
    LinkKind,
    /// By Linux's nl80211, which knows all that is wireless.
    Wireless,
    /// By Apple's `SIOCGIFFUNCTIONALTYPE`.
    FunctionalType,
    /// Not at all: the kind is [`Kind::Unknown`].
    Nothing,
}

impl fmt::Display for KindSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Flags => "flags",
            Self::LinkType => "link type",
            Self::LinkKind => "link kind",
            Self::Wireless => "nl80211",
            Self::FunctionalType => "functional type",
            Self::Nothing => "nothing",
        })
    }
}
