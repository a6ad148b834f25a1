//! What can be asked for of a membership: each asked for at the wrong time is the
//! same error for both families.

use std::net::IpAddr;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::Endpoint;

use crate::error::Error;
use crate::group::Group;
use crate::memberships::{self, Memberships};
use crate::source_filter::SourceFilter;

/// One of the requests of RFC 3678, section 4.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Join,
    JoinSource(IpAddr),
    LeaveSource(IpAddr),
    Block(IpAddr),
    Unblock(IpAddr),
    Set(SourceFilter),
}

impl Request {
    /// Makes it, as a whole or not at all.
    pub(crate) fn make(
        self,
        memberships: &mut Memberships,
        endpoint: &Endpoint,
        interface: InterfaceId,
        group: Group,
    ) -> Result<(), Error> {
        memberships::check(endpoint, interface, group)?;
        let old = memberships.filter(interface.index(), group);
        let filter = self.result(old, interface, group)?;
        memberships.set(endpoint, interface, group, filter)
    }

    /// The filter that there is afterwards.
    fn result(
        self,
        old: Option<&SourceFilter>,
        interface: InterfaceId,
        group: Group,
    ) -> Result<SourceFilter, Error> {
        use SourceFilter::{Exclude, Include};
        let other_mode = |source| Error::OtherMode {
            interface,
            group,
            source_address: source,
        };
        let same = |source| Error::SourceAlready {
            interface,
            group,
            source_address: source,
        };
        let unknown = |source| Error::SourceUnknown {
            interface,
            group,
            source_address: source,
        };
        match (self, old) {
            (Self::Set(filter), _) => Ok(filter),
            (Self::Join, None) => Ok(SourceFilter::any()),
            (Self::Join, Some(_)) => Err(Error::AlreadyJoined { interface, group }),
            (Self::JoinSource(source), None) => Ok(Include([source].into())),
            (Self::JoinSource(source), Some(Include(old))) => {
                let mut new = old.clone();
                new.insert(source)
                    .then_some(Include(new))
                    .ok_or(same(source))
            }
            (Self::LeaveSource(source), Some(Include(old))) => {
                let mut new = old.clone();
                let is_there = new.remove(&source);
                is_there.then_some(Include(new)).ok_or(unknown(source))
            }
            (Self::Block(source), Some(Exclude(old))) => {
                let mut new = old.clone();
                new.insert(source)
                    .then_some(Exclude(new))
                    .ok_or(same(source))
            }
            (Self::Unblock(source), Some(Exclude(old))) => {
                let mut new = old.clone();
                let is_there = new.remove(&source);
                is_there.then_some(Exclude(new)).ok_or(unknown(source))
            }
            (Self::JoinSource(source) | Self::LeaveSource(source), Some(Exclude(_)))
            | (Self::Block(source) | Self::Unblock(source), Some(Include(_))) => {
                Err(other_mode(source))
            }
            (Self::LeaveSource(_) | Self::Block(_) | Self::Unblock(_), None) => {
                Err(Error::NotJoined { interface, group })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ifcast_interfaces::Snapshot;

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn every_request_has_one_result_or_one_error_in_every_mode() {
        let snapshot = Snapshot::capture().unwrap();
        let interface = snapshot.interfaces()[0].id();
        let group: Group = "239.1.2.3".parse().unwrap();
        let [one, two]: [IpAddr; 2] = [[10, 0, 0, 1].into(), [10, 0, 0, 2].into()];
        let include = |sources: &[IpAddr]| SourceFilter::Include(sources.iter().copied().collect());
        let exclude = |sources: &[IpAddr]| SourceFilter::Exclude(sources.iter().copied().collect());
        let (inside, outside) = (include(&[one]), exclude(&[one]));
        for (request, old, expected) in [
            (Request::Join, None, Ok(exclude(&[]))),
            (Request::Join, Some(&inside), Err("already joined")),
            (Request::Join, Some(&outside), Err("already joined")),
            (Request::JoinSource(one), None, Ok(include(&[one]))),
            (
                Request::JoinSource(two),
                Some(&inside),
                Ok(include(&[one, two])),
            ),
            (
                Request::JoinSource(one),
                Some(&inside),
                Err("named already"),
            ),
            (
                Request::JoinSource(two),
                Some(&outside),
                Err("joined the other way"),
            ),
            (Request::LeaveSource(one), None, Err("not joined")),
            (Request::LeaveSource(one), Some(&inside), Ok(include(&[]))),
            (Request::LeaveSource(two), Some(&inside), Err("not named")),
            (
                Request::LeaveSource(one),
                Some(&outside),
                Err("joined the other way"),
            ),
            (Request::Block(one), None, Err("not joined")),
            (
                Request::Block(two),
                Some(&inside),
                Err("joined the other way"),
            ),
            (
                Request::Block(two),
                Some(&outside),
                Ok(exclude(&[one, two])),
            ),
            (Request::Block(one), Some(&outside), Err("named already")),
            (Request::Unblock(one), None, Err("not joined")),
            (
                Request::Unblock(one),
                Some(&inside),
                Err("joined the other way"),
            ),
            (Request::Unblock(one), Some(&outside), Ok(exclude(&[]))),
            (Request::Unblock(two), Some(&outside), Err("not named")),
            (
                Request::Set(include(&[two])),
                Some(&outside),
                Ok(include(&[two])),
            ),
            (Request::Set(include(&[two])), None, Ok(include(&[two]))),
        ] {
            let said = format!("{request:?} of {old:?}");
            match (request.result(old, interface, group), expected) {
                (Ok(filter), Ok(expected)) => assert_eq!(filter, expected, "{said}"),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{said}: {error}");
                }
                (result, expected) => panic!("{said}: {result:?}, not {expected:?}"),
            }
        }
    }
}
