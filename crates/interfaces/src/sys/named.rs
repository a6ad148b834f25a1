//! Interfaces of which a listing tells the name and flags only.

use crate::flags::Flags;
use crate::id::InterfaceIndex;
use crate::kind::{Kind, KindSource};
use crate::link::Link;
use crate::name::InterfaceName;

/// What there is to say of it, unless it is gone.
pub(crate) fn link(name: InterfaceName, flags: Flags) -> Option<Link> {
    // SAFETY: `name` is a C string that outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_c_str().as_ptr()) };
    let (kind, kind_source) = if flags.is_loopback() {
        (Kind::Loopback, KindSource::Flags)
    } else {
        (Kind::Unknown, KindSource::Nothing)
    };
    Some(Link {
        kind,
        kind_source,
        carrier: flags.carrier(),
        ..Link::new(InterfaceIndex::new(index)?, name, flags)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::flag;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no network interfaces")]
    fn of_a_link_that_is_not_listed_the_flags_say_what_there_is_to_know() {
        let of = |bits| link("lo".parse().unwrap(), Flags::from_bits(bits)).unwrap();
        let loopback = of(flag::UP | flag::LOOPBACK);
        assert_eq!(
            (loopback.kind, loopback.kind_source),
            (Kind::Loopback, KindSource::Flags)
        );
        assert_eq!(loopback.carrier, Flags::from_bits(flag::UP).carrier());
        let other = of(0);
        assert_eq!(
            (other.kind, other.kind_source, other.carrier),
            (Kind::Unknown, KindSource::Nothing, None)
        );
    }
}
