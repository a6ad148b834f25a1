//! Alternative names, which find an interface as its own name does.

use ifcast::interfaces::Enumerator;
use ifcast::{Interface, Selector};
use ifcast_netlab::Host;
use ifcast_tests::interface;

use crate::{host_with_card, name, names, snapshot};

fn alternative_names(interface: &Interface) -> Vec<String> {
    let names = interface.alternative_names();
    names.map(|name| name.to_string()).collect()
}

fn find(host: &Host, called: &[u8]) -> Option<Interface> {
    host.run(|| Enumerator::new().unwrap().by_name(called).unwrap())
}

#[test]
fn an_interface_is_found_by_each_of_its_names_until_it_is_taken_away() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    let long = "l".repeat(127);
    assert_eq!(alternative_names(&interface(&nic)), [""; 0]);
    for called in ["uplink", "fifteen-bytes-0", "sixteen-bytes-00", &long] {
        nic.add_alternative_name(called);
    }
    let listed = interface(&nic);
    assert_eq!(
        alternative_names(&listed),
        ["uplink", "fifteen-bytes-0", "sixteen-bytes-00", &long]
    );
    for called in alternative_names(&listed) {
        assert_eq!(find(&host, called.as_bytes()).as_ref(), Some(&listed));
        assert!(listed.is_called(called.as_bytes()));
    }
    let by_name = |called| snapshot(&host).by_name(name(called)).cloned();
    assert_eq!(by_name("uplink").as_ref(), Some(&listed));
    assert_eq!(listed.name(), name("lan0"));

    nic.remove_alternative_name("uplink");
    nic.remove_alternative_name(&long);
    assert_eq!(alternative_names(&interface(&nic)).len(), 2);
    assert_eq!(find(&host, b"uplink"), None);
    assert_eq!(find(&host, long.as_bytes()), None);
    assert_eq!(by_name("uplink"), None);
}

#[test]
fn an_alternative_name_need_not_be_text() {
    let (host, nic) = host_with_card(&[]);
    nic.add_alternative_name(b"u\xffp");
    let listed = interface(&nic);
    let alternative = listed.alternative_names().next().unwrap();
    assert_eq!(alternative.as_bytes(), b"u\xffp");
    assert_eq!(alternative.as_str(), None);
    assert_eq!(alternative.to_string(), r"u\xffp");
    assert_eq!(find(&host, b"u\xffp").as_ref(), Some(&listed));
    assert_eq!(find(&host, b"u\xfep"), None);
}

#[test]
fn an_alternative_name_selects_whole_and_by_pattern() {
    let (host, nic) = host_with_card(&[]);
    host.add_veth("left0", "right0");
    let long = format!("{}-uplink", "l".repeat(120));
    nic.add_alternative_name("uplink");
    nic.add_alternative_name(&long);
    let snapshot = snapshot(&host);
    for selector in [
        "uplink",
        "up*",
        "*link",
        "?plink",
        &long,
        "l*-uplink",
        "lan0",
    ] {
        let selector: Selector = selector.parse().unwrap();
        assert_eq!(names(snapshot.select(&selector)), ["lan0"], "{selector}");
    }
    for selector in ["plink", "uplink0", "*uplink?", &long[1..]] {
        let selector: Selector = selector.parse().unwrap();
        assert_eq!(names(snapshot.select(&selector)), [""; 0], "{selector}");
    }
}

#[test]
fn an_interface_whose_names_fill_more_than_one_read_is_listed_whole() {
    let (host, nic) = host_with_card(&["10.71.0.1/24"]);
    // Above the 32 KiB that are read at a time, below the 64 KiB of an attribute.
    let called: Vec<_> = (0..300).map(|n| format!("{n:0127}")).collect();
    for called in &called {
        nic.add_alternative_name(called);
    }
    host.add_veth("left0", "right0");
    let all = snapshot(&host);
    assert!(all.is_consistent());
    assert_eq!(names(all.interfaces()).len(), 4 + fallback_tunnels(&all));
    let listed = interface(&nic);
    assert_eq!(alternative_names(&listed), called);
    let found = host.run(|| {
        let mut enumerator = Enumerator::new().unwrap();
        let by_index = enumerator.by_index(listed.index()).unwrap();
        (by_index, enumerator.by_name(&called[299]).unwrap())
    });
    assert_eq!(found, (Some(listed.clone()), Some(listed)));
}

/// How many tunnels there are that some kernels put on every host.
fn fallback_tunnels(all: &ifcast::Snapshot) -> usize {
    all.select(Selector::kind(ifcast::Kind::Tunnel)).count()
}
