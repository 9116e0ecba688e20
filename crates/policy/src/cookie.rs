//! One cookie among those a request carries (RFC 6265 §5.4).

use torwart_wire::{Head, Known};

/// The value of a cookie, without quotes; the first one of this name.
pub fn find<'h>(head: &'h Head, name: &[u8]) -> Option<&'h [u8]> {
    let pairs = head.all(Known::Cookie).flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.into_iter().find_map(|pair| {
        let pair = pair.trim_ascii();
        let value = pair.strip_prefix(name)?.strip_prefix(b"=")?;
        Some(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
    })
}
