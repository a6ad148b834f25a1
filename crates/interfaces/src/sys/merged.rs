//! Interfaces out of a listing of addresses.

#![forbid(unsafe_code)]

use crate::flags::Flags;
use crate::name::InterfaceName;

/// The interfaces whose addresses these are, in order, each once and with the flags of
/// all of them but those that are `of_addresses`.
///
/// Some flags are told with the addresses of one family only, such as that the link can
/// broadcast.
pub(crate) fn interfaces(
    addresses: impl Iterator<Item = (InterfaceName, Flags)>,
    of_addresses: u32,
) -> Vec<(InterfaceName, Flags)> {
    let mut interfaces: Vec<(InterfaceName, Flags)> = Vec::new();
    for (name, flags) in addresses {
        let bits = flags.bits() & !of_addresses;
        match interfaces.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = Flags::from_bits(known.bits() | bits),
            None => interfaces.push((name, Flags::from_bits(bits))),
        }
    }
    interfaces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::flag;

    #[test]
    fn an_interface_has_the_flags_of_all_its_addresses_but_not_what_is_of_one() {
        const DEPRECATED: u32 = 1 << 30;
        let listed = [
            ("lo0", flag::UP | flag::LOOPBACK),
            ("net0", flag::UP | flag::BROADCAST | flag::MULTICAST),
            ("net0", flag::UP | flag::MULTICAST | DEPRECATED),
            ("lo0", flag::UP | flag::LOOPBACK),
        ];
        let listed = listed.map(|(name, flags)| (name.parse().unwrap(), Flags::from_bits(flags)));
        let found = interfaces(listed.into_iter(), DEPRECATED);
        let found: Vec<_> = found
            .iter()
            .map(|(name, flags)| (name.to_string(), flags.bits()))
            .collect();
        assert_eq!(
            found,
            [
                ("lo0".into(), flag::UP | flag::LOOPBACK),
                ("net0".into(), flag::UP | flag::BROADCAST | flag::MULTICAST),
            ]
        );
    }
}
