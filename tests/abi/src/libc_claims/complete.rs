//! Whether nothing has been forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
#[cfg_attr(miri, ignore = "Miri is kept from the files")]
fn every_constant_that_a_library_takes_from_libc_is_claimed() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates");
    let mut taken = BTreeSet::new();
    visit(&crates, &mut |source| {
        let after = source.split("libc::").skip(1);
        taken.extend(after.filter_map(constant).map(str::to_owned));
    });
    assert!(taken.len() > 100, "{taken:?}");

    let claims = [
        include_str!("everywhere.rs"),
        include_str!("linux.rs"),
        include_str!("apple.rs"),
        include_str!("bsd.rs"),
        include_str!("illumos.rs"),
    ];
    let claimed = |name: &String| {
        let mut words = claims.iter().flat_map(|claims| claims.split(is_no_part));
        words.any(|word| word == name)
    };
    taken.retain(|name| !claimed(name));
    assert!(taken.is_empty(), "claim these in tests/abi: {taken:?}");
}

/// Shows every Rust file of the crates.
fn visit(directory: &Path, show: &mut impl FnMut(&str)) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, show);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            show(&fs::read_to_string(path).unwrap());
        }
    }
}

/// The constant that this begins with: a name in capitals that is not called.
fn constant(rest: &str) -> Option<&str> {
    let (name, rest) = rest.split_at(rest.find(is_no_part).unwrap_or(rest.len()));
    let is_constant = name.contains(|c: char| c.is_ascii_uppercase())
        && !name.contains(|c: char| c.is_ascii_lowercase())
        && !rest.starts_with('(');
    is_constant.then_some(name)
}

fn is_no_part(c: char) -> bool {
    !c.is_ascii_alphanumeric() && c != '_'
}
