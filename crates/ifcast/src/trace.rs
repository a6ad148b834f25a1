//! Telling `tracing` what happens: everything but datagrams, and never a payload.

use crate::event::Event;

/// Takes note of what is told.
#[cfg(feature = "tracing")]
pub(crate) fn told(event: Event<'_>) -> Event<'_> {
    log(&event);
    event
}

/// Takes no note of it.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn told(event: Event<'_>) -> Event<'_> {
    event
}

#[cfg(feature = "tracing")]
fn log(event: &Event<'_>) {
    use tracing::{debug, info, warn};

    match event {
        Event::Datagram(_) | Event::Woken => {}
        Event::Dropped { scope, count } => warn!(%scope, count, "datagrams dropped by the kernel"),
        Event::InterfaceJoined { interface } => info!(%interface, "interface joined"),
        Event::InterfaceLeft { interface, why } => info!(%interface, %why, "interface left"),
        Event::Membership {
            interface,
            group,
            state,
        } => debug!(%interface, %group, %state, "membership"),
        Event::Degraded { interface, error } => {
            let class = error.class();
            warn!(%interface, %class, %error, "interface degraded");
        }
        Event::Recovered { interface } => info!(%interface, "interface recovered"),
        Event::Resynced => warn!("more has changed than could be followed, all is checked"),
        Event::NotFollowing { error } => warn!(%error, "interfaces are not followed any more"),
        Event::Failed { scope, error } => warn!(%scope, %error, "receiving failed"),
    }
}
