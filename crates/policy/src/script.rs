//! Scripts: where their name ends in a path, and what they are told in their environment (RFC 3875 §4.1).
//!
//! The name of a script is cut at the first ending the plan knows, by text alone; there is no search for a shorter path
//! that happens to exist. What a client sends becomes a variable only where its name cannot be mistaken for another.

use std::{io::Write, net::SocketAddr, sync::Arc};

/// Cuts a decoded path behind the first name that ends in one of the suffixes: the script, and what follows it.
pub fn split<'p>(path: &'p [u8], suffixes: &[Arc<str>]) -> Option<(&'p [u8], &'p [u8])> {
    let mut end = 0;
    for segment in path.split(|byte| *byte == b'/') {
        end += segment.len();
        let is_script = suffixes
            .iter()
            .any(|suffix| segment.len() > suffix.len() && segment.ends_with(suffix.as_bytes()));
        if is_script {
            return path.split_at_checked(end);
        }
        end += 1;
    }
    None
}

/// The script for a path where no files are looked at: the one it names, the index of a folder, or the front script.
pub fn without_files<'p>(
    path: &'p [u8],
    suffixes: &[Arc<str>],
    index: &str,
    front: Option<&str>,
) -> Option<(Vec<u8>, &'p [u8])> {
    if let Some((name, info)) = split(path, suffixes) {
        return Some((name.to_vec(), info));
    }
    match front {
        Some(front) => Some((front.as_bytes().to_vec(), &[])),
        None if path.ends_with(b"/") => Some(([path, index.as_bytes()].concat(), &[])),
        None => None,
    }
}

/// What a script is told beyond the fields of its request.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// The document root as the application sees it.
    pub root: &'f [u8],
    /// The script's path.
    pub name: &'f [u8],
    /// What follows it in the path.
    pub info: &'f [u8],
    /// The method.
    pub method: &'f [u8],
    /// The target as the client wrote it.
    pub target: &'f [u8],
    /// The query, without its question mark.
    pub query: &'f [u8],
    /// `HTTP/1.1`.
    pub protocol: &'f [u8],
    /// The host, without port.
    pub host: &'f [u8],
    /// Whether the client speaks TLS.
    pub is_tls: bool,
    /// Where the client is.
    pub client: Option<SocketAddr>,
    /// The port the client came to.
    pub port: u16,
    /// The length of the body, where there is one.
    pub length: Option<u64>,
}

/// Tells `push` every variable but those of the request's fields.
pub fn environment(facts: &Facts<'_>, mut push: impl FnMut(&[u8], &[u8])) {
    push(b"GATEWAY_INTERFACE", b"CGI/1.1");
    push(b"SERVER_SOFTWARE", b"torwart");
    push(b"SERVER_PROTOCOL", facts.protocol);
    push(b"REQUEST_METHOD", facts.method);
    push(b"REQUEST_URI", facts.target);
    push(b"QUERY_STRING", facts.query);
    push(b"DOCUMENT_ROOT", facts.root);
    push(b"DOCUMENT_URI", &[facts.name, facts.info].concat());
    push(b"SCRIPT_NAME", facts.name);
    push(b"SCRIPT_FILENAME", &[facts.root, facts.name].concat());
    if !facts.info.is_empty() {
        push(b"PATH_INFO", facts.info);
        push(b"PATH_TRANSLATED", &[facts.root, facts.info].concat());
    }
    push(b"REQUEST_SCHEME", if facts.is_tls { b"https" } else { b"http" });
    if facts.is_tls {
        push(b"HTTPS", b"on");
    }
    push(b"SERVER_NAME", facts.host);
    let mut number = Vec::with_capacity(40);
    let mut text = |write: &dyn Fn(&mut Vec<u8>)| {
        number.clear();
        write(&mut number);
        number.clone()
    };
    // Writing into a vector cannot fail.
    push(b"SERVER_PORT", &text(&|out| drop(write!(out, "{}", facts.port))));
    if let Some(client) = facts.client {
        push(b"REMOTE_ADDR", &text(&|out| drop(write!(out, "{}", client.ip().to_canonical()))));
        push(b"REMOTE_PORT", &text(&|out| drop(write!(out, "{}", client.port()))));
    } else {
        push(b"REMOTE_ADDR", b"");
    }
    // PHP built with force-cgi-redirect asks for it.
    push(b"REDIRECT_STATUS", b"200");
    match facts.length {
        Some(length) => push(b"CONTENT_LENGTH", &text(&|out| drop(write!(out, "{length}")))),
        None => push(b"CONTENT_LENGTH", b""),
    }
}

