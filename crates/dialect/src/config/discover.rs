//! Which gateway runs on a host, and with which configuration, from what the host says of its processes and files.
//!
//! Pure: the caller gathers the processes and says which files exist. A running gateway names its configuration in its
//! words, or uses the one its packages are built with; where none runs, well-known files are offered.

use super::Entry;
use crate::Product;
use std::path::{Path, PathBuf};

/// A process as the host shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// That of its parent.
    pub parent: u32,
    /// The short name.
    pub name: String,
    /// The words it was started with, the program first.
    pub words: Vec<String>,
    /// The program's file, where it may be seen.
    pub program: Option<PathBuf>,
    /// The folder it was started in, where it may be seen.
    pub folder: Option<PathBuf>,
    /// What the process sees as `/` on this host, where that is another (a container's).
    pub root: Option<PathBuf>,
}

/// A gateway found on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where its configuration begins, as the gateway itself names it (inside `root`, if there is one).
    pub entry: Entry,
    /// The process that was started first; nothing where only a file was found.
    pub pid: Option<u32>,
    /// The folder that is its `/`, where it runs in a container.
    pub root: Option<PathBuf>,
    /// The entry was named at the start, not taken because it is usual.
    pub is_named: bool,
}

/// The gateways that run, each once; where none does, those whose usual files exist.
///
/// `exists` is asked with a path on this host.
pub fn discover(processes: &[Process], exists: &dyn Fn(&Path) -> bool) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for process in processes {
        let Some(product) = product(process) else { continue };
        let is_child = processes
            .iter()
            .any(|other| other.pid == process.parent && self::product(other) == Some(product));
        if is_child {
            continue;
        }
        let gateway = running(product, process, exists);
        if !found.iter().any(|known| known.entry == gateway.entry && known.root == gateway.root) {
            found.push(gateway);
        }
    }
    if found.is_empty() {
        for product in Product::ALL {
            let usual = USUAL.iter().filter(|(own, _)| *own == product).map(|(_, path)| Path::new(path));
            let first = usual.into_iter().find(|path| exists(path));
            found.extend(first.map(|path| Found {
                entry: Entry::new(product, path),
                pid: None,
                root: None,
                is_named: false,
            }));
        }
    }
    found
}

/// Which gateway a process is.
fn product(process: &Process) -> Option<Product> {
    let program = process.program.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy());
    let first = process.words.first().map(|word| word.rsplit('/').next().unwrap_or(word).to_owned());
    // nginx writes over its words: `nginx: master process /usr/sbin/nginx -g daemon on;`.
    let title = first.as_deref().and_then(|word| word.split([':', ' ']).next());
    let names = [program.as_deref(), Some(process.name.as_str()), title];
    names.into_iter().flatten().find_map(|name| {
        let name = name.trim_end_matches(" (deleted)").trim_end_matches(".exe");
        match name {
            "nginx" | "openresty" | "angie" | "tengine" => Some(Product::Nginx),
            "haproxy" => Some(Product::Haproxy),
            "apache2" | "httpd" => Some(Product::Apache),
            "caddy" => Some(Product::Caddy),
            "traefik" => Some(Product::Traefik),
            _ => None,
        }
    })
}

fn running(product: Product, process: &Process, exists: &dyn Fn(&Path) -> bool) -> Found {
    let words = words(process);
    let root = process.root.clone().filter(|root| root != Path::new("/"));
    let inside = |path: &Path| match &root {
        Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
        None => path.to_path_buf(),
    };
    let mut entry = Entry::new(product, Path::new(""));
    entry.files = match product {
        Product::Haproxy => haproxy_files(&words),
        _ => switches(product).iter().filter_map(|switch| value(&words, switch)).take(1).collect(),
    };
    match product {
        Product::Nginx => entry.root = value(&words, "-p"),
        Product::Apache => {
            entry.root = value(&words, "-d");
            entry.defines =
                values(&words, "-D").into_iter().map(|path| path.to_string_lossy().into_owned()).collect();
        }
        Product::Haproxy | Product::Caddy | Product::Traefik => {}
    }
    let is_named = !entry.files.is_empty();
    let base = entry.root.clone().or_else(|| process.folder.clone());
    if let Some(base) = base {
        entry.files.iter_mut().for_each(|file| *file = base.join(&*file));
    }
    if !is_named {
        let prefixed = entry.root.as_ref().and_then(|root| in_root(product, root));
        let usual: Vec<&Path> =
            USUAL.iter().filter(|(own, _)| *own == product).map(|(_, path)| Path::new(path)).collect();
        let there = usual.iter().find(|path| exists(&inside(path))).or(usual.first());
        entry.files.extend(prefixed.or_else(|| there.map(|path| path.to_path_buf())));
    }
    Found { entry, pid: Some(process.pid), root, is_named }
}

