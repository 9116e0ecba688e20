//! Which gateway's words are read.

use std::fmt;

/// A gateway whose configuration files and log lines we can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Product {
    /// nginx and what is built on it (OpenResty, Tengine, Angie).
    Nginx,
    /// HAProxy.
    Haproxy,
    /// Apache httpd with mod_proxy.
    Apache,
    /// Caddy 2.
    Caddy,
    /// Traefik 2 and 3.
    Traefik,
}

impl Product {
    /// Every product, in the order in which they are shown.
    pub const ALL: [Product; 5] =
        [Product::Nginx, Product::Haproxy, Product::Apache, Product::Caddy, Product::Traefik];

    /// The name as the product's own people write it.
    pub fn name(self) -> &'static str {
        match self {
            Product::Nginx => "nginx",
            Product::Haproxy => "HAProxy",
            Product::Apache => "Apache",
            Product::Caddy => "Caddy",
            Product::Traefik => "Traefik",
        }
    }

    /// The name on a command line: lower case, no spaces.
    pub fn id(self) -> &'static str {
        match self {
            Product::Nginx => "nginx",
            Product::Haproxy => "haproxy",
            Product::Apache => "apache",
            Product::Caddy => "caddy",
            Product::Traefik => "traefik",
        }
    }

    /// The product with this id (`nginx`, `haproxy`, `apache`, `httpd`, `apache2`, `caddy`, `traefik`).
    pub fn by_id(id: &str) -> Option<Product> {
        let id = id.to_ascii_lowercase();
        match id.as_str() {
            "apache2" | "httpd" => Some(Product::Apache),
            "openresty" | "angie" | "tengine" => Some(Product::Nginx),
            _ => Product::ALL.into_iter().find(|product| product.id() == id),
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
