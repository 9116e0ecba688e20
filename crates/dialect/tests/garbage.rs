//! No text makes a reader panic or run for ever: arbitrary ones, and ordinary ones with pieces cut and doubled.

use proptest::prelude::*;
use std::io;
use std::path::{Path, PathBuf};
use torwart_dialect::Product;
use torwart_dialect::config::{Files, guess_product, read};

/// The same text under every name, so that includes find something.
struct Everywhere(String);

impl Files for Everywhere {
    fn read(&self, path: &Path) -> io::Result<String> {
        // A few names only: an include of itself under ever new names would read for very long.
        if path.as_os_str().len() > 40 {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        Ok(self.0.clone())
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        if pattern.ends_with("/*") { Vec::new() } else { vec![PathBuf::from(pattern.replace('*', "x"))] }
    }
}

fn survives(text: &str) {
    let _ = guess_product(Path::new("x"), text);
    for product in Product::ALL {
        let config = read(product, Path::new("/a"), &Everywhere(text.to_owned()));
        let _ = config.routes_for("shop.example.org", "/a/b.php");
        let _ = config.routes_at(443, "x", "");
        for note in &config.notes {
            let _ = note.what.facts();
        }
    }
}

/// Words and signs that mean something to one of the products.
fn fragment() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "server",
        "{",
        "}",
        ";",
        "\n",
        " ",
        "location",
        "/",
        "proxy_pass",
        "http://$a:80",
        "set $a",
        "$a$b",
        "upstream",
        "a",
        "include",
        "/b;",
        "\"",
        "'",
        "\\",
        "frontend f",
        "backend b",
        "use_backend b if",
        "default_backend b",
        "{ hdr(host)",
        "acl x path",
        "defaults",
        "from d",
        "bind :80",
        "server s [::1]:8",
        "timeout connect 9999999999h",
        "<VirtualHost *:80>",
        "</VirtualHost>",
        "ProxyPass / http://x/ timeout=",
        "Define a ${a}",
        "${",
        "RewriteRule ^ ",
        "<Location ~ ",
        ">",
        "[P]",
        "map $x $a",
        "~(",
        "listen 99999",
        "reverse_proxy",
        "handle",
        "import",
        "@m",
        "routers:",
        "  - ",
        ":",
        "[http",
        "ä",
        "\u{0}",
        "\r",
        "#",
        "unix:",
        "(",
        "ServerAlias *.*",
        "keepalive_timeout 1y9y",
    ]);
    proptest::collection::vec(word, 0..60).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn arbitrary_text_is_survived(text in "\\PC{0,300}") {
        survives(&text);
    }

    #[test]
    fn arbitrary_words_of_the_products_are_survived(text in fragment()) {
        survives(&text);
    }
}

#[test]
fn deep_nesting_is_survived() {
    survives(&"a {".repeat(50_000));
    survives(&"<a>\n".repeat(50_000));
    survives(&"(".repeat(50_000));
    survives(&"{ a: [".repeat(20_000));
}
