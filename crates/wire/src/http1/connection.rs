//! `Connection`: what it says about the connection, and the fields it names as meant for this connection only.

use crate::fields::list::tokens;
use crate::{Head, Known, Version};
use torwart_cause::{Ending, Limit};

/// What the `Connection` fields say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Connection {
    closes: bool,
    keeps_alive: bool,
    pub(super) upgrades: bool,
}

impl Connection {
    /// Whether the connection persists after this message (RFC 9112 §9.3).
    pub(super) fn persists(self, version: Version) -> bool {
        !self.closes && (version == Version::Http11 || self.keeps_alive)
    }
}

/// Reads the `Connection` fields and marks what they name. Fields meant for every recipient cannot be named there.
pub(super) fn read(head: &mut Head) -> Result<Connection, Ending> {
    let mut connection = Connection::default();
    if !head.has(Known::Connection) {
        return Ok(connection);
    }
    let Head { buffer, lines, .. } = head;
    let mut options = 0;
    for i in 0..lines.len() {
        let Some(line) = lines.get(i).filter(|line| line.known == Known::Connection) else { continue };
        let value = buffer.slice(line.value.start as usize, line.value.end as usize);
        if value.eq_ignore_ascii_case(b"keep-alive") {
            connection.keeps_alive = true;
            continue;
        }
        for option in tokens(value) {
            options += 1;
            if options > MOST_OPTIONS {
                return Err(Ending::TooLarge(Limit::FieldCount));
            }
            if option.eq_ignore_ascii_case(b"close") {
                connection.closes = true;
            } else if option.eq_ignore_ascii_case(b"keep-alive") {
                connection.keeps_alive = true;
            } else if option.eq_ignore_ascii_case(b"upgrade") {
                connection.upgrades = true;
            } else {
                let named = lines.iter_mut().filter(|line| line.known.may_be_named_in_connection());
                for line in named {
                    let name = buffer.slice(line.name.start as usize, line.name.end as usize);
                    line.is_hop_by_hop |= name.eq_ignore_ascii_case(option);
                }
            }
        }
    }
    Ok(connection)
}

/// Every option is compared with every field, so there must be an end; nobody honest names more than a handful.
const MOST_OPTIONS: usize = 100;
