//! What the kernel of Apple's systems says, decoded; apart from what asks it, so
//! that it can be tested everywhere.

#![forbid(unsafe_code)]

pub(crate) mod address_flags;
pub(crate) mod functional_type;
pub(crate) mod kernel_event;
pub(crate) mod routing;
