//! Tags of stored answers, by which many are purged at once: `Surrogate-Key` (words) and `Cache-Tag` (a list).

use torwart_wire::Head;

/// The tags of an answer.
pub fn tags(head: &Head) -> impl Iterator<Item = &[u8]> {
    head.fields().flat_map(|field| {
        let separators: &[u8] = if field.name.eq_ignore_ascii_case(b"surrogate-key") {
            b" \t,"
        } else if field.name.eq_ignore_ascii_case(b"cache-tag") {
            b","
        } else {
            &[]
        };
        let value = if separators.is_empty() { &[] } else { field.value };
        let parts = value.split(move |byte| separators.contains(byte)).map(<[u8]>::trim_ascii);
        parts.filter(|tag| !tag.is_empty())
    })
}

/// Whether an answer has this tag.
#[must_use]
pub fn tags_named(head: &Head, wanted: &[u8]) -> bool {
    tags(head).any(|tag| tag == wanted)
}
