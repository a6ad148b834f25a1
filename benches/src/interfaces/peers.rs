//! What others offer for the same work, each in the shape its documentation
//! shows first.

use std::future::poll_fn;
use std::io;

use if_watch::tokio::IfWatcher;
use ifcast_interfaces::InterfaceIndex;
use network_interface::{NetworkInterface, NetworkInterfaceConfig};
use nix::sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage};
use tokio::runtime::{Builder, Runtime};

use crate::call::Call;
use crate::method::Method;

pub(crate) const IF_WATCH: Method = Method::peer("if-watch 3.2 IfWatcher");
pub(crate) const NETWATCHER: Method = Method::peer("netwatcher 0.8 BlockingWatch");

/// Lists all interfaces, which have this many addresses.
pub(crate) fn captures(addresses: usize) -> io::Result<Vec<(Method, Call)>> {
    Ok(vec![
        (Method::peer("if-addrs 0.15"), if_addrs()),
        (Method::peer("getifaddrs 0.6"), getifaddrs()),
        (Method::peer("network-interface 2.0"), network_interface()),
        (Method::peer("netdev 0.47"), netdev()),
        (Method::peer("getifs 0.8"), getifs()),
        (Method::peer("nix 0.31"), nix()),
        (Method::peer("netwatcher 0.8"), netwatcher()),
        (
            Method::peer("if-watch 3.2, new (addresses only)"),
            if_watch(addresses)?,
        ),
    ])
}

/// Asks for one interface and its addresses.
pub(crate) fn by_index(index: InterfaceIndex) -> Vec<(Method, Call)> {
    let ask = move || match getifs::interface_by_index(index.get())? {
        Some(interface) => interface.addrs(),
        None => Err(io::ErrorKind::NotFound.into()),
    };
    let call = Call::new(ask, |addresses| addresses.len());
    vec![(Method::peer("getifs 0.8 interface_by_index"), call)]
}

/// Applies the one event that has come in. There are this many addresses yet.
pub(crate) fn watchers(addresses: usize) -> io::Result<Vec<(Method, Call)>> {
    Ok(vec![
        (IF_WATCH, if_watch_event(addresses)?),
        (NETWATCHER, netwatcher_event()?),
    ])
}

fn if_addrs() -> Call {
    Call::new(if_addrs::get_if_addrs, Vec::len)
}

fn getifaddrs() -> Call {
    let list = || Ok(getifaddrs::getifaddrs()?.collect::<Vec<_>>());
    Call::new(list, |entries| {
        let ip = entries.iter().filter_map(|entry| entry.address.ip_addr());
        ip.count()
    })
}

fn network_interface() -> Call {
    let list = || NetworkInterface::show().map_err(io::Error::other);
    Call::new(list, |list| list.iter().map(|i| i.addr.len()).sum())
}

fn netdev() -> Call {
    let list = || Ok(netdev::get_interfaces());
    Call::new(list, |list| {
        list.iter().map(|i| i.ipv4.len() + i.ipv6.len()).sum()
    })
}

fn getifs() -> Call {
    let list = getifs::InterfaceSnapshot::capture;
    Call::new(list, |snapshot| snapshot.networks().len())
}

fn nix() -> Call {
    let list = || Ok(nix::ifaddrs::getifaddrs()?.collect::<Vec<_>>());
    let is_ip = |address: &SockaddrStorage| {
        matches!(
            address.family(),
            Some(AddressFamily::Inet | AddressFamily::Inet6)
        )
    };
    Call::new(list, move |entries| {
        let addresses = entries.iter().filter_map(|entry| entry.address.as_ref());
        addresses.filter(|address| is_ip(address)).count()
    })
}

fn netwatcher() -> Call {
    let list = || netwatcher::list_interfaces().map_err(other);
    Call::new(list, |list| list.values().map(|i| i.ips.len()).sum())
}

/// A new watcher begins by telling of every address; the runtime is kept.
fn if_watch(addresses: usize) -> io::Result<Call> {
    let runtime = runtime()?;
    let list = move || watcher(&runtime, addresses);
    Ok(Call::new(list, |watcher| watcher.iter().count()))
}

fn if_watch_event(addresses: usize) -> io::Result<Call> {
    let runtime = runtime()?;
    let mut watcher = watcher(&runtime, addresses)?;
    let next = move || runtime.block_on(poll_fn(|context| watcher.poll_if_event(context)));
    Ok(Call::new(next, |_| 1))
}

fn netwatcher_event() -> io::Result<Call> {
    let mut watcher = netwatcher::watch_interfaces_blocking().map_err(other)?;
    watcher.changed(); // tells at once what is there
    Ok(Call::new(
        move || Ok(watcher.changed()),
        |update| update.addrs_added().count() + update.addrs_removed().count(),
    ))
}

/// A watcher that knows all of this many addresses.
fn watcher(runtime: &Runtime, addresses: usize) -> io::Result<IfWatcher> {
    runtime.block_on(async {
        let mut watcher = IfWatcher::new()?;
        for _ in 0..addresses {
            poll_fn(|context| watcher.poll_if_event(context)).await?;
        }
        Ok(watcher)
    })
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_io().build()
}

fn other(error: netwatcher::Error) -> io::Error {
    io::Error::other(format!("{error:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that no table says that it measured what it did not.
    #[test]
    fn the_versions_in_the_names_are_those_that_are_built() {
        let manifest = include_str!("../../Cargo.toml").replace("{ version = ", "");
        let workspace = include_str!("../../../Cargo.toml").replace("{ version = ", "");
        let captures = captures(0).unwrap();
        let watchers = [IF_WATCH, NETWATCHER];
        for Method { name, .. } in captures.iter().map(|(m, _)| *m).chain(watchers) {
            let words: Vec<_> = name.split([' ', ',']).collect();
            let line = format!("\n{} = \"{}\"", words[0], words[1]);
            assert!(
                manifest.contains(&line) || workspace.contains(&line),
                "{name}"
            );
        }
    }
}
