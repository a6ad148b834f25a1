//! How types of the crates below are serialised, which know nothing of serde.

use std::fmt::Display;

use ifcast_interfaces::InterfaceId;
use ifcast_socket::Counters;
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

/// As it is printed.
pub(crate) fn text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Each as it is printed.
pub(crate) fn texts<S: Serializer>(
    values: &[impl Display],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(values.len()))?;
    for value in values {
        sequence.serialize_element(&Text(value))?;
    }
    sequence.end()
}

struct Text<'t, T>(&'t T);

impl<T: Display> Serialize for Text<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text(self.0, serializer)
    }
}

pub(crate) fn interface<S: Serializer>(
    interface: &InterfaceId,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_struct("InterfaceId", 2)?;
    fields.serialize_field("index", &interface.index().get())?;
    fields.serialize_field("name", &Text(&interface.name()))?;
    fields.end()
}

pub(crate) fn counters<S: Serializer>(
    counters: &Counters,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_struct("Counters", 7)?;
    fields.serialize_field("received", &counters.received)?;
    fields.serialize_field("foreign_interface", &counters.foreign_interface)?;
    fields.serialize_field("unwanted", &counters.unwanted)?;
    fields.serialize_field("unwanted_source", &counters.unwanted_source)?;
    fields.serialize_field("without_packet_info", &counters.without_packet_info)?;
    fields.serialize_field("truncated", &counters.truncated)?;
    fields.serialize_field("without_room", &counters.without_room)?;
    fields.end()
}