/// The variable a field becomes, appended to `out`; `false` for those that become none.
///
/// `Proxy` would become the variable many libraries take for their proxy. Names with anything but letters, digits and
/// dashes could end up as the variable of another field.
pub fn variable_of(field: &[u8], out: &mut Vec<u8>) -> bool {
    let is_plain = field.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if !is_plain || field.eq_ignore_ascii_case(b"proxy") {
        return false;
    }
    if field.eq_ignore_ascii_case(b"content-type") {
        out.extend_from_slice(b"CONTENT_TYPE");
        return true;
    }
    out.extend_from_slice(b"HTTP_");
    out.extend(field.iter().map(|byte| if *byte == b'-' { b'_' } else { byte.to_ascii_uppercase() }));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<(&str, &str)>) {
        let suffixes = [Arc::from(".php")];
        let expected = expected.map(|(name, info)| (name.as_bytes(), info.as_bytes()));
        assert_eq!(split(path.as_bytes(), &suffixes), expected, "{path}");
    }

    #[test]
    fn the_first_ending_ends_the_script() {
        check("/index.php", Some(("/index.php", "")));
        check("/index.php/a/b.php", Some(("/index.php", "/a/b.php")));
        check("/a/b.php/", Some(("/a/b.php", "/")));
        check("/a.phpx", None);
        check("/a.php.jpg", None);
        check("/a.PHP", None);
        check("/.php", None);
        check("/x/.php/y", None);
        check("/", None);
    }

    #[test]
    fn without_files_the_front_script_gets_the_rest() {
        let suffixes = [Arc::from(".php")];
        let name = |path: &str, front| {
            without_files(path.as_bytes(), &suffixes, "index.php", front)
                .map(|(name, info)| format!("{} {}", name.escape_ascii(), info.escape_ascii()))
        };
        assert_eq!(name("/a/", None).as_deref(), Some("/a/index.php "));
        assert_eq!(name("/a", None), None);
        assert_eq!(name("/a", Some("/app.php")).as_deref(), Some("/app.php "));
        assert_eq!(name("/b.php/c", Some("/app.php")).as_deref(), Some("/b.php /c"));
    }

    fn told(length: Option<u64>, is_tls: bool) -> Vec<String> {
        let facts = Facts {
            root: b"/var/www",
            name: b"/index.php",
            info: b"/a",
            method: b"POST",
            target: b"/index.php/a?b=c",
            query: b"b=c",
            protocol: b"HTTP/1.1",
            host: b"shop.example",
            is_tls,
            client: Some(([192, 0, 2, 1], 1234).into()),
            port: 443,
            length,
        };
        let mut told = Vec::new();
        environment(&facts, |name, value| {
            told.push(format!("{}={}", name.escape_ascii(), value.escape_ascii()));
        });
        told
    }

    #[test]
    fn a_script_is_told_what_the_rfc_and_php_ask_for() {
        let told = told(Some(5), true);
        for expected in [
            "SCRIPT_FILENAME=/var/www/index.php",
            "SCRIPT_NAME=/index.php",
            "PATH_INFO=/a",
            "PATH_TRANSLATED=/var/www/a",
            "DOCUMENT_ROOT=/var/www",
            "REQUEST_URI=/index.php/a?b=c",
            "QUERY_STRING=b=c",
            "CONTENT_LENGTH=5",
            "HTTPS=on",
            "REMOTE_ADDR=192.0.2.1",
            "SERVER_PORT=443",
            "REDIRECT_STATUS=200",
        ] {
            assert!(told.iter().any(|said| said == expected), "{expected} in {told:?}");
        }
    }

    #[test]
    fn plain_clients_are_not_told_to_speak_tls() {
        assert!(!told(None, false).iter().any(|said| said.starts_with("HTTPS=")));
    }

    #[test]
    fn fields_whose_variable_could_be_mistaken_become_none() {
        let variable = |name: &str| {
            let mut out = Vec::new();
            variable_of(name.as_bytes(), &mut out).then(|| String::from_utf8_lossy(&out).into_owned())
        };
        assert_eq!(variable("X-Forwarded-For").as_deref(), Some("HTTP_X_FORWARDED_FOR"));
        assert_eq!(variable("content-type").as_deref(), Some("CONTENT_TYPE"));
        for name in ["Proxy", "pRoXy", "X_Forwarded_For", "x.y", "a b", "a!"] {
            assert_eq!(variable(name), None, "{name}");
        }
    }
}
