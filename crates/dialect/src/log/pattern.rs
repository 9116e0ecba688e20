//! How the lines of an access log are built: text with variables in it, or a JSON object of variables.
//!
//! The patterns of nginx (`$request_time`) and Apache (`%D`) become one form whose variables carry nginx's names, so
//! that one function reads both. A pattern is matched from the left: a variable ends where the text behind it begins.

use super::json;

/// A pattern ready to be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    /// Where the line is a JSON object: the key of each variable.
    keys: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

/// The values of a line's variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Values(Vec<(String, String)>);

impl Values {
    /// The value, unless it is missing, empty or a dash.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !matches!(*value, "" | "-"))
    }

    /// The value as it stands, also where it is a dash.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }
}

impl Pattern {
    /// The pattern of an nginx `log_format` (its strings joined; a leading `escape=` is skipped).
    pub(super) fn of_nginx(text: &str) -> Self {
        let mut text = text.trim();
        while let Some(rest) = text.strip_prefix("escape=") {
            text = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
        }
        let mut parts = Parts::default();
        let mut rest = text;
        while let Some(place) = rest.find('$') {
            let (before, after) = rest.split_at(place);
            let after = after.get(1..).unwrap_or_default();
            parts.text(before);
            let (name, left) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some(found) => found,
                None => split_name(after),
            };
            if name.is_empty() {
                parts.text("$")
            } else {
                parts.variable(name)
            }
            rest = left;
        }
        parts.text(rest);
        parts.finish()
    }

    /// The pattern of an Apache `LogFormat`.
    pub(super) fn of_apache(text: &str) -> Self {
        let text = text.replace("\\\"", "\"").replace("\\t", "\t");
        let mut parts = Parts::default();
        let mut rest = text.as_str();
        while let Some(place) = rest.find('%') {
            let (before, after) = rest.split_at(place);
            parts.text(before);
            let (name, left) = split_directive(after.get(1..).unwrap_or_default());
            match name {
                Some(name) if name == "%" => parts.text("%"),
                // `%t` writes its own brackets.
                Some(name) if name == "time_local" => {
                    parts.text("[");
                    parts.variable("time_local");
                    parts.text("]");
                }
                Some(name) => parts.variable(&name),
                None => {}
            }
            rest = left;
        }
        parts.text(rest);
        parts.finish()
    }

    /// The values in a line; nothing if the line is not built so.
    pub(super) fn values(&self, line: &str) -> Option<Values> {
        if !self.keys.is_empty() {
            return self.json_values(line);
        }
        let mut values = Values::default();
        let mut rest = line;
        for (place, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Variable(name) => {
                    let (value, left) = match self.parts.get(place + 1) {
                        Some(Part::Text(text)) => split_at_text(rest, name, text)?,
                        _ => (rest, ""),
                    };
                    values.set(name, value);
                    rest = left;
                }
            }
        }
        Some(values)
    }

    fn json_values(&self, line: &str) -> Option<Values> {
        let object = json::object(line)?;
        let mut values = Values::default();
        for (key, name) in &self.keys {
            if let Some(value) = json::text(&object, key) {
                values.set(name, &value);
            }
        }
        (!values.0.is_empty()).then_some(values)
    }
}

/// Where a variable's value ends: before the text that follows it in the pattern.
fn split_at_text<'a>(rest: &'a str, name: &str, text: &str) -> Option<(&'a str, &'a str)> {
    let mut from = 0;
    loop {
        let end = from + rest.get(from..)?.find(text)?;
        let (value, left) = (rest.get(..end)?, rest.get(end..)?);
        if is_whole(value, left, name, text) {
            return Some((value, left));
        }
        from = end + text.chars().next().map_or(1, char::len_utf8);
    }
}

fn is_whole(value: &str, left: &str, name: &str, text: &str) -> bool {
    if text.starts_with('"') {
        // A quote that is escaped belongs to the value.
        return value.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 0;
    }
    if text.starts_with(' ') && name.starts_with("upstream_") {
        // A list: `a, b : c`. The blank behind a comma, and those round a colon, belong to it.
        return !value.ends_with([',', ':']) && !left.starts_with(" : ");
    }
    if text.starts_with(' ') && name == "time_local" {
        return value.contains(' ');
    }
    true
}

fn split_name(text: &str) -> (&str, &str) {
    let length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    text.split_at(length)
}

/// Splits what follows a `%` into the name we use for it and the rest.
fn split_directive(text: &str) -> (Option<String>, &str) {
    let modifiers = text
        .bytes()
        .take_while(|byte| matches!(byte, b'<' | b'>' | b'!' | b',') || byte.is_ascii_digit())
        .count();
    let mut rest = text.get(modifiers..).unwrap_or_default();
    let mut argument = None;
    if let Some((inner, after)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        argument = Some(inner);
        rest = after;
    }
    let length = if rest.starts_with('^') { 3 } else { rest.chars().next().map_or(0, char::len_utf8) };
    let (letter, rest) = (rest.get(..length).unwrap_or_default(), rest.get(length..).unwrap_or_default());
    (name_of(letter, argument), rest)
}

