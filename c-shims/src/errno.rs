//! What this crate's C returns.

use std::{ffi::c_int, io};

/// Success if `errno` is 0, else the error of that number.
pub(crate) fn check(errno: c_int) -> io::Result<()> {
    match errno {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zero_is_success() {
        assert!(check(0).is_ok());
        assert_eq!(check(6).unwrap_err().raw_os_error(), Some(6));
    }
}
