//! From whom a member receives.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// From whom a member of a group receives (RFC 3376, section 2; RFC 3810, section 2).
///
/// ```
/// use std::net::IpAddr;
///
/// use ifcast_multicast::SourceFilter;
///
/// let [one, other]: [IpAddr; 2] = [[192, 0, 2, 1].into(), [192, 0, 2, 2].into()];
/// assert!(SourceFilter::any().allows(one));
/// let only_one = SourceFilter::Include([one].into());
/// assert!(only_one.allows(one) && !only_one.allows(other));
/// assert_eq!(only_one.to_string(), "only from 192.0.2.1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SourceFilter {
    /// Only from these (source-specific). Of none means to be no member.
    Include(BTreeSet<IpAddr>),
    /// From all but these; with none of them from whatever sends (any-source).
    Exclude(BTreeSet<IpAddr>),
}

/// Whether the sources of a filter are let in or kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Include,
    Exclude,
}

impl SourceFilter {
    /// From whatever sends.
    #[must_use]
    pub const fn any() -> Self {
        Self::Exclude(BTreeSet::new())
    }

    pub(crate) fn new(mode: Mode, sources: impl IntoIterator<Item = IpAddr>) -> Self {
        let sources = sources.into_iter().collect();
        match mode {
            Mode::Include => Self::Include(sources),
            Mode::Exclude => Self::Exclude(sources),
        }
    }

    /// Whether datagrams of this source are received.
    #[must_use]
    pub fn allows(&self, source: IpAddr) -> bool {
        match self {
            Self::Include(sources) => sources.contains(&source),
            Self::Exclude(sources) => !sources.contains(&source),
        }
    }

    /// The sources that it names, to let them in or keep them out.
    #[must_use]
    pub const fn sources(&self) -> &BTreeSet<IpAddr> {
        match self {
            Self::Include(sources) | Self::Exclude(sources) => sources,
        }
    }

    /// Whether it lets everything in.
    #[must_use]
    pub fn is_any(&self) -> bool {
        matches!(self, Self::Exclude(sources) if sources.is_empty())
    }

    /// Whether it lets nothing in, which is to be no member.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Include(sources) if sources.is_empty())
    }

    pub(crate) const fn mode(&self) -> Mode {
        match self {
            Self::Include(_) => Mode::Include,
            Self::Exclude(_) => Mode::Exclude,
        }
    }
}

impl Default for SourceFilter {
    fn default() -> Self {
        Self::any()
    }
}

impl fmt::Display for SourceFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return f.write_str("from any source");
        }
        if self.is_none() {
            return f.write_str("from no source");
        }
        f.write_str(match self {
            Self::Include(_) => "only from ",
            Self::Exclude(_) => "from all but ",
        })?;
        for (place, source) in self.sources().iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{source}")?;
        }
        Ok(())
    }
}