/// The words behind the program; nginx keeps all of them in the first.
fn words(process: &Process) -> Vec<String> {
    match process.words.first() {
        Some(title) if title.starts_with("nginx: ") => {
            title.split_whitespace().skip(4).map(str::to_owned).collect()
        }
        _ => process.words.iter().skip(1).cloned().collect(),
    }
}

/// How each product is told its file, the strongest first.
fn switches(product: Product) -> &'static [&'static str] {
    match product {
        Product::Nginx => &["-c"],
        Product::Haproxy | Product::Apache => &["-f"],
        Product::Caddy => &["--config", "-config", "-c"],
        Product::Traefik => &["--configfile", "--configFile", "-configfile"],
    }
}

fn value(words: &[String], switch: &str) -> Option<PathBuf> {
    values(words, switch).into_iter().next_back()
}

/// `-c file`, `-cfile` for short ones, `--config=file`.
fn values(words: &[String], switch: &str) -> Vec<PathBuf> {
    let is_short = switch.len() == 2;
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let Some(rest) = word.strip_prefix(switch) else { continue };
        let value = match rest {
            "" => words.get(place + 1).map(String::as_str),
            _ if is_short => Some(rest),
            _ => rest.strip_prefix('='),
        };
        found.extend(value.filter(|value| !value.is_empty()).map(PathBuf::from));
    }
    found
}

/// HAProxy takes several files behind each `-f`, and all that follow `--`.
fn haproxy_files(words: &[String]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-f" => files.extend(words.next_if(|next| !next.starts_with('-')).map(PathBuf::from)),
            "--" => files.extend(words.by_ref().map(PathBuf::from)),
            _ => files.extend(
                word.strip_prefix("-f").filter(|rest| rest.starts_with(['/', '.'])).map(PathBuf::from),
            ),
        }
    }
    files
}

fn in_root(product: Product, root: &Path) -> Option<PathBuf> {
    match product {
        Product::Nginx => Some(root.join("conf/nginx.conf")),
        Product::Apache if root.ends_with("apache2") => Some(root.join("apache2.conf")),
        Product::Apache => Some(root.join("conf/httpd.conf")),
        Product::Haproxy | Product::Caddy | Product::Traefik => None,
    }
}

