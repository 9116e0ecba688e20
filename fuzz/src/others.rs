//! What must hold for the words of others: fields that proxies write, first bytes of a connection, and the configurations
//! and logs of other products. They may say anything; reading them ends, and what is written from them is well formed.

use std::io;
use std::path::{Path, PathBuf};
use torwart_dialect::Product;
use torwart_dialect::config::{Files, guess_product, read};
use torwart_dialect::log::Reader;
use torwart_wire::fields::{forwarded, list, structured, upgrade, via, x_forwarded_for};
use torwart_wire::{Version, tls_record};

/// Any bytes as the value of a field that is read, and any text in a field that is written.
pub(crate) fn fields(bytes: &[u8]) {
    let is_part = |part: &[u8]| part.is_empty() || bytes.windows(part.len()).any(|window| window == part);
    assert!(list::tokens(bytes).chain(via::received_by(bytes)).chain(upgrade::tunnelled(bytes)).all(is_part));
    let mut written = Vec::new();
    for element in forwarded::elements(bytes) {
        element.write(&mut written);
        let again: Vec<_> = forwarded::elements(&written).collect();
        assert!(again.len() <= 1, "one element stays one: {}", written.escape_ascii());
        assert!(again.iter().all(|again| again.address() == element.address()));
        written.clear();
    }
    let addresses = x_forwarded_for::from_nearest(bytes).count();
    assert!(addresses <= bytes.iter().filter(|byte| **byte == b',').count() + 1);
    let _ = x_forwarded_for::client(bytes, |address| address.is_loopback());
    upgrade::write_without_h2c(bytes, &mut written);
    assert!(!list::has_token(&written, "h2c"));
    written.clear();
    let text = String::from_utf8_lossy(bytes);
    for value in [structured::Bare::Text(&text), structured::Bare::Token(&text)] {
        written.clear();
        value.write(&mut written);
        assert!(is_item(&written), "{}", written.escape_ascii());
    }
    written.clear();
    via::write(&mut written, Version::Http11, "gate-1");
    assert!(via::names(&written, "gate-1"));
}

/// A string or a token (RFC 9651 §3.3), by the letter of the grammar.
fn is_item(item: &[u8]) -> bool {
    let Some(inner) = item.strip_prefix(b"\"").and_then(|item| item.strip_suffix(b"\"")) else {
        return item.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'*')
            && item.iter().all(|byte| byte.is_ascii_alphanumeric() || b":/!#$%&'*+-.^_`|~".contains(byte));
    };
    let mut inner = inner.iter();
    while let Some(byte) = inner.next() {
        let is_fine = match byte {
            b'\\' => inner.next().is_some_and(|escaped| b"\"\\".contains(escaped)),
            byte => matches!(byte, 0x20..=0x7e) && *byte != b'"',
        };
        if !is_fine {
            return false;
        }
    }
    true
}

/// Any bytes as the first ones of a connection: what is said of few of them is not taken back when more come.
pub(crate) fn tls_record(bytes: &[u8]) {
    for end in 0..bytes.len().min(16) {
        let (few, more) = (&bytes[..end], &bytes[..=end]);
        assert!(!tls_record::looks_like_tls(few) || tls_record::looks_like_tls(more));
        assert!(tls_record::may_become_tls(few) || !tls_record::may_become_tls(more));
        assert!(!tls_record::looks_like_tls(more) || end < 1 || tls_record::may_become_tls(&bytes[..1]));
        assert!(tls_record::alert(few).is_none() || tls_record::alert(more) == tls_record::alert(few));
    }
    assert!(tls_record::alert(bytes).is_none() || tls_record::looks_like_tls(bytes));
}

/// The same text under every name, so that includes find something.
struct Everywhere<'a>(&'a str);

impl Files for Everywhere<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        // An include of itself under ever new names would be read for very long.
        if path.as_os_str().len() > 40 { Err(io::ErrorKind::NotFound.into()) } else { Ok(self.0.to_owned()) }
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        if pattern.ends_with("/*") { Vec::new() } else { vec![PathBuf::from(pattern.replace('*', "x"))] }
    }
}

/// Any text as the configuration of a product; the first byte says whose.
pub(crate) fn dialect_config(bytes: &[u8]) {
    let Some((product, text)) = of_product(bytes) else { return };
    let text = String::from_utf8_lossy(text);
    let _ = guess_product(Path::new("/etc/x.conf"), &text);
    let config = read(product, Path::new("/etc/x.conf"), &Everywhere(&text));
    let _ = config.routes_for("shop.example", "/a/b.php");
    let _ = config.routes_at(443, "shop.example", "/");
    assert!(config.notes.iter().all(|note| !note.what.id().is_empty()));
}

/// Any bytes as lines of a log, the first of them also as the pattern of its lines.
pub(crate) fn dialect_log(bytes: &[u8]) {
    let Some((product, lines)) = of_product(bytes) else { return };
    let text = String::from_utf8_lossy(lines);
    let (pattern, _) = text.split_once('\n').unwrap_or((&text, ""));
    let readers = [Some(Reader::of_pattern(product, pattern)), Reader::guess(&text)];
    for line in lines.split(|byte| *byte == b'\n') {
        for reader in readers.iter().flatten() {
            if let Some(line) = reader.read(line) {
                let _ = (line.verdict(), line.upstream(), line.upstream_status());
            }
        }
    }
}

fn of_product(bytes: &[u8]) -> Option<(Product, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let products = Product::ALL;
    let product = products.into_iter().cycle().nth(usize::from(*first) % 16)?;
    Some((product, rest))
}
