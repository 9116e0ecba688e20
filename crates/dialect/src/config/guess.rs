//! Whose configuration a file is, from its name and its first words.

use crate::Product;
use std::path::Path;

/// Whose configuration this is; nothing where neither name nor text tells.
pub fn guess_product(path: &Path, text: &str) -> Option<Product> {
    by_name(path).or_else(|| by_text(text))
}

fn by_name(path: &Path) -> Option<Product> {
    let shown = path.to_string_lossy().to_ascii_lowercase();
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    if name.ends_with("caddyfile") || name == "caddy.json" {
        return Some(Product::Caddy);
    }
    NAMES
        .iter()
        .find(|(part, _)| name.contains(part))
        .or_else(|| {
            let folder = shown.rsplit_once('/').map_or("", |(folder, _)| folder);
            NAMES.iter().find(|(part, _)| folder.contains(part))
        })
        .map(|(_, product)| *product)
}

/// Each line that only one product would write counts for it.
fn by_text(text: &str) -> Option<Product> {
    let mut votes = [0usize; Product::ALL.len()];
    for line in text.lines().take(LINES).map(str::trim_start).filter(|line| !line.starts_with('#')) {
        for (place, product) in Product::ALL.into_iter().enumerate() {
            let is_its_word = words(product).iter().any(|word| line.starts_with(word));
            if let Some(vote) = votes.get_mut(place).filter(|_| is_its_word) {
                *vote += 1;
            }
        }
    }
    let (place, most) = votes.iter().enumerate().max_by_key(|(_, votes)| **votes)?;
    (*most > 0).then(|| Product::ALL.get(place).copied()).flatten()
}

fn words(product: Product) -> &'static [&'static str] {
    match product {
        Product::Nginx => &[
            "server {",
            "location ",
            "proxy_pass ",
            "http {",
            "events {",
            "upstream ",
            "fastcgi_pass ",
            "worker_processes ",
            "server_name ",
            "uwsgi_pass ",
            "proxy_set_header ",
        ],
        Product::Haproxy => &[
            "frontend ",
            "backend ",
            "listen ",
            "defaults",
            "default_backend ",
            "use_backend ",
            "option http",
            "timeout connect",
            "timeout server",
            "timeout client",
            "mode http",
            "mode tcp",
        ],
        Product::Apache => &[
            "<VirtualHost",
            "ProxyPass",
            "<Location",
            "<Directory",
            "ServerName ",
            "DocumentRoot ",
            "LoadModule ",
            "<IfModule",
            "<Proxy",
            "Listen ",
            "IncludeOptional ",
        ],
        Product::Caddy => {
            &["reverse_proxy", "handle_path ", "php_fastcgi", "encode ", "file_server", "\"apps\""]
        }
        Product::Traefik => &[
            "entryPoints:",
            "[entryPoints",
            "providers:",
            "[providers",
            "routers:",
            "loadBalancer:",
            "[http.routers",
            "[http.services",
            "serversTransport:",
            "certificatesResolvers:",
        ],
    }
}

const NAMES: &[(&str, Product)] = &[
    ("nginx", Product::Nginx),
    ("openresty", Product::Nginx),
    ("haproxy", Product::Haproxy),
    ("apache", Product::Apache),
    ("httpd", Product::Apache),
    ("caddy", Product::Caddy),
    ("traefik", Product::Traefik),
];

/// Lines looked at.
const LINES: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: Option<Product>) {
        assert_eq!(guess_product(Path::new(path), text), expected, "{path}");
    }

    #[test]
    fn the_name_tells_first_and_the_words_second() {
        check("/etc/nginx/sites-enabled/shop", "", Some(Product::Nginx));
        check("/etc/apache2/sites-enabled/000-default.conf", "", Some(Product::Apache));
        check("/srv/Caddyfile", "", Some(Product::Caddy));
        check("shop.conf", "server {\n  location / { }\n}", Some(Product::Nginx));
        check("shop.conf", "<VirtualHost *:80>\nProxyPass / http://a/\n", Some(Product::Apache));
        check("shop.cfg", "defaults\n mode http\nfrontend a\n bind :80\n", Some(Product::Haproxy));
        check("shop.yml", "http:\n  routers:\n    a:\n", Some(Product::Traefik));
        check("shop", "nothing here", None);
    }
}
