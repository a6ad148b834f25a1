//! Whether what the system answers can be relied on.

#![forbid(unsafe_code)]

/// Whether an answer tells all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Answer {
    Whole,
    /// A change interrupted it, or part of it was lost; to be asked again.
    Torn,
}
