//! What was not handed over, in numbers.

use std::fmt;

/// How many datagrams that arrived on an interface of a LAN were not handed over,
/// and why: what [`LanBuilder`](crate::LanBuilder) was told to keep back.
///
/// Each datagram counts once, for the first reason in this order.
///
/// ```
/// use ifcast::Lan;
///
/// fn report(lan: &Lan) {
///     for interface in lan.interfaces() {
///         if let Some(screened) = lan.screened(interface) {
///             println!("{interface}: {screened}"); // lan0 (index 2): kept back 7 own, 1 over rate
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Screened {
    /// The LAN's own: [`LanBuilder::suppress_own`](crate::LanBuilder::suppress_own).
    pub own: u64,
    /// From a source that is in none of the accepted subnets:
    /// [`LanBuilder::accept_from`](crate::LanBuilder::accept_from).
    pub not_accepted: u64,
    /// From a source that is not on the link:
    /// [`LanBuilder::on_link_only`](crate::LanBuilder::on_link_only).
    pub off_link: u64,
    /// More than the source may send:
    /// [`LanBuilder::rate_limit`](crate::LanBuilder::rate_limit).
    pub over_rate: u64,
    /// Handed over already from another interface:
    /// [`LanBuilder::deduplicate`](crate::LanBuilder::deduplicate).
    pub duplicates: u64,
}

/// Why a datagram is not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Own,
    NotAccepted,
    OffLink,
    OverRate,
    Duplicate,
}

impl Screened {
    pub(crate) const fn count(&mut self, reason: Reason) {
        let number = match reason {
            Reason::Own => &mut self.own,
            Reason::NotAccepted => &mut self.not_accepted,
            Reason::OffLink => &mut self.off_link,
            Reason::OverRate => &mut self.over_rate,
            Reason::Duplicate => &mut self.duplicates,
        };
        *number += 1;
    }

    /// How many there were, whatever the reason.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.own + self.not_accepted + self.off_link + self.over_rate + self.duplicates
    }
}

impl fmt::Display for Screened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("kept back ")?;
        let mut separator = "";
        for (count, what) in [
            (self.own, "own"),
            (self.not_accepted, "not accepted"),
            (self.off_link, "off link"),
            (self.over_rate, "over rate"),
            (self.duplicates, "duplicates"),
        ] {
            if count > 0 {
                write!(f, "{separator}{count} {what}")?;
                separator = ", ";
            }
        }
        f.write_str(if separator.is_empty() { "nothing" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_number_of_its_own() {
        let mut screened = Screened::default();
        for (times, reason) in [
            (1, Reason::Own),
            (2, Reason::NotAccepted),
            (4, Reason::OffLink),
            (8, Reason::OverRate),
            (16, Reason::Duplicate),
        ] {
            (0..times).for_each(|_| screened.count(reason));
        }
        let expected = Screened {
            own: 1,
            not_accepted: 2,
            off_link: 4,
            over_rate: 8,
            duplicates: 16,
        };
        assert_eq!((screened, screened.total()), (expected, 31));
        let text = "kept back 1 own, 2 not accepted, 4 off link, 8 over rate, 16 duplicates";
        assert_eq!(screened.to_string(), text);
        assert_eq!(Screened::default().to_string(), "kept back nothing");
    }
}
