//! What `/proc/net/igmp` and `/proc/net/igmp6` tell of joined groups, where
//! rtnetlink does not: pure functions over text.

#![forbid(unsafe_code)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::id::InterfaceIndex;

/// The groups in `/proc/net/igmp`: a line for each interface that begins with
/// its index, then an indented line for each group, which is the number in hex
/// that its bytes make on this machine.
pub(crate) fn ipv4_groups(text: &str) -> impl Iterator<Item = (InterfaceIndex, IpAddr)> {
    let mut index = None;
    text.lines().skip(1).filter_map(move |line| {
        let first = line.split_whitespace().next()?;
        if line.starts_with(char::is_whitespace) {
            let group = u32::from_str_radix(first, 16).ok()?;
            Some((index?, Ipv4Addr::from(group.to_ne_bytes()).into()))
        } else {
            index = first.parse().ok().and_then(InterfaceIndex::new);
            None
        }
    })
}

/// The groups in `/proc/net/igmp6`: a line for each, with the index, the name and
/// the group in hex.
pub(crate) fn ipv6_groups(text: &str) -> impl Iterator<Item = (InterfaceIndex, IpAddr)> {
    text.lines().filter_map(|line| {
        // A name may contain what looks like a column, so the rest is read from
        // behind it: group, users, flags, timer.
        let index = line.split_whitespace().next()?;
        let group = line.split_whitespace().rev().nth(3)?;
        let group = u128::from_str_radix(group, 16).ok()?;
        let index = InterfaceIndex::new(index.parse().ok()?)?;
        Some((index, Ipv6Addr::from(group).into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IGMP6: &str = "\
1    lo              ff020000000000000000000000000001     1 0000000C 0
2    eth0            ff0200000000000000000000000000fb     1 00000004 0
";

    /// `/proc/net/igmp` of this machine, which shows groups in its own byte order.
    fn igmp() -> String {
        let [all, dns] = [[224, 0, 0, 1], [224, 0, 0, 251]]
            .map(|group| format!("{:08X}", u32::from_ne_bytes(group)));
        format!(
            "\
Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter
1\tlo        :     1      V3
\t\t\t\t{all}     1 0:00000000\t\t0
2\teth0      :     2      V3
\t\t\t\t{dns}     1 0:00000000\t\t1
\t\t\t\t{all}     1 0:00000000\t\t0
"
        )
    }

    fn shown(groups: impl Iterator<Item = (InterfaceIndex, IpAddr)>) -> Vec<String> {
        groups
            .map(|(index, group)| format!("{index} {group}"))
            .collect()
    }

    #[test]
    fn ipv4_groups_belong_to_the_interface_above_them() {
        assert_eq!(
            shown(ipv4_groups(&igmp())),
            ["1 224.0.0.1", "2 224.0.0.251", "2 224.0.0.1"]
        );
    }

    #[test]
    fn ipv6_groups_carry_their_interface() {
        assert_eq!(shown(ipv6_groups(IGMP6)), ["1 ff02::1", "2 ff02::fb"]);
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        for text in ["", "\n\n", "x\ty\n\t\tz\n", "0 lo ff 1 2 3", "1 2 3"] {
            assert_eq!(shown(ipv4_groups(text)).len(), 0, "{text:?}");
            assert_eq!(shown(ipv6_groups(text)).len(), 0, "{text:?}");
        }
    }
}
