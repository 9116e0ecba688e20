//! Which file of a folder answers a request, if one does.
//!
//! Paths are looked at in their normal form, decoded, and refused where two programs could read them differently. What
//! is there is asked of the caller, who opens files beneath the folder only; nothing here touches the disk.

pub mod conditional;
pub mod content_type;
pub mod http_date;
pub mod range;

use std::sync::Arc;

use torwart_config::plan::{Compression, Files, Try, TryPiece};

use crate::{compress, script};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file that can be read.
    File,
    /// A folder.
    Folder,
    /// Nothing, or nothing that may be served.
    Missing,
}

/// What answers the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The file at this path, which was asked about last.
    File(Vec<u8>),
    /// A script.
    Script {
        /// Its path, decoded.
        name: Vec<u8>,
        /// What follows it in the path.
        info: Vec<u8>,
        /// The query it is asked with, where the plan gives another than the client's.
        query: Option<Vec<u8>>,
    },
    /// A folder whose path lacks its slash.
    Folder,
    /// Nothing.
    Missing,
}

/// The request as far as files are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    /// The path in its normal form, not decoded.
    pub path: &'r [u8],
    /// The query, without its question mark.
    pub query: &'r [u8],
    /// What the names of scripts end in, where there are scripts.
    pub suffixes: Option<&'r [Arc<str>]>,
}

/// Looks for what answers the request; `look` says what stands at a path, which begins with a slash.
///
/// # Errors
/// What `look` fails with.
pub fn find<E>(
    files: &Files,
    asked: Asked<'_>,
    mut look: impl FnMut(&[u8]) -> Result<Kind, E>,
) -> Result<Found, E> {
    let path = match decoded(asked.path, files.hidden) {
        Ok(path) => Some(path),
        // What stands for everything else stands for this too.
        Err(Unserved::Unclear) => None,
        Err(Unserved::Hidden) => return Ok(Found::Missing),
    };
    for attempt in &files.tries {
        let Some(target) = target(attempt, path.as_deref()) else { continue };
        let query = || attempt.query.as_ref().map(|pieces| query(pieces, &asked));
        if let Some(suffixes) = asked.suffixes
            && let Some((name, info)) = script::split(&target, suffixes)
        {
            if look(name)? == Kind::File {
                return Ok(Found::Script { name: name.to_vec(), info: info.to_vec(), query: query() });
            }
            continue;
        }
        if is_source(&target) {
            continue;
        }
        match (look(&target)?, attempt.is_folder) {
            (Kind::File, false) if !target.ends_with(b"/") => return Ok(Found::File(target)),
            (Kind::Folder, true) => {
                if path.as_deref().is_some_and(|path| is_open(attempt, path)) {
                    return Ok(Found::Folder);
                }
                if let Some(found) = index(files, &target, &asked, query(), &mut look)? {
                    return Ok(found);
                }
            }
            _ => {}
        }
    }
    Ok(Found::Missing)
}

/// The paths of a file's compressed neighbours that the client takes, in the plan's order.
pub fn neighbours<'f>(
    files: &'f Files,
    path: &'f [u8],
    accepted: impl Iterator<Item = &'f [u8]> + Clone + 'f,
) -> impl Iterator<Item = (Compression, Vec<u8>)> + 'f {
    let wanted = files.precompressed.iter().filter(move |it| accepts(accepted.clone(), it.coding()));
    wanted.map(move |compression| (*compression, [path, compression.suffix().as_bytes()].concat()))
}

/// Whether `Accept-Encoding` takes a coding.
fn accepts<'f>(fields: impl Iterator<Item = &'f [u8]>, coding: &str) -> bool {
    compress::quality(fields, coding).is_some_and(|quality| quality > 0)
}

/// Why no file is served under a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// It leads to a hidden name.
    Hidden,
    /// It is no path of a file, though it may mean something to an application.
    Unclear,
}

/// The path with its escapes decoded.
///
/// # Errors
/// A path that no file is served under.
pub fn decoded(normal: &[u8], hidden: bool) -> Result<Vec<u8>, Unserved> {
    let mut path = Vec::with_capacity(normal.len());
    let mut rest = normal;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
                match (digit(high), digit(low)) {
                    // An encoded slash is none to some servers and one to others.
                    (Some(2), Some(0xf)) | (None, _) | (_, None) => return Err(Unserved::Unclear),
                    (Some(high), Some(low)) => high << 4 | low,
                }
            }
            (b'%', _) => return Err(Unserved::Unclear),
            (byte, _) => *byte,
        };
        if byte.is_ascii_control() || byte == b'\\' {
            return Err(Unserved::Unclear);
        }
        path.push(byte);
    }
    let mut segments =
        path.strip_prefix(b"/").ok_or(Unserved::Unclear)?.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let is_dots = segment == b"." || segment == b"..";
        let is_gap = segment.is_empty() && segments.peek().is_some();
        if is_dots || is_gap || segment.len() > LONGEST_NAME {
            return Err(Unserved::Unclear);
        }
        if segment.starts_with(b".") && !hidden && segment != b".well-known" {
            return Err(Unserved::Hidden);
        }
    }
    Ok(path)
}

/// The path to look at; `None` where it takes the request's path and that is none of a file.
fn target(attempt: &Try, path: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut target: Vec<u8> = Vec::with_capacity(path.map_or(0, <[u8]>::len) + 16);
    for piece in &attempt.path {
        let mut piece: &[u8] = match piece {
            TryPiece::Literal(text) => text.as_bytes(),
            TryPiece::Path => path?,
            TryPiece::Query => &[],
        };
        if target.ends_with(b"/") {
            piece = piece.strip_prefix(b"/").unwrap_or(piece);
        }
        target.extend_from_slice(piece);
    }
    Some(target)
}

fn query(pieces: &[TryPiece], asked: &Asked<'_>) -> Vec<u8> {
    let parts = pieces.iter().map(|piece| match piece {
        TryPiece::Literal(text) => text.as_bytes(),
        TryPiece::Path => asked.path,
        TryPiece::Query => asked.query,
    });
    parts.collect::<Vec<_>>().concat()
}

/// Whether it is the request's own path that lacks the slash of a folder.
fn is_open(attempt: &Try, path: &[u8]) -> bool {
    attempt.path.first() == Some(&TryPiece::Path) && attempt.path.len() == 2 && !path.ends_with(b"/")
}

/// What stands for a folder.
fn index<E>(
    files: &Files,
    folder: &[u8],
    asked: &Asked<'_>,
    query: Option<Vec<u8>>,
    look: &mut impl FnMut(&[u8]) -> Result<Kind, E>,
) -> Result<Option<Found>, E> {
    for name in &files.index {
        let target = [folder, name.as_bytes()].concat();
        let is_script = asked.suffixes.is_some_and(|suffixes| script::split(&target, suffixes).is_some());
        if (!is_script && is_source(&target)) || look(&target)? != Kind::File {
            continue;
        }
        return Ok(Some(if is_script {
            Found::Script { name: target, info: Vec::new(), query }
        } else {
            Found::File(target)
        }));
    }
    Ok(None)
}

/// Source text of scripts and what editors leave behind: it is run or it is a secret, and never sent.
fn is_source(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let mut parts = lower.split(|byte| *byte == b'.').skip(1);
    lower.ends_with(b"~") || parts.any(|part| part.starts_with(b"php") || part == b"phtml")
}

/// The longest name of a file on the file systems in use.
const LONGEST_NAME: usize = 255;

#[cfg(test)]
mod tests;
