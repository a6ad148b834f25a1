//! Where the peers would be, had this been built with the feature `peers`.

use std::io;

use crate::call::Call;
use crate::datapath::cables::{Cables, Cast};
use crate::datapath::receiver::Way;
use crate::method::Method;

pub(crate) const MIO: Method = Method::peer("mio");
pub(crate) const MIO_PACKET_INFO: Method = Method::peer("mio + socket-pktinfo");
pub(crate) const MDNS_SD: Method = Method::peer("the loop of mdns-sd");
pub(crate) const TOKIO: Method = Method::peer("tokio");
pub(crate) const QUINN: Method = Method::peer("mio + quinn-udp");
pub(crate) const QUINN_GRO: Method = Method::peer("mio + quinn-udp, GRO");

pub(crate) const LOOPS: [Way; 0] = [];
pub(crate) const READS: [Way; 0] = [];
pub(crate) const COALESCING: [Way; 0] = [];

pub(crate) fn senders(
    _: &Cables,
    _: Cast,
    _: u16,
    _: usize,
    _: usize,
) -> io::Result<Vec<(Method, Call)>> {
    Ok(Vec::new())
}