fn name_of(letter: &str, argument: Option<&str>) -> Option<String> {
    let name = match (letter, argument) {
        ("%", None) => "%",
        ("h" | "a", None) => "remote_addr",
        ("a", Some("c")) => "peer_addr",
        ("r", None) => "request",
        ("m", None) => "request_method",
        ("U", None) => "uri",
        ("q", None) => "args",
        ("H", None) => "server_protocol",
        ("s", None) => "status",
        ("b" | "B", None) => "body_bytes_sent",
        ("O", None) => "bytes_sent",
        ("t", None) => "time_local",
        ("D", None) | ("T", Some("us")) => "duration_us",
        ("T", Some("ms")) => "duration_ms",
        ("T", None | Some("s")) => "request_time",
        ("v" | "V", None) => "host",
        ("L", None) => "log_id",
        ("X", None) => "connection_status",
        ("^FB", None) => "first_byte_us",
        ("i", Some(header)) if header.eq_ignore_ascii_case("host") => "host",
        ("e", Some("UNIQUE_ID")) => "request_id",
        ("e", Some("BALANCER_WORKER_NAME")) => "upstream_addr",
        ("", None) => return None,
        (letter, argument) => return Some(format!("{letter}:{}", argument.unwrap_or_default())),
    };
    Some(name.to_owned())
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(before)) => before.push_str(text),
            _ => self.0.push(Part::Text(text.to_owned())),
        }
    }

    fn variable(&mut self, name: &str) {
        self.0.push(Part::Variable(name.to_owned()));
    }

    fn finish(self) -> Pattern {
        let is_json = matches!(self.0.first(), Some(Part::Text(text)) if text.trim_start().starts_with('{'));
        let keys = if is_json { self.keys() } else { Vec::new() };
        Pattern { parts: self.0, keys }
    }

    /// The key before each variable: in `{"status": "$status"` it is `status`.
    fn keys(&self) -> Vec<(String, String)> {
        let mut keys = Vec::new();
        for pair in self.0.windows(2) {
            if let [Part::Text(text), Part::Variable(name)] = pair {
                let text = text.trim_end().trim_end_matches('"').trim_end();
                let Some(text) = text.strip_suffix(':') else { continue };
                if let Some(key) = text.trim_end().strip_suffix('"').and_then(|text| text.rsplit('"').next())
                {
                    keys.push((key.to_owned(), name.clone()));
                }
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &Pattern, line: &str, expected: &[(&str, &str)]) {
        let values = pattern.values(line).expect("the line fits");
        for (name, value) in expected {
            assert_eq!(values.raw(name), Some(*value), "{name}");
        }
    }

    #[test]
    fn lists_of_upstreams_keep_their_blanks() {
        let pattern = Pattern::of_nginx("$upstream_addr $upstream_status $status end");
        check(
            &pattern,
            "10.0.0.1:80, 10.0.0.2:80 : unix:/run/a.sock 502, 502 : 200 200 end",
            &[
                ("upstream_addr", "10.0.0.1:80, 10.0.0.2:80 : unix:/run/a.sock"),
                ("upstream_status", "502, 502 : 200"),
                ("status", "200"),
            ],
        );
    }

    #[test]
    fn json_patterns_are_read_by_key() {
        let pattern = Pattern::of_nginx(
            r#"escape=json {"s":"$status", "t": $request_time, "nested":{"a":"$upstream_addr"}}"#,
        );
        let line = r#"{"s":"502", "t": 0.005, "nested":{"a":"10.0.0.1:80"}}"#;
        check(
            &pattern,
            line,
            &[("status", "502"), ("request_time", "0.005"), ("upstream_addr", "10.0.0.1:80")],
        );
    }

    #[test]
    fn apache_patterns_become_the_same_variables() {
        let pattern = Pattern::of_apache(r#"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" %D %{Host}i"#);
        let line =
            r#"10.0.0.9 - - [21/Nov/2026:16:05:12 +0000] "GET /\"a HTTP/1.1" 502 341 "-" 1021 shop.example"#;
        check(
            &pattern,
            line,
            &[
                ("remote_addr", "10.0.0.9"),
                ("time_local", "21/Nov/2026:16:05:12 +0000"),
                ("request", "GET /\\\"a HTTP/1.1"),
                ("status", "502"),
                ("duration_us", "1021"),
                ("host", "shop.example"),
            ],
        );
    }

    #[test]
    fn another_line_does_not_fit() {
        let pattern = Pattern::of_nginx("$remote_addr - $status");
        assert_eq!(pattern.values("nothing of the kind"), None);
        assert_eq!(pattern.values(""), None);
    }
}
