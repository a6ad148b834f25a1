//! Lengths in C structures, whose types differ between systems.

#![forbid(unsafe_code)]

/// A length for C. One that does not fit, which none here does, becomes 0: the
/// kernel then reads and writes nothing.
pub(super) fn to_c<T: TryFrom<usize> + Default>(len: usize) -> T {
    T::try_from(len).unwrap_or_default()
}

/// A length from C.
pub(super) fn from_c(len: impl TryInto<usize>) -> usize {
    len.try_into().unwrap_or_default()
}
