//! Switches that snoop: how they ask for memberships, and what they forward to whom.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use crate::fault::{OrPanic, await_that};
use crate::membership::MembershipVersion;
use crate::nic::Nic;
use crate::rtnetlink::{self, PortGroup, QuerierSettings};
use crate::segment::Segment;
use crate::sys;

/// How the switch of a [snooping segment](crate::Lab::snooping_segment) asks who is a member of what.
///
/// The default is what the RFCs recommend. Times are rounded down to hundredths of a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Querier {
    /// IGMPv2 or IGMPv3.
    pub igmp: MembershipVersion,
    /// MLDv1 or MLDv2.
    pub mld: MembershipVersion,
    /// How often it asks everybody: every 125 seconds, and at first four times as often. The kernel makes anything below
    /// a second one second.
    ///
    /// Who has not answered for twice that, and a response time more, is no member any more.
    pub interval: Duration,
    /// How long members may take to answer that: 10 seconds; for IGMPv2 at least a tenth of a second, since less makes the
    /// query one of IGMPv1.
    pub response_time: Duration,
    /// How long members may take to answer when the switch asks whether there are others left in a group, which it does
    /// twice after somebody has left: a second, and at least a tenth of it.
    pub last_member_time: Duration,
}

impl Default for Querier {
    fn default() -> Self {
        Self {
            igmp: MembershipVersion::Igmp3,
            mld: MembershipVersion::Mld2,
            interval: Duration::from_secs(125),
            response_time: Duration::from_secs(10),
            last_member_time: Duration::from_secs(1),
        }
    }
}

impl Segment {
    /// Has the switch of a snooping segment ask anew, and in this way, from now on. All who are attached are asked at
    /// once.
    ///
    /// While this is being done, the switch forwards every multicast to everybody.
    ///
    /// # Panics
    ///
    /// If a version is not one of those that the switch speaks.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "options are written where they are used"
    )]
    pub fn set_querier(&self, querier: Querier) {
        self.start_querier(&querier)
            .or_panic(format_args!("make {self:?} a {querier:?}"));
    }

    /// Has the switch of a snooping segment ask no more.
    ///
    /// Unless a host asks, it then forwards every multicast to everybody, as the kernel's bridge does without a querier.
    #[track_caller]
    pub fn stop_querier(&self) {
        self.switch
            .request(rtnetlink::start_querier(self.bridge, false))
            .or_panic(format_args!("stop the querier of {self:?}"));
    }

    /// Has the switch believe at once that nobody is left in a group when the host at `nic` leaves it, whatever the answer
    /// to the question whether others are left; the kernel's bridge asks nevertheless.
    #[track_caller]
    pub fn set_fast_leave(&self, nic: &Nic, on: bool) {
        self.switch
            .request(rtnetlink::set_fast_leave(nic.port(), on))
            .or_panic(format_args!("set fast leave of {nic:?} at {self:?}: {on}"));
    }

    /// Whether the switch of a snooping segment forwards to `nic` what `source` sends to `group`, because somebody there
    /// has joined: its forwarding database, RTM_GETMDB.
    ///
    /// What it forwards for other reasons, because a router is there or because nobody asks for memberships, is not
    /// meant.
    #[must_use]
    #[track_caller]
    pub fn forwards(&self, source: IpAddr, group: IpAddr, nic: &Nic) -> bool {
        self.try_forwards(source, group, nic)
            .or_panic(format_args!("read what {self:?} forwards"))
    }

    /// Waits until the switch [forwards](Self::forwards), or no longer forwards, what `source` sends to `group` to `nic`.
    ///
    /// One case is not to be seen: an entry for a source that has just lost its last port is not listed any more but
    /// stays for some ticks of the kernel's clock. What `source` sends meanwhile is forwarded to nobody, even where all
    /// sources are wanted.
    ///
    /// # Panics
    ///
    /// If it is not so within ten seconds.
    #[track_caller]
    pub fn await_forwarding(&self, source: IpAddr, group: IpAddr, nic: &Nic, forwards: bool) {
        await_that(|| Ok(self.try_forwards(source, group, nic)? == forwards)).or_panic(
            format_args!("see {self:?} forward {source} to {group} to {nic:?}: {forwards}"),
        );
    }

    /// Waits until the switch of a snooping segment takes the host at `nic` for a multicast router, to which it forwards
    /// all groups: a host that has [asked](Nic::send_query) is one for some minutes.
    ///
    /// # Panics
    ///
    /// If it is not so within ten seconds.
    #[track_caller]
    pub fn await_router(&self, nic: &Nic) {
        await_that(|| {
            let mut found = false;
            self.switch.dump(rtnetlink::groups(), |message| {
                found |= rtnetlink::router_ports(message, self.bridge).contains(&nic.port());
            })?;
            Ok(found)
        })
        .or_panic(format_args!("see a router at {nic:?}"));
    }

    pub(crate) fn start_querier(&self, querier: &Querier) -> io::Result<()> {
        let bridge = self.bridge;
        let request = |request| self.switch.request(request);
        let response_time = hundredths(querier.response_time);
        request(rtnetlink::start_querier(bridge, false))?;
        request(rtnetlink::set_querier(bridge, querier.settings()?))?;
        // Until members have had the time to answer the first query, the switch floods. It takes no time to start with,
        // so that nobody has to wait, unless the query would be taken for one of IGMPv1.
        let first_response_time = match querier.igmp {
            MembershipVersion::Igmp2 => ONE_TENTH,
            _ => 0,
        };
        request(rtnetlink::set_query_response_time(
            bridge,
            first_response_time,
        ))?;
        request(rtnetlink::start_querier(bridge, true))?;
        request(rtnetlink::set_query_response_time(bridge, response_time))?;
        await_ticks(Duration::from_millis(first_response_time * 10))
    }

    fn try_forwards(&self, source: IpAddr, group: IpAddr, nic: &Nic) -> io::Result<bool> {
        let mut groups = Vec::new();
        self.switch.dump(rtnetlink::groups(), |message| {
            groups.extend(rtnetlink::port_groups(message, self.bridge));
        })?;
        Ok(forwards(&groups, source, group, nic.port()))
    }
}

