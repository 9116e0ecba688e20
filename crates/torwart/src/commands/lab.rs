//! `torwart lab`: upstreams that misbehave, for testing any gateway with.

use crate::cli::{self, values};
use crate::signals::Signals;
use crate::{Console, Exit, trouble};
use clap::{ArgMatches, Command};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use torwart_lab::{Catalogue, Fault, Lab, LabOptions, Place};
use torwart_report::Lang;
use torwart_report::terminal::Tone;

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    let address = move |text: &str| values::socket_address(text, lang);
    cli::command("lab", console)
        .arg(cli::option("lab", "listen", lang).value_parser(address))
        .arg(cli::option("lab", "tls-listen", lang).value_parser(address))
        .arg(cli::switch("lab", "list", lang))
        .arg(cli::format(lang, &["text", "json"]))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    let is_json = cli::is_format(matches, "json");
    if matches.get_flag("list") {
        console.print(&if is_json { list_as_json() } else { list(console) });
        return Exit::Well;
    }
    let listen = matches.get_one::<SocketAddr>("listen").copied().unwrap_or(LISTEN);
    let tls = matches.get_one::<SocketAddr>("tls-listen").copied();
    let folder = match Folder::make() {
        Ok(folder) => folder,
        Err(error) => {
            trouble::tell_system(&error, console);
            return Exit::CouldNotRun;
        }
    };
    let lab = match Lab::start(&LabOptions { listen, tls, folder: folder.0.clone() }) {
        Ok(lab) => lab,
        Err(error) => {
            trouble::tell_listen(&listen.to_string(), &error, console);
            console.note(&console.say("lab-needs-ports"));
            return Exit::CouldNotRun;
        }
    };
    match serve(&lab, &folder, is_json, console) {
        Ok(()) => Exit::Well,
        Err(error) => {
            trouble::tell_system(&error, console);
            Exit::CouldNotRun
        }
    }
}

fn serve(lab: &Lab, folder: &Folder, is_json: bool, console: &Console) -> io::Result<()> {
    let authority = folder.0.join("authority.pem");
    std::fs::write(&authority, lab.certificates().authority())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        if is_json {
            console.line(&announcement(lab, &authority).to_string());
        } else {
            announce(lab, &authority, console);
        }
        signals.stop().await;
        Ok(())
    })
}

fn announce(lab: &Lab, authority: &Path, console: &Console) {
    let say = |key| console.say(key);
    let (plain, tls) = (format!("http://{}", lab.address()), format!("https://{}", lab.tls_address()));
    let names = lab.name_server().address();
    let authority = authority.display().to_string();
    console.line(&console.out.paint(Tone::Strong, &say("lab-runs")));
    console.print(&console.out.table(&[
        [format!("  {}", say("lab-plain")), plain.clone()],
        [format!("  {}", say("lab-tls")), tls.clone()],
        [format!("  {}", say("lab-names")), format!("{names} (UDP, *.lab.test)")],
        [format!("  {}", say("lab-authority")), authority.clone()],
    ]));
    let own = lab.targets().iter().find(|target| target.fault.place() == Place::Port);
    let (fault, own_port) = own.map_or(("", ""), |target| (&target.fault.name, &target.url));
    let program = &console.program;
    console.line(&format!("\n{}", console.out.paint(Tone::Strong, &say("lab-try"))));
    for (key, command) in [
        ("lab-try-list", format!("curl {plain}/")),
        ("lab-try-fault", format!("curl -v {plain}/fault/head-cut")),
        ("lab-try-tls", format!("curl -v --cacert {authority} {tls}/fault/body-cut-length")),
        ("lab-try-gateway", format!("{program} serve --listen 127.0.0.1:8081 --to {plain}")),
        ("lab-try-port", format!("{program} serve --listen 127.0.0.1:8081 --to {own_port}")),
    ] {
        let told = console.fill(key, &[("fault", fault)]);
        console.line(&format!("  {told}\n    {}", console.out.paint(Tone::Code, &command)));
    }
    let count = lab.targets().len() as u64;
    console.line(&format!("\n{} {}", console.count("lab-faults", count), say("lab-stop")));
}

fn announcement(lab: &Lab, authority: &Path) -> serde_json::Value {
    let faults: Vec<_> = lab
        .targets()
        .iter()
        .map(|target| {
            let mut fault = described(target.fault);
            fault["url"] = target.url.clone().into();
            fault
        })
        .collect();
    serde_json::json!({
        "schema": 1,
        "http": format!("http://{}", lab.address()),
        "https": format!("https://{}", lab.tls_address()),
        "name_server": lab.name_server().address().to_string(),
        "authority": authority,
        "faults": faults,
    })
}

/// All faults by family, without starting anything.
fn list(console: &Console) -> String {
    let style = console.out;
    let faults = Catalogue::get().faults();
    let widest = faults.iter().map(|fault| fault.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    let mut family = None;
    for fault in faults {
        if family.replace(fault.family) != Some(fault.family) {
            let heading = console.say(&format!("lab-family-{}", fault.family.id()));
            let gap = if text.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}{}\n", style.paint(Tone::Strong, &heading)));
        }
        let said = if console.lang == Lang::De { &fault.de } else { &fault.en };
        let name = style.paint(Tone::Code, &format!("{:widest$}", fault.name));
        let lead = format!("  {name}  ");
        // Colours take no room on the screen.
        let invisible = lead.chars().count() - (widest + 4);
        let roomy = torwart_report::terminal::Style { width: style.width + invisible, ..style };
        text.push_str(&roomy.wrapped(&lead, widest + 4, said));
    }
    text
}

fn list_as_json() -> String {
    let faults: Vec<_> = Catalogue::get().faults().iter().map(described).collect();
    format!("{:#}\n", serde_json::json!({ "schema": 1, "faults": faults }))
}

fn described(fault: &Fault) -> serde_json::Value {
    let place = match fault.place() {
        Place::Path => "path",
        Place::Port => "port",
        Place::TlsPort => "tls_port",
        Place::Name => "name",
    };
    serde_json::json!({
        "name": fault.name,
        "family": fault.family.id(),
        "place": place,
        "en": fault.en,
        "de": fault.de,
        "status": fault.expected.status,
        "cause": fault.expected.cause.map(torwart_cause::Cause::id),
        "complete": fault.expected.is_complete,
    })
}

/// A folder for sockets and the authority's certificate, gone with the lab.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for number in 0..MOST_FOLDERS {
            let name = format!("torwart-lab-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            // One that is there already may be anybody's.
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const MOST_FOLDERS: usize = 10;

/// Beside the admin address, so that it is easy to remember.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9181);