/// Where packages and images have their configuration, the most usual first.
const USUAL: &[(Product, &str)] = &[
    (Product::Nginx, "/etc/nginx/nginx.conf"),
    (Product::Nginx, "/usr/local/openresty/nginx/conf/nginx.conf"),
    (Product::Nginx, "/usr/local/nginx/conf/nginx.conf"),
    (Product::Nginx, "/usr/local/etc/nginx/nginx.conf"),
    (Product::Nginx, "/opt/homebrew/etc/nginx/nginx.conf"),
    (Product::Haproxy, "/etc/haproxy/haproxy.cfg"),
    (Product::Haproxy, "/usr/local/etc/haproxy/haproxy.cfg"),
    (Product::Apache, "/etc/apache2/apache2.conf"),
    (Product::Apache, "/etc/httpd/conf/httpd.conf"),
    (Product::Apache, "/etc/apache2/httpd.conf"),
    (Product::Apache, "/usr/local/apache2/conf/httpd.conf"),
    (Product::Caddy, "/etc/caddy/Caddyfile"),
    (Product::Caddy, "/var/lib/caddy/.config/caddy/autosave.json"),
    (Product::Traefik, "/etc/traefik/traefik.yml"),
    (Product::Traefik, "/etc/traefik/traefik.yaml"),
    (Product::Traefik, "/etc/traefik/traefik.toml"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, parent: u32, name: &str, words: &[&str]) -> Process {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Process { pid, parent, name: name.to_owned(), words, ..Process::default() }
    }

    fn check(processes: &[Process], present: &[&str], expected: &str) {
        let found = discover(processes, &|path| present.iter().any(|known| Path::new(known) == path));
        let shown: Vec<String> = found
            .iter()
            .map(|one| {
                let files: Vec<_> = one.entry.files.iter().map(|file| file.display().to_string()).collect();
                let root =
                    one.root.as_ref().map(|root| format!(" in {}", root.display())).unwrap_or_default();
                format!(
                    "{}{} {}{root}",
                    one.entry.product.id(),
                    if one.is_named { "!" } else { "" },
                    files.join("+")
                )
            })
            .collect();
        assert_eq!(shown.join(", "), expected);
    }

    #[test]
    fn a_running_gateway_names_its_file_or_uses_the_usual_one() {
        let master = process(
            1,
            0,
            "nginx",
            &["nginx: master process /usr/sbin/nginx -g daemon on; master_process on;"],
        );
        let worker = process(2, 1, "nginx", &["nginx: worker process"]);
        check(&[master, worker], &[], "nginx /etc/nginx/nginx.conf");
        let own = process(1, 0, "nginx", &["nginx: master process nginx -p /srv/n -c conf/my.conf"]);
        check(&[own], &[], "nginx! /srv/n/conf/my.conf");
        let words = [
            "/usr/sbin/haproxy",
            "-Ws",
            "-f",
            "/etc/haproxy/haproxy.cfg",
            "-f",
            "/etc/haproxy/conf.d",
            "-p",
            "/x",
        ];
        check(
            &[process(1, 0, "haproxy", &words)],
            &[],
            "haproxy! /etc/haproxy/haproxy.cfg+/etc/haproxy/conf.d",
        );
        check(
            &[process(1, 0, "apache2", &["/usr/sbin/apache2", "-k", "start"])],
            &[],
            "apache /etc/apache2/apache2.conf",
        );
        check(
            &[process(1, 0, "httpd", &["/usr/sbin/httpd", "-DFOREGROUND"])],
            &["/etc/httpd/conf/httpd.conf"],
            "apache /etc/httpd/conf/httpd.conf",
        );
        let caddy = process(
            1,
            0,
            "caddy",
            &["/usr/bin/caddy", "run", "--environ", "--config", "/etc/caddy/Caddyfile"],
        );
        let traefik = process(2, 0, "traefik", &["traefik", "--configFile=/srv/traefik.yml"]);
        check(&[caddy, traefik], &[], "caddy! /etc/caddy/Caddyfile, traefik! /srv/traefik.yml");
    }

    #[test]
    fn a_gateway_in_a_container_keeps_its_own_root() {
        let inside = Process {
            root: Some(PathBuf::from("/proc/7/root")),
            ..process(7, 1, "haproxy", &["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"])
        };
        check(&[inside], &[], "haproxy! /usr/local/etc/haproxy/haproxy.cfg in /proc/7/root");
    }

    #[test]
    fn without_a_process_the_usual_files_are_offered() {
        check(&[process(1, 0, "bash", &["bash"])], &["/etc/caddy/Caddyfile"], "caddy /etc/caddy/Caddyfile");
        check(&[], &[], "");
    }

    #[test]
    fn switches_of_apache_are_kept() {
        let words = ["/usr/sbin/httpd", "-D", "FOREGROUND", "-DSSL", "-d", "/srv/httpd"];
        let found = discover(&[process(1, 0, "httpd", &words)], &|_| false);
        assert_eq!(
            found.first().map(|one| one.entry.defines.clone()),
            Some(vec!["FOREGROUND".into(), "SSL".into()])
        );
        assert_eq!(
            found.first().map(|one| one.entry.file().to_path_buf()),
            Some("/srv/httpd/conf/httpd.conf".into())
        );
    }
}