impl Querier {
    fn settings(&self) -> io::Result<QuerierSettings> {
        let invalid = |what| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        let igmp_version = match self.igmp {
            MembershipVersion::Igmp2 => 2,
            MembershipVersion::Igmp3 => 3,
            _ => return invalid("a switch speaks IGMPv2 or IGMPv3"),
        };
        let mld_version = match self.mld {
            MembershipVersion::Mld1 => 1,
            MembershipVersion::Mld2 => 2,
            _ => return invalid("a switch speaks MLDv1 or MLDv2"),
        };
        let (interval, response_time) = (self.interval, self.response_time);
        let last_member_interval = hundredths(self.last_member_time);
        if last_member_interval < ONE_TENTH
            || igmp_version == 2 && hundredths(response_time) < ONE_TENTH
        {
            return invalid("nobody can be asked to answer in less than a tenth of a second");
        }
        Ok(QuerierSettings {
            igmp_version,
            mld_version,
            interval: hundredths(interval),
            startup_interval: hundredths(interval / 4),
            last_member_interval,
            // RFC 3376, section 8.4.
            membership_time: hundredths(interval.max(ONE_SECOND) * 2 + response_time),
        })
    }
}

/// Whether a bridge forwards what a source sends to a group to one of its ports.
///
/// What it knows of this source in particular, at whatever port, comes before what it knows of the group.
fn forwards(groups: &[PortGroup], source: IpAddr, group: IpAddr, port: u32) -> bool {
    let of_source = |known: &&PortGroup| known.group == group && known.source == Some(source);
    let source = groups.iter().find(of_source).and(Some(source));
    let mut applicable = groups
        .iter()
        .filter(|known| known.group == group && known.source == source);
    applicable.any(|known| known.port == port && known.forwards)
}

/// Waits until a timer of the kernel that was set to run so long from now, or was set before, has run out.
///
/// A bridge tells nobody when it ceases to flood: it compares the time of the last tick with the time up to which it
/// does. That clock can be read. It may be about to tick when it is read first, and the bridge wants it to have passed
/// its time: hence two ticks more.
fn await_ticks(timer: Duration) -> io::Result<()> {
    let mut last = sys::kernel_time()? + timer;
    let mut ticks = 0;
    await_that(|| {
        let now = sys::kernel_time()?;
        if now > last {
            last = now;
            ticks += 1;
        }
        Ok(ticks == 2)
    })
}

fn hundredths(time: Duration) -> u64 {
    u64::try_from(time.as_millis() / 10).unwrap_or(u64::MAX)
}

const ONE_SECOND: Duration = Duration::from_secs(1);
/// In hundredths of a second.
const ONE_TENTH: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_source_comes_before_what_is_known_of_its_group() {
        let group: IpAddr = [239, 1, 2, 3].into();
        let [a, b]: [IpAddr; 2] = [[10, 0, 0, 1].into(), [10, 0, 0, 2].into()];
        let known = |port, source, forwards| PortGroup {
            port,
            group,
            source,
            forwards,
        };
        let groups = [
            known(18, None, true),
            known(25, None, false),
            known(25, Some(a), true),
            known(18, Some(a), false),
        ];
        assert!(!forwards(&groups, a, group, 18));
        assert!(forwards(&groups, a, group, 25));
        assert!(forwards(&groups, b, group, 18));
        assert!(!forwards(&groups, b, group, 25));
        assert!(!forwards(&groups, b, [239, 1, 2, 4].into(), 18));
    }
}
