//! What ifcast takes for granted of a system's C headers, for a C compiler to assert.
//!
//! Numbers of options and layouts of structures come from the `libc` crate, or stand in our own code. Nobody here can
//! run them on most systems, but every system has headers that say what they are. So each number is claimed beside
//! where it is used, and rustc, compiling for a system, writes each [claim](claims) as a line of C into the object file.
//! `scripts/check-targets` takes the lines out and has a C compiler check them, with `headers.c`. No number is written
//! a second time.
//!
//! It refuses to be part of a library: claims stand under `cfg(test)`.

#[cfg(test)]
mod libc_claims;

/// Claims that C expressions have the values of Rust's: `"offsetof(struct group_req, gr_group)" => 4`.
#[macro_export]
macro_rules! claims {
    ($($c:expr => $value:expr),* $(,)?) => { $(
        const _: () = {
            const ORIGIN: &str = concat!(stringify!($value), " of ", file!());
            #[used]
            static CLAIM: [u8; $crate::len($c, ORIGIN)] = $crate::claim($c, $value as u64, ORIGIN);
        };
    )* };
}

/// Claims that constants have the values of those by the same names in C: `IFT_ETHER`, or `libc::{IP_TOS, IP_TTL}`.
#[macro_export]
macro_rules! same {
    (libc::{$($name:ident),* $(,)?}) => { $crate::claims! { $(stringify!($name) => libc::$name),* } };
    ($($name:ident),* $(,)?) => { $crate::claims! { $(stringify!($name) => $name),* } };
}

/// Claims that a structure is as large as C's, and that its fields are as large and where C has them: `"struct iovec" =
/// libc::iovec { iov_base, iov_len }`.
#[macro_export]
macro_rules! layouts {
    ($($c:literal = $rust:path { $($field:ident),* $(,)? })*) => { $(
        $crate::claims! {
            concat!("sizeof(", $c, ")") => size_of::<$rust>(),
            $(
                concat!("offsetof(", $c, ", ", stringify!($field), ")") => core::mem::offset_of!($rust, $field),
                concat!("sizeof(((", $c, " *)0)->", stringify!($field), ")") => $crate::size_of_field(|all: &$rust| &all.$field)
            ),*
        }
    )* };
}

/// The size of a field, of which this is the way there.
#[must_use]
pub const fn size_of_field<T, F>(_: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

/// The length of a [`claim`].
#[must_use]
pub const fn len(c: &str, origin: &str) -> usize {
    BEFORE.len() + c.len() + BETWEEN.len() + DIGITS + AFTER.len() + origin.len() + END.len()
}

/// A line of C that asserts that `c` has a value, which a negative number has modulo 2⁶⁴.
///
/// # Panics
///
/// If `N` is not the [`len`], or if `c` or `origin` is not a part of a line, which would be lost.
#[must_use]
pub const fn claim<const N: usize>(c: &str, value: u64, origin: &str) -> [u8; N] {
    assert!(is_part_of_a_line(c) && is_part_of_a_line(origin));
    let line = Line {
        bytes: [0; N],
        len: 0,
    };
    let line = line.text(BEFORE).text(c).text(BETWEEN).hexadecimal(value);
    let line = line.text(AFTER).text(origin).text(END);
    assert!(line.len == N, "a claim has another length");
    line.bytes
}

const fn is_part_of_a_line(text: &str) -> bool {
    let mut at = 0;
    while at < text.len() {
        if matches!(text.as_bytes()[at], b'"' | b'\n' | b'\\') {
            return false;
        }
        at += 1;
    }
    true
}

/// Text that is written when rustc evaluates constants.
struct Line<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Line<N> {
    const fn text(mut self, text: &str) -> Self {
        let mut at = 0;
        while at < text.len() {
            self = self.byte(text.as_bytes()[at]);
            at += 1;
        }
        self
    }

    const fn hexadecimal(mut self, value: u64) -> Self {
        let mut digit = DIGITS;
        while digit > 0 {
            digit -= 1;
            self = self.byte(b"0123456789abcdef"[(value >> (4 * digit) & 0xf) as usize]);
        }
        self
    }

    const fn byte(mut self, byte: u8) -> Self {
        self.bytes[self.len] = byte;
        self.len += 1;
        self
    }
}

const BEFORE: &str = "_Static_assert((unsigned long long)(";
const BETWEEN: &str = ") == 0x";
const DIGITS: usize = 16;
const AFTER: &str = "ULL, \"";
const END: &str = "\");\n";

#[cfg(test)]
mod tests {
    use std::str;

    use super::*;

    #[test]
    fn a_claim_is_a_line_of_c() {
        // True, because this line is found in the object file too.
        let line: [u8; len("3 * 9", "x of y.rs")] = claim("3 * 9", 0x1b, "x of y.rs");
        let expected = "_Static_assert((unsigned long long)(3 * 9) == 0x000000000000001bULL, \"x of y.rs\");\n";
        assert_eq!(str::from_utf8(&line), Ok(expected));
    }

    #[test]
    fn what_would_not_be_found_again_cannot_be_claimed() {
        assert!(is_part_of_a_line("sizeof(struct iovec)"));
        assert!(
            ["\"", "a\nb", "\\"]
                .iter()
                .all(|text| !is_part_of_a_line(text))
        );
    }
}
