//! The keeper and a CA that is played: what it advises, what it refuses, and what is made of that.

use super::*;
use rcgen::{CertificateParams, CertifiedIssuer, DistinguishedName, IsCa, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use torwart_config::Source;
use torwart_dial::SystemFiles;

/// A CA that answers by a table; what it is asked for is remembered.
struct Ca {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it answers: status, further fields, body; by the end of the path.
type Answers = &'static [(&'static str, &'static str, &'static str, &'static str)];

impl Ca {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&asked);
        // Ends with the process; nothing waits for it.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = Self::answer(stream, address, answers, &kept);
            }
        });
        Self { address, asked }
    }

    fn answer(
        stream: TcpStream,
        address: SocketAddr,
        answers: Answers,
        asked: &Mutex<Vec<String>>,
    ) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut reader = BufReader::new(stream);
        let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
        reader.read_line(&mut first)?;
        while reader.read_line(&mut line)? > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let is_head = first.starts_with("HEAD");
        asked.lock().unwrap().push(path.clone());
        let directory = format!(
            "{{\"newNonce\":\"http://{address}/nonce\",\"newAccount\":\"http://{address}/account\",\
             \"newOrder\":\"http://{address}/order\",\"renewalInfo\":\"http://{address}/renewal\"}}"
        );
        let path = path.split('?').next().unwrap_or_default();
        let listed = answers.iter().find(|(place, ..)| path.starts_with(place));
        let (status, fields, body) = match (listed, path) {
            (Some((_, status, fields, body)), _) => (*status, (*fields).to_owned(), (*body).to_owned()),
            (None, "/directory") => ("200 OK", String::new(), directory),
            (None, "/account") => {
                ("201 Created", format!("Location: http://{address}/me\r\n"), "{}".to_owned())
            }
            _ => ("200 OK", String::new(), String::new()),
        };
        let body = if is_head { String::new() } else { body };
        write!(
            reader.get_mut(),
            "HTTP/1.1 {status}\r\nReplay-Nonce: bm9uY2U\r\n{fields}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn was_asked_for(&self, place: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|path| path.starts_with(place))
    }
}

/// Shows nothing; counts what it is asked to read again.
#[derive(Default)]
struct Nobody;

impl Showcase for Nobody {
    fn answer(&self, _: &str, _: &str) {}
    fn withdraw_answer(&self, _: &str) {}
    fn show(&self, _: &str, _: CertificateDer<'static>, _: PrivateKeyDer<'static>) {}
    fn withdraw(&self, _: &str) {}
    fn renewed(&self) {}
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("torwart-keeper-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn settings(&self, ca: SocketAddr) -> Settings {
        let text = format!(
            "[listen]\nhttp = \"127.0.0.1:80\"\nhttps = \"127.0.0.1:443\"\n\
             [acme]\nagree_terms = true\ndirectory = \"http://{ca}/directory\"\nstore = {:?}\n\
             [site.\"a.example\"]\ncertificate = \"auto\"\ndeny = true\n",
            self.0
        );
        let checked = torwart_config::check(&Source::new(Path::new("a.toml"), text), &|_| true);
        Settings::of(&checked.plan.expect("the plan is right")).expect("a site wants a certificate")
    }

    /// Puts a certificate in the store that is valid between these days from now.
    fn keep(&self, settings: &Settings, days: (i64, i64)) {
        let day = |days: i64| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            let seconds = i64::try_from(now).unwrap() + days * 86_400;
            rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(seconds).unwrap())
        };
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        // Advice is asked for by the issuer's key.
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (day(days.0), day(days.1));
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let file = &settings.wanted[0].file;
        store::keep(file, &settings.plan.directory, &key.serialize_pem(), &certificate.pem()).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn resolver() -> Arc<Resolver> {
    Arc::new(Resolver::start(&torwart_config::plan::ResolverPlan::default(), SystemFiles::default()).unwrap())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), future).await.expect("in time") })
}

/// Runs a keeper until its status is as wanted, and returns that.
fn until(settings: &Settings, is_wanted: impl Fn(&AutomaticCertificate) -> bool) -> AutomaticCertificate {
    let status = Arc::new(Status::new("0", Timestamp::from_micros(0)));
    let keeper = Keeper::new(resolver(), Arc::new(Nobody), Arc::clone(&status), Lang::En);
    let (_wishes, wanted) = watch::channel(Some(settings.clone()));
    let (stop, stopped) = watch::channel(false);
    block_on(async {
        let looking = async {
            loop {
                tokio::time::sleep(Duration::from_millis(5)).await;
                if let Some(found) = status.automatic_certificates().into_iter().find(|one| is_wanted(one)) {
                    stop.send_replace(true);
                    return found;
                }
            }
        };
        tokio::join!(keeper.run(wanted, stopped), looking).1
    })
}

fn days_from_now(days: u64) -> Timestamp {
    Timestamp::from(SystemTime::now() + Duration::from_secs(days * 86_400))
}

