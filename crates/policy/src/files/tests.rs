//! Which file is found, and which never is.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use proptest::prelude::*;
use torwart_config::plan::{Compression, Files, Try, TryPiece};

use super::{Asked, Found, Kind, decoded, find, neighbours};
use crate::path::normalise;

fn files(tries: &[(&str, Option<&str>)]) -> Files {
    let pieces = |text: &str| {
        let mut pieces = Vec::new();
        for (index, part) in text.split("{path}").enumerate() {
            if index > 0 {
                pieces.push(TryPiece::Path);
            }
            if !part.is_empty() {
                pieces.push(TryPiece::Literal(part.into()));
            }
        }
        pieces
    };
    let tries = tries.iter().map(|(path, query)| Try {
        path: pieces(path),
        query: query.map(pieces),
        is_folder: path.ends_with('/'),
    });
    Files {
        root: "/var/www".into(),
        index: vec!["index.php".into(), "index.html".into()],
        tries: tries.collect(),
        precompressed: vec![Compression::Brotli, Compression::Gzip],
        cache_control: None,
        hidden: false,
    }
}

/// A shop: WordPress with some files.
fn look(path: &[u8]) -> Kind {
    let known = BTreeMap::from([
        ("/", Kind::Folder),
        ("/index.php", Kind::File),
        ("/wp-admin", Kind::Folder),
        ("/wp-admin/", Kind::Folder),
        ("/wp-admin/index.php", Kind::File),
        ("/style.css", Kind::File),
        ("/uploads/x.jpg", Kind::File),
        ("/docs/", Kind::Folder),
        ("/docs/index.html", Kind::File),
        ("/a b.txt", Kind::File),
        ("/.env", Kind::File),
        ("/.well-known/acme", Kind::File),
        ("/backup.php~", Kind::File),
        ("/info.php", Kind::File),
        ("/info.PHP", Kind::File),
        ("/old.php.bak", Kind::File),
    ]);
    known.get(&*String::from_utf8_lossy(path)).copied().unwrap_or(Kind::Missing)
}

fn found(files: &Files, path: &str, suffixes: Option<&[Arc<str>]>) -> String {
    let mut scratch = Vec::new();
    let Ok(normal) = normalise(path.as_bytes(), &mut scratch) else { return "refused".to_owned() };
    let asked = Asked { path: normal, query: b"a=1", suffixes };
    match find(files, asked, |path| Ok::<_, Infallible>(look(path))) {
        Ok(Found::Missing) => "missing".to_owned(),
        Ok(Found::Folder) => "folder".to_owned(),
        Ok(Found::File(path)) => String::from_utf8_lossy(&path).into_owned(),
        Ok(Found::Script { name, info, query }) => format!(
            "run {} + {} ? {}",
            name.escape_ascii(),
            info.escape_ascii(),
            query.map_or("same".to_owned(), |query| query.escape_ascii().to_string())
        ),
    }
}

const SHOP: &[(&str, Option<&str>)] = &[("{path}", None), ("{path}/", None), ("/index.php", None)];

#[test]
fn a_shop_is_served_file_by_file_and_the_rest_is_its_front_script() {
    let suffixes = [Arc::from(".php")];
    let check =
        |path, expected: &str| assert_eq!(found(&files(SHOP), path, Some(&suffixes)), expected, "{path}");
    check("/", "run /index.php +  ? same");
    check("/style.css", "/style.css");
    check("/a%20b.txt", "/a b.txt");
    check("/wp-admin", "folder");
    check("/wp-admin/", "run /wp-admin/index.php +  ? same");
    check("/docs/", "/docs/index.html");
    check("/2024/hello-world/", "run /index.php +  ? same");
    check("/index.php/a/b", "run /index.php + /a/b ? same");
    check("/.well-known/acme", "/.well-known/acme");
    // Neither an upload with a script's ending behind it nor source text is what it pretends to be.
    check("/uploads/x.jpg/evil.php", "run /index.php +  ? same");
    check("/uploads/x.jpg/.php", "missing");
    // An application may understand what no file is called.
    check("/wp-json/themes%2Fshop", "run /index.php +  ? same");
    check("/a%5Cb", "run /index.php +  ? same");
    check("/backup.php~", "run /index.php +  ? same");
    check("/old.php.bak", "run /index.php +  ? same");
    check("/.env", "missing");
}

