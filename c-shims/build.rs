//! Compiles the C of this crate, for Apple's systems only.

use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=include");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-env-changed=DOCS_RS");

    // The target's vendor, which `cfg!` does not say here: a build script is compiled for the host.
    let for_apple = env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor == "apple");
    // Documentation links nothing, and where the published one is made there is no compiler for Apple's systems.
    let for_docs = env::var_os("DOCS_RS").is_some();
    if !for_apple || for_docs {
        return Ok(());
    }

    let mut build = cc::Build::new();
    for entry in fs::read_dir("src")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            build.file(path);
        }
    }
    build
        .include("include")
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .compile("ifcast_sys");
    Ok(())
}