#[test]
fn a_limit_of_the_ca_is_waited_for() {
    let folder = Folder::new("limit");
    let ca = Ca::start(&[(
        "/order",
        "429 Too Many Requests",
        "Retry-After: 172800\r\n",
        r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates already issued"}"#,
    )]);
    let state = until(&folder.settings(ca.address), |state| state.failures > 0);
    let problem = state.problem.expect("it failed");
    assert_eq!(problem.id, "rateLimited");
    assert!(problem.english.contains("too many certificates already issued"), "{}", problem.english);
    assert!(problem.german.contains("Kontingent"), "{}", problem.german);
    assert!(state.next_attempt > days_from_now(1), "{}", state.next_attempt);
}

#[test]
fn a_good_certificate_in_the_store_asks_nobody() {
    let folder = Folder::new("kept");
    let ca = Ca::start(&[]);
    let settings = folder.settings(ca.address);
    folder.keep(&settings, (-1, 89));
    let state = until(&settings, |state| state.not_after.is_some());
    assert_eq!(state.failures, 0);
    assert!(state.next_attempt > days_from_now(50) && state.next_attempt < days_from_now(60));
    assert!(ca.asked.lock().unwrap().is_empty());
}

#[test]
fn one_for_other_names_or_of_another_ca_is_ordered_anew() {
    let folder = Folder::new("other");
    let ca = Ca::start(&[("/order", "403 Forbidden", "", r#"{"type":"urn:ietf:params:acme:error:caa"}"#)]);
    let settings = folder.settings(ca.address);
    folder.keep(&settings, (-1, 89));
    let mut elsewhere = settings.clone();
    elsewhere.plan.directory = format!("http://{}/directory?other", ca.address).into();
    let state = until(&elsewhere, |state| state.failures > 0);
    assert_eq!(state.problem.expect("it failed").id, "caa");
    // The old one stays in use meanwhile.
    assert!(state.not_after.is_some() && store::read(&settings.wanted[0].file).is_some());
}

#[test]
fn the_advice_of_the_ca_is_asked_for_and_heeded() {
    let folder = Folder::new("advice");
    let ca = Ca::start(&[(
        "/renewal/",
        "200 OK",
        "Retry-After: 21600\r\n",
        r#"{"suggestedWindow":{"start":"2020-01-01T00:00:00Z","end":"2020-01-02T00:00:00Z"}}"#,
    )]);
    let settings = folder.settings(ca.address);
    folder.keep(&settings, (-1, 89));
    let kept = store::read(&settings.wanted[0].file).unwrap();
    let desk = Desk::new(settings.clone(), resolver(), Arc::new(Nobody)).unwrap();
    let advice = block_on(desk.advice(&kept)).unwrap().expect("this CA gives advice");
    assert!(ca.was_asked_for("/renewal/"));
    assert!(advice.again.abs_diff(Duration::from_secs(21_600)) < Duration::from_secs(60));
    let mut ward = Ward::new(&settings.wanted[0], &settings, SystemTime::now(), None);
    assert!(ward.due > SystemTime::now());
    ward.heed(&advice);
    // A window that lies in the past means: now.
    assert!(ward.due < SystemTime::now());
    let chosen = ward.due;
    ward.heed(&advice);
    assert_eq!(ward.due, chosen, "chosen once");
}

#[test]
fn a_ca_without_advice_leaves_our_own_rule() {
    let folder = Folder::new("without");
    let ca = Ca::start(&[(
        "/directory",
        "200 OK",
        "",
        r#"{"newNonce":"http://127.0.0.1:9/n","newAccount":"http://127.0.0.1:9/a","newOrder":"http://127.0.0.1:9/o"}"#,
    )]);
    let settings = folder.settings(ca.address);
    folder.keep(&settings, (-1, 89));
    let kept = store::read(&settings.wanted[0].file).unwrap();
    let desk = Desk::new(settings, resolver(), Arc::new(Nobody)).unwrap();
    // No account can be made there, which is told as what it is.
    let failure = block_on(desk.advice(&kept)).err().expect("nothing answers");
    assert_eq!(failure.id(), "ca_unreachable");
    assert!(failure.tell(Lang::En).contains("connect_refused"), "{}", failure.tell(Lang::En));
}

#[test]
fn a_ca_that_talks_nonsense_is_told() {
    let folder = Folder::new("nonsense");
    let ca = Ca::start(&[("/directory", "200 OK", "", "<html>welcome</html>")]);
    let state = until(&folder.settings(ca.address), |state| state.failures > 0);
    assert_eq!(state.problem.expect("it failed").id, "ca_garbled");
}

#[test]
fn a_ca_file_that_is_missing_is_told_at_every_certificate() {
    let folder = Folder::new("file");
    let ca = Ca::start(&[]);
    let mut settings = folder.settings(ca.address);
    settings.plan.ca = Some(folder.0.join("none.pem"));
    let state = until(&settings, |state| state.failures > 0);
    let problem = state.problem.expect("it failed");
    assert_eq!(problem.id, "file_unusable");
    assert!(problem.english.contains("none.pem"), "{}", problem.english);
    assert!(ca.asked.lock().unwrap().is_empty());
}