#[test]
fn without_scripts_no_source_is_sent() {
    let files = files(&[("{path}", None), ("{path}/", None)]);
    for path in
        ["/info.php", "/info.PHP", "/backup.php~", "/old.php.bak", "/info.php/x", "/.env", "/wp-admin/"]
    {
        assert_eq!(found(&files, path, None), "missing", "{path}");
    }
    assert_eq!(found(&files, "/docs/", None), "/docs/index.html");
    assert_eq!(found(&files, "/style.css/", None), "missing");
}

#[test]
fn a_front_script_may_have_a_query_of_its_own() {
    let suffixes = [Arc::from(".php")];
    let files = files(&[("{path}", None), ("/index.php", Some("q={path}"))]);
    assert_eq!(found(&files, "/a%20c", Some(&suffixes)), "run /index.php +  ? q=/a%20c");
    assert_eq!(found(&files, "/", Some(&suffixes)), "run /index.php +  ? q=/");
}

#[test]
fn compressed_neighbours_are_those_the_client_takes() {
    let files = files(SHOP);
    let check = |accept: &str, expected: &[&str]| {
        let paths = neighbours(&files, b"/a.css", std::iter::once(accept.as_bytes()))
            .map(|(_, path)| String::from_utf8_lossy(&path).into_owned())
            .collect::<Vec<_>>();
        assert_eq!(paths, expected, "{accept}");
    };
    check("gzip, deflate, br, zstd", &["/a.css.br", "/a.css.gz"]);
    check("br;q=0, GZIP;q=0.5", &["/a.css.gz"]);
    check("br; q=0.000, gzip;q=1", &["/a.css.gz"]);
    check("*", &[]);
    check("", &[]);
}

#[test]
fn no_way_of_writing_it_leads_out_of_the_folder_or_to_what_is_hidden() {
    let dots = [
        "..",
        "%2e%2e",
        ".%2e",
        "%2E.",
        "..;",
        "..%00",
        "%252e%252e",
        "..%c0%af",
        ".\u{2024}.",
        "..%5c",
        "..\\",
    ];
    let slashes = ["/", "//", "%2f", "%2F", "\\", "%5c", "%5C", "/./", ";/", "%252f", "%c0%af"];
    let targets = ["etc/passwd", "etc%2fpasswd", ".env", ".git/config", "%2eenv", "proc/self/environ"];
    let mut count = 0;
    for dot in dots {
        for slash in slashes {
            for target in targets {
                for depth in [1, 3] {
                    for prefix in ["/", "/docs/", "/docs"] {
                        let path = format!("{prefix}{}{target}", format!("{dot}{slash}").repeat(depth));
                        let mut scratch = Vec::new();
                        let Ok(normal) = normalise(path.as_bytes(), &mut scratch) else { continue };
                        count += 1;
                        let Ok(decoded) = decoded(normal, false) else { continue };
                        assert!(decoded.starts_with(b"/"), "{path}");
                        let segments = || decoded.split(|byte| *byte == b'/');
                        assert!(segments().all(|it| !it.starts_with(b".") || it == b".well-known"), "{path}");
                        assert!(
                            !decoded.iter().any(|byte| byte.is_ascii_control() || *byte == b'\\'),
                            "{path}"
                        );
                    }
                }
            }
        }
    }
    assert!(count > 300, "only {count} got past the first gate");
}

proptest! {
    #[test]
    fn what_is_decoded_stays_below(path in "/(/|\\.|%2[eEfF]|%5c|%2e|%00|%25|a|;|\\\\|b|\\.env){0,24}", hidden: bool) {
        let mut scratch = Vec::new();
        if let Some(path) = normalise(path.as_bytes(), &mut scratch).ok().and_then(|path| decoded(path, hidden).ok()) {
            prop_assert!(path.split(|byte| *byte == b'/').all(|segment| segment != b"." && segment != b".."));
            prop_assert!(!path.windows(2).any(|pair| pair == b"//"));
        }
        // Without the first gate either.
        if let Ok(path) = decoded(path.as_bytes(), hidden) {
            prop_assert!(path.split(|byte| *byte == b'/').all(|segment| segment != b"." && segment != b".."));
        }
    }

    #[test]
    fn any_bytes_are_survived(path in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = decoded(&path, true);
        let _ = find(&files(SHOP), Asked { path: &path, query: &[], suffixes: None }, |_| Ok::<_, ()>(Kind::File));
    }
}
