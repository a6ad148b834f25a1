//! What an Apple kernel says an interface is for: the answers of [`functional_type`](fn@crate::functional_type).
//!
//! These are numbers, not an enum, because a later kernel may answer with one that is not here. They are the same on
//! every platform, so that what decodes them can be tested anywhere.

/// None of the others: a tunnel, bridge, bond or VLAN that delegates to no physical interface.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_UNKNOWN`, since xnu-3247 (OS X 10.11, iOS 9)
pub const UNKNOWN: u32 = 0;

/// The loopback interface.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_LOOPBACK`, since xnu-3247 (OS X 10.11, iOS 9)
pub const LOOPBACK: u32 = 1;

/// Ethernet or FireWire, or a virtual interface of that family, or one that delegates to such an interface.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_WIRED`, since xnu-3247 (OS X 10.11, iOS 9)
pub const WIRED: u32 = 2;

/// Wi-Fi with an access point, or an interface that delegates to Wi-Fi, such as a tunnel over it.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_WIFI_INFRA`, since xnu-3247 (OS X 10.11, iOS 9). The low-latency peer-to-peer
///   interface (`llw0`) is answered with this too.
pub const WIFI_INFRA: u32 = 3;

/// Wi-Fi from device to device, without an access point (AWDL).
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_WIFI_AWDL`, since xnu-3247 (OS X 10.11, iOS 9)
pub const WIFI_AWDL: u32 = 4;

/// The mobile network, or an interface that delegates to it.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_CELLULAR`, since xnu-3247 (OS X 10.11, iOS 9)
pub const CELLULAR: u32 = 5;

/// The link to a coprocessor inside the device, which ordinary programs may not use.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_INTCOPROC`, since xnu-3789 (macOS 10.12, iOS 10)
pub const INTCOPROC: u32 = 6;

/// The link to a companion device, such as between a watch and its phone.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_COMPANIONLINK`, since xnu-6153 (macOS 10.15, iOS 13)
pub const COMPANIONLINK: u32 = 7;

/// A management interface, which only entitled programs may use.
///
/// # Platform
/// - Apple: `IFRTYPE_FUNCTIONAL_MANAGEMENT`, since xnu-8796.141.3 (macOS 13.5, iOS 16.6)
pub const MANAGEMENT: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constant_is_the_number_the_c_asserts() {
        let c = include_str!("functional_type.c");
        let constants = [
            ("UNKNOWN", UNKNOWN),
            ("LOOPBACK", LOOPBACK),
            ("WIRED", WIRED),
            ("WIFI_INFRA", WIFI_INFRA),
            ("WIFI_AWDL", WIFI_AWDL),
            ("CELLULAR", CELLULAR),
            ("INTCOPROC", INTCOPROC),
            ("COMPANIONLINK", COMPANIONLINK),
            ("MANAGEMENT", MANAGEMENT),
        ];

        for (name, number) in constants {
            let assertion =
                format!("_Static_assert(IFRTYPE_FUNCTIONAL_{name} == {number}, \"{name}\");");
            assert!(c.contains(&assertion), "{assertion}");
        }
        assert_eq!(
            c.matches("_Static_assert(IFRTYPE_FUNCTIONAL_").count(),
            constants.len()
        );
    }
}
