//! Which version of the gateway runs, as far as it tells: defaults differ between versions.
//!
//! On the gateway's own host its program is asked (`nginx -v`), but only the very file that runs or one from the usual
//! folders, and only one that nobody but root or this user can have put there: the doctor may run as root. Elsewhere the
//! `Server` field of its answer may tell. What is not known stays unknown.

use crate::Case;
use crate::observe::answer::ask;
use crate::observe::exchange::{Tls, Way};
use crate::observe::host::processes::Process;
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use torwart_dial::ask::Question;
use torwart_dialect::Product;

/// The version of a product, in its first three numbers.
pub(super) type Version = (u32, u32, u32);

/// What the program of this process says.
pub(super) async fn of_program(product: Product, process: Option<&Process>) -> Option<Version> {
    let running = process.and_then(|process| std::fs::read_link(format!("/proc/{}/exe", process.pid)).ok());
    let named = process.into_iter().flat_map(|process| &process.command).flat_map(|text| text.split(' '));
    let named = named.filter(|word| word.starts_with('/')).map(PathBuf::from);
    let named = named
        .filter(|path| path.file_name().is_some_and(|name| programs(product).iter().any(|it| name == *it)));
    let usual =
        FOLDERS.iter().flat_map(|folder| programs(product).iter().map(|name| Path::new(folder).join(name)));
    // Where the file that runs is known, another one would only tell about itself.
    let mut candidates: Vec<PathBuf> = running.into_iter().collect();
    if candidates.is_empty() {
        candidates = named.chain(usual).collect();
    }
    let program = candidates.iter().find(|path| path.is_file())?;
    if !is_trusted(program) {
        return None;
    }
    parse(product, &output(program, question(product)).await?)
}

/// What the `Server` field of the site's answer says, if it is this product's.
pub(super) async fn of_answer(case: &Case, product: Product, address: SocketAddr) -> Option<Version> {
    let url = &case.question().url;
    let tls = url.is_https.then(|| Tls { name: Some(url.host.clone()), certificate: None });
    let question = Question::new("HEAD", &url.authority(), "/", &[]);
    let exchange = ask(case, &Way::plain(address).with_tls(tls), &question, PATIENCE).await?;
    parse(product, exchange.field("server")?)
}

/// What a program says when it is asked for its version.
async fn output(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let deadline = Instant::now() + PATIENCE;
    while let Ok(None) = child.try_wait() {
        if Instant::now() > deadline {
            // It is our own child; who does not answer such a question in time has no answer.
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        sleep(BEAT).await;
    }
    let mut text = Vec::new();
    // nginx says it on standard error.
    let (stdout, stderr) = (child.stdout.take()?, child.stderr.take()?);
    stdout.take(MOST).read_to_end(&mut text).ok()?;
    stderr.take(MOST).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Whether only root, or this user, can have written the file, and replaced it or a folder above it.
fn is_trusted(program: &Path) -> bool {
    let Ok(program) = std::fs::canonicalize(program) else { return false };
    let own = rustix::process::geteuid().as_raw();
    program.ancestors().all(|path| {
        std::fs::metadata(path).is_ok_and(|about| {
            let is_sticky = about.is_dir() && about.permissions().mode() & 0o1000 != 0;
            let is_open = about.permissions().mode() & 0o022 != 0 && !is_sticky;
            !is_open && (about.uid() == 0 || about.uid() == own)
        })
    })
}

const fn programs(product: Product) -> &'static [&'static str] {
    match product {
        Product::Nginx => &["nginx", "openresty"],
        Product::Haproxy => &["haproxy"],
        Product::Apache => &["apache2", "httpd"],
        Product::Caddy => &["caddy"],
        Product::Traefik => &["traefik"],
    }
}

const fn question(product: Product) -> &'static [&'static str] {
    match product {
        Product::Nginx | Product::Haproxy | Product::Apache => &["-v"],
        Product::Caddy | Product::Traefik => &["version"],
    }
}

