//! Where the peers would be, had this been built with the feature `peers`.

use std::io;

use ifcast_interfaces::InterfaceIndex;

use crate::call::Call;
use crate::method::Method;

pub(crate) const IF_WATCH: Method = Method::peer("if-watch");
pub(crate) const NETWATCHER: Method = Method::peer("netwatcher");

pub(crate) fn captures(_: usize) -> io::Result<Vec<(Method, Call)>> {
    Ok(Vec::new())
}

pub(crate) fn by_index(_: InterfaceIndex) -> Vec<(Method, Call)> {
    Vec::new()
}

pub(crate) fn watchers(_: usize) -> io::Result<Vec<(Method, Call)>> {
    Ok(Vec::new())
}
