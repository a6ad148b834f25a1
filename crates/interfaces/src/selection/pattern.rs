//! Patterns of names, as a shell has them.

use std::fmt;

/// A pattern in which `*` stands for anything and `?` for one byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Box<str>);

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Self {
        Self(pattern.into())
    }

    /// Whether it is more than a name.
    pub(crate) fn is_in(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Whether the whole name is as the pattern says.
    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        let pattern = self.0.as_bytes();
        let (mut at, mut read) = (0, 0);
        // Where the last `*` was, and how much of the name it stands for so far.
        let mut star: Option<(usize, usize)> = None;
        while read < name.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at, read));
                    at += 1;
                }
                Some(&byte) if byte == b'?' || byte == name[read] => {
                    at += 1;
                    read += 1;
                }
                _ => match &mut star {
                    None => return false,
                    Some((star_at, taken)) => {
                        *taken += 1;
                        (at, read) = (*star_at + 1, *taken);
                    }
                },
            }
        }
        pattern[at..].iter().all(|&byte| byte == b'*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything_and_a_question_mark_one_byte() {
        for (pattern, name, matches) in [
            ("eth0", "eth0", true),
            ("eth0", "eth01", false),
            ("eth*", "eth", true),
            ("eth*", "eth01", true),
            ("*", "", true),
            ("", "", true),
            ("?", "", false),
            ("en?", "en0", true),
            ("en?", "en10", false),
            ("*0*0", "br0-lan0", true),
            ("*0*0", "br0", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbXd", false),
            ("**a", "ba", true),
        ] {
            let found = Pattern::new(pattern).matches(name.as_bytes());
            assert_eq!(found, matches, "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_take_no_long_time() {
        let pattern = Pattern::new(&"*a".repeat(60));
        assert!(!pattern.matches(&[b'a'; 59]));
        assert!(!pattern.matches(&[[b'a'; 120].as_slice(), b"b"].concat()));
    }
}
