//! Sending to a group.

use ifcast_socket::Sender;

use crate::error::Error;
use crate::group::Group;
use crate::memberships;

/// Sends to a group by any socket, such as one that many interfaces share; being a
/// member is not needed.
///
/// ```
/// use ifcast_multicast::{Error, Group};
/// use ifcast_socket::BoundSocket;
///
/// fn announce(socket: &BoundSocket, group: Group) -> Result<(), Error> {
///     ifcast_multicast::send(socket.sender(), b"here I am", group, 2222)
/// }
/// ```
///
/// # Errors
/// [`Error::WrongFamily`], or [`Error::Socket`] as [`Sender::send`] fails.
pub fn send(sender: Sender<'_>, payload: &[u8], group: Group, port: u16) -> Result<(), Error> {
    memberships::check(sender.endpoint(), sender.interface().id(), group)?;
    Ok(sender.send(payload, group.socket_addr(port))?)
}