/// The version in what a program or a `Server` field says. Forks that count in their own way tell nothing.
fn parse(product: Product, text: &str) -> Option<Version> {
    let marks: &[&str] = match product {
        Product::Nginx => &["nginx/", "openresty/"],
        Product::Haproxy => &["HAProxy version ", "HA-Proxy version "],
        Product::Apache => &["Apache/"],
        Product::Caddy => &["v", "Caddy/v", "Caddy/", ""],
        Product::Traefik => &["Version:", "Traefik/"],
    };
    marks.iter().find_map(|mark| {
        let rest = match product {
            Product::Caddy => text.trim_start().strip_prefix(mark)?,
            _ => text.split_once(mark)?.1,
        };
        numbers(rest.trim_start())
    })
}

/// `1.29.7`; what is missing of the three is 0.
fn numbers(text: &str) -> Option<Version> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let mut parts = text.get(..end)?.split('.').map(|part| part.parse().ok());
    let (first, second) = (parts.next()??, parts.next()??);
    Some((first, second, parts.next().flatten().unwrap_or(0)))
}

/// How long a version may take.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How often a program is looked after.
const BEAT: Duration = Duration::from_millis(5);

/// A version is shorter.
const MOST: u64 = 4096;

/// Where programs of gateways lie.
const FOLDERS: &[&str] = &[
    "/usr/sbin",
    "/usr/bin",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/local/nginx/sbin",
    "/usr/local/openresty/nginx/sbin",
    "/usr/local/apache2/bin",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_tell_their_version_in_their_own_words() {
        let check = |product, text: &str, expected| assert_eq!(parse(product, text), expected, "{text}");
        check(Product::Nginx, "nginx version: nginx/1.22.1\n", Some((1, 22, 1)));
        check(Product::Nginx, "nginx version: nginx/1.29.7 (Ubuntu)\n", Some((1, 29, 7)));
        check(Product::Nginx, "nginx version: openresty/1.25.3.1\n", Some((1, 25, 3)));
        check(Product::Nginx, "Angie version: Angie/1.5.0\n", None);
        check(Product::Nginx, "nginx", None);
        check(Product::Haproxy, "HAProxy version 2.6.12-1+deb12u1 2023/12/16\n", Some((2, 6, 12)));
        check(Product::Haproxy, "HA-Proxy version 1.8.4-1deb90d 2018/02/08\n", Some((1, 8, 4)));
        check(Product::Apache, "Server version: Apache/2.4.62 (Debian)\n", Some((2, 4, 62)));
        check(Product::Apache, "Apache", None);
        check(Product::Caddy, "v2.11.0 h1:abc=\n", Some((2, 11, 0)));
        check(Product::Caddy, "2.6.2\n", Some((2, 6, 2)));
        check(Product::Caddy, "Caddy", None);
        check(Product::Traefik, "Version:      3.1.0\nCodename: x\n", Some((3, 1, 0)));
        check(Product::Traefik, "Version:      dev\n", None);
    }

    #[test]
    fn programs_that_others_can_replace_are_not_run() {
        let folder = std::env::temp_dir().join(format!("torwart-version-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let program = folder.join("nginx");
        std::fs::write(&program, "#!/bin/sh\n").expect("a file");
        let allow = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        };
        allow(&folder, 0o755);
        allow(&program, 0o755);
        assert!(is_trusted(&program));
        allow(&program, 0o775);
        assert!(!is_trusted(&program));
        allow(&program, 0o755);
        allow(&folder, 0o777);
        assert!(!is_trusted(&program));
        assert!(!is_trusted(&folder.join("none")));
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    fn where_nginx_is_installed_it_tells_its_version() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let told = runtime.block_on(of_program(Product::Nginx, None));
        let is_installed = FOLDERS.iter().any(|folder| is_trusted(&Path::new(folder).join("nginx")));
        assert_eq!(told.is_some_and(|version| version > (0, 9, 0)), is_installed);
    }

    #[test]
    fn a_program_is_heard_on_both_outputs_and_not_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let said = output(Path::new("/bin/sh"), &["-c", "echo a; echo b >&2"]).await;
            assert_eq!(said.as_deref(), Some("a\nb\n"));
            let begun = Instant::now();
            assert_eq!(output(Path::new("/bin/sh"), &["-c", "exec sleep 60"]).await, None);
            assert!(begun.elapsed() < PATIENCE * 4);
        });
    }
}
