//! One received datagram.

use std::ops::Deref;

use bytes::Bytes;

use crate::envelope::Envelope;

/// One received datagram, borrowed from the [`RecvBatch`](crate::RecvBatch)
/// that holds it: a payload in an [`Envelope`].
///
/// ```
/// use ifcast_socket::Datagram;
///
/// fn print(datagram: &Datagram<'_>) {
///     println!(
///         "{} bytes from {} to {} ({}) on {}",
///         datagram.payload().len(),
///         datagram.source(),
///         datagram.destination(),
///         datagram.cast(),
///         datagram.interface(),
///     );
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'batch> {
    pub(crate) payload: &'batch [u8],
    pub(crate) envelope: Envelope<'batch>,
    pub(crate) is_truncated: bool,
}

impl<'batch> Datagram<'batch> {
    /// What it carries; may be empty.
    #[inline]
    #[must_use]
    pub const fn payload(&self) -> &'batch [u8] {
        self.payload
    }

    /// A copy of what it carries, for keeping, in an allocation of its own. A
    /// [`PayloadPool`](crate::PayloadPool) saves that, for those who keep many for a
    /// short time.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        Bytes::copy_from_slice(self.payload)
    }

    /// Whether its end is missing, because it was longer than the batch's
    /// slots.
    #[inline]
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.is_truncated
    }
}

impl<'batch> Deref for Datagram<'batch> {
    type Target = Envelope<'batch>;

    #[inline]
    fn deref(&self) -> &Envelope<'batch> {
        &self.envelope
    }
}
