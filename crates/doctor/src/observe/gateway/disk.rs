//! Configuration files as they lie on this machine's disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use torwart_dialect::config::Files;

/// Reads files of this machine, at most a few megabytes of each.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        let length = fs::metadata(path)?.len();
        if length > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large for a configuration"));
        }
        Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        let mut found = vec![PathBuf::from("/")];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let mut next = Vec::new();
            for folder in found {
                if part.contains(['*', '?', '[']) {
                    next.extend(children(&folder, part));
                } else if folder.join(part).exists() {
                    next.push(folder.join(part));
                }
            }
            found = next;
        }
        found.sort();
        found
    }
}

/// The entries of a folder whose names fit; hidden ones only where the pattern begins with a dot.
fn children(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|name| {
            (!name.starts_with('.') || pattern.starts_with('.')) && fits(pattern.as_bytes(), name.as_bytes())
        })
        .map(|name| folder.join(name))
        .collect()
}

/// Whether a name fits a shell pattern.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            (0..=name.len()).any(|skip| name.get(skip..).is_some_and(|name| fits(rest, name)))
        }
        ([b'?', rest @ ..], [_, name @ ..]) => fits(rest, name),
        ([b'[', rest @ ..], [byte, name @ ..]) => match rest.iter().position(|byte| *byte == b']') {
            Some(end) => {
                let (set, after) = rest.split_at(end);
                in_set(set, *byte) && fits(after.get(1..).unwrap_or_default(), name)
            }
            None => *byte == b'[' && fits(rest, name),
        },
        ([letter, rest @ ..], [byte, name @ ..]) => letter == byte && fits(rest, name),
        _ => false,
    }
}

/// Whether a byte is in `a-z0` or not in `!a-z`.
fn in_set(set: &[u8], byte: u8) -> bool {
    let (is_negated, set) = match set {
        [b'!' | b'^', rest @ ..] => (true, rest),
        set => (false, set),
    };
    let mut rest = set;
    let mut is_in = false;
    while let [first, after @ ..] = rest {
        if let [b'-', last, after @ ..] = after {
            is_in |= (*first..=*last).contains(&byte);
            rest = after;
        } else {
            is_in |= *first == byte;
            rest = after;
        }
    }
    is_in != is_negated
}

/// No configuration is larger.
const MOST_BYTES: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str) -> bool {
        fits(pattern.as_bytes(), name.as_bytes())
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        assert!(check("*.conf", "shop.conf") && !check("*.conf", "shop.conf.bak"));
        assert!(check("[0-9]*-?.cfg", "10-a.cfg") && !check("[!0-9]*", "1"));
        assert!(check("a*b*c", "aXbYc") && !check("a*b*c", "aXbY"));
        assert!(check("[", "["));
    }

    #[test]
    fn files_are_found_by_pattern_in_order() {
        let folder = std::env::temp_dir().join(format!("torwart-glob-{}", std::process::id()));
        fs::create_dir_all(folder.join("sub")).expect("a folder");
        for name in ["b.conf", "a.conf", ".hidden.conf", "sub/c.conf"] {
            fs::write(folder.join(name), "x").expect("a file");
        }
        let found = Disk.glob(&format!("{}/*.conf", folder.display()));
        assert_eq!(found, [folder.join("a.conf"), folder.join("b.conf")]);
        assert_eq!(Disk.glob(&format!("{}/s*/*.conf", folder.display())), [folder.join("sub/c.conf")]);
        assert!(Disk.glob(&format!("{}/none/*.conf", folder.display())).is_empty());
        let _ = fs::remove_dir_all(&folder);
    }
}
