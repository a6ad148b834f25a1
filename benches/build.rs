//! Compiles the floors of the datapath, which are in C, where they are asked for.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=c");
    #[cfg(feature = "datapath")]
    compile();
}

#[cfg(feature = "datapath")]
fn compile() {
    // The target's system, which `cfg!` does not say here: a build script is compiled for the host.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        cc::Build::new()
            .files(["c/receive.c", "c/send.c", "c/segments.c"])
            .opt_level(3) // as the Rust that it is compared with
            .warnings(true)
            .extra_warnings(true)
            .warnings_into_errors(true)
            .compile("floors");
    }
}
