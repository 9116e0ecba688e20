//! What `serve` was told to serve: a file, or upstreams on the command line.

use crate::secret::ADMIN_TOKEN;
use crate::{Console, Exit, plan_file};
use clap::ArgMatches;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use torwart_config::Plan;
use torwart_config::plan::{AccessLog, ListenAddress, LogFormat, LogTarget, Secret};

/// What shall be served.
pub(super) enum Wanted {
    /// What a file says.
    File(PathBuf),
    /// These upstreams, for every host.
    Upstreams(Box<Flags>),
}

/// Everything the command line says about a gateway without a file.
pub(super) struct Flags {
    to: Vec<String>,
    listen: ListenAddress,
    workers: Option<NonZeroUsize>,
    /// None where nothing is said, none inside where none is wanted.
    admin: Option<Option<SocketAddr>>,
    log: Option<String>,
    access_log: Option<PathBuf>,
    user: Option<String>,
}

impl Wanted {
    /// What the arguments say; none if they say nothing.
    pub(super) fn from(matches: &ArgMatches) -> Option<Self> {
        if let Some(file) = matches.get_one::<PathBuf>("config") {
            return Some(Self::File(file.clone()));
        }
        let to: Vec<String> = matches.get_many("to")?.cloned().collect();
        Some(Self::Upstreams(Box::new(Flags {
            to,
            listen: matches.get_one("listen").cloned().unwrap_or(ListenAddress::Tcp(LISTEN)),
            workers: matches.get_one::<u16>("workers").and_then(|count| NonZeroUsize::new((*count).into())),
            admin: matches.get_one("admin").copied(),
            log: matches.get_one("log").cloned(),
            access_log: matches.get_one("access-log").cloned(),
            user: matches.get_one("user").cloned(),
        })))
    }

    /// The file, if there is one.
    pub(super) fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::File(file) => Some(file),
            Self::Upstreams(_) => None,
        }
    }

    /// Whether the admin address was chosen by whoever started us.
    pub(super) fn names_admin(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Upstreams(flags) => flags.admin.is_some(),
        }
    }

    /// The plan, or how to end after what is wrong was told.
    pub(super) fn plan(&self, console: &Console) -> Result<Plan, Exit> {
        match self {
            Self::File(file) => plan_of_file(file, console),
            Self::Upstreams(flags) => flags.plan(console),
        }
    }
}

fn plan_of_file(file: &std::path::Path, console: &Console) -> Result<Plan, Exit> {
    let read = plan_file::read(file).map_err(|error| {
        let name = file.display().to_string();
        let sentence = console.fill("file-unreadable", &[("file", &name), ("error", &error.to_string())]);
        console.complain(&sentence, None);
        Exit::CouldNotRun
    })?;
    let told = read.render(console, console.err.is_coloured);
    if !told.is_empty() {
        console.note(told.trim_end());
    }
    read.checked.plan.ok_or_else(|| {
        console.complain(&console.say("serve-bad-file"), None);
        Exit::Fault
    })
}

impl Flags {
    fn plan(&self, console: &Console) -> Result<Plan, Exit> {
        let upstreams: Vec<&str> = self.to.iter().map(String::as_str).collect();
        let mut plan =
            Plan::for_upstreams(&self.listen, &upstreams, self.workers).map_err(|(_, complaints)| {
                let lang = plan_file::language(console);
                for complaint in complaints {
                    // The place is in a file nobody has written; the sentence says enough.
                    let sentence = format!("--to: {}", complaint.sentence(lang));
                    console.complain(&sentence, complaint.hint(lang).as_deref());
                }
                Exit::Usage
            })?;
        plan.admin = self.admin.unwrap_or(Some(super::ADMIN));
        if plan.admin.is_some_and(|admin| !admin.ip().is_loopback()) {
            plan.admin_token = Some(Secret::Environment(ADMIN_TOKEN.into()));
        }
        plan.log.access = self.access();
        plan.run_as(self.user.as_deref().map(Into::into), None);
        Ok(plan)
    }

    /// Lines on standard output are for eyes, lines in a file for programs, unless the format is said.
    fn access(&self) -> Option<AccessLog> {
        let format = match (self.log.as_deref(), &self.access_log) {
            (Some("off"), _) => return None,
            (Some("json"), _) | (None, Some(_)) => LogFormat::Json,
            _ => LogFormat::Human,
        };
        let target = self.access_log.clone().map_or(LogTarget::Stdout, LogTarget::File);
        Some(AccessLog { target, format, query: false })
    }
}

/// A port without privileges, for this machine alone.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
