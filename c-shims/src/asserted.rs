//! What this crate's C asserts of Apple's headers, read by the tests of the same numbers in Rust.

/// The names, without their `prefix`, and the numbers of the constants that `c` asserts, in their order.
///
/// It reads lines such as `_Static_assert(IFM_AVALID == 0x1, "AVALID");`.
pub(crate) fn constants<'c>(c: &'c str, prefix: &str) -> Vec<(&'c str, u32)> {
    c.lines()
        .filter_map(|line| line.strip_prefix("_Static_assert(")?.strip_prefix(prefix))
        .map(|assertion| {
            let (name, rest) = assertion.split_once(" == ").expect("name == number");
            let (digits, _) = rest.split_once(',').expect("number, message");
            (name, number(digits))
        })
        .collect()
}

fn number(digits: &str) -> u32 {
    match digits.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).expect("a number"),
        None => digits.parse().expect("a number"),
    }
}
