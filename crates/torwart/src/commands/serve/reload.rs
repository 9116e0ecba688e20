//! Taking over a changed configuration: read, check, adopt; with any fault the old plan goes on.

use super::protection::Protection;
use crate::logging::Level;
use crate::{Console, plan_file, trouble};
use std::path::PathBuf;
use torwart_config::Plan;
use torwart_config::plan::{Answers, Auth, Roots};
use torwart_gateway::Gateway;

/// Reads the file again whenever it is asked to.
pub(super) struct Reloader {
    file: PathBuf,
    level: Level,
    console: Console,
}

impl Reloader {
    /// For this file.
    pub(super) fn new(file: PathBuf, level: Level, console: Console) -> Self {
        Self { file, level, console }
    }

    /// Takes over what the file says now, or tells what is wrong with it.
    pub(super) fn reload(&self, gateway: &Gateway, protection: &Protection) {
        let console = &self.console;
        let Some(plan) = self.read() else {
            return console.complain(&console.say("serve-kept"), None);
        };
        let before = gateway.plan();
        let level = plan.log.level;
        let fixed = unchangeable(&before, &plan);
        protection.compare(&plan, &self.files(&plan));
        match gateway.adopt(plan) {
            Ok(generation) => {
                self.level.set(level);
                tracing::info!(generation, "the configuration is taken over");
                if !fixed.is_empty() {
                    tracing::warn!(keys = fixed.join(", "), "these changes need a restart");
                }
            }
            Err(problem) => {
                trouble::tell_start(&problem, console);
                console.complain(&console.say("serve-kept"), None);
            }
        }
    }

    /// Every file this plan is made from.
    pub(super) fn files(&self, plan: &Plan) -> Vec<PathBuf> {
        files(Some(&self.file), plan)
    }

    fn read(&self) -> Option<Plan> {
        let console = &self.console;
        match plan_file::read(&self.file) {
            Ok(read) => {
                let told = read.render(console, console.err.is_coloured);
                if !told.is_empty() {
                    console.note(told.trim_end());
                }
                read.checked.plan
            }
            Err(error) => {
                let file = self.file.display().to_string();
                let texts = [("file", file.as_str()), ("error", &error.to_string())];
                console.complain(&console.fill("file-unreadable", &texts), None);
                None
            }
        }
    }
}

/// Every file a plan is made from.
pub(super) fn files(file: Option<&PathBuf>, plan: &Plan) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = file.into_iter().cloned().collect();
    // What renews itself is taken over by whoever renews it.
    let by_hand = plan.sites.iter().filter(|site| !site.is_automatic);
    let certificates = by_hand.flat_map(|site| &site.certificates);
    let clients = plan.pools.iter().filter_map(|pool| pool.tls.client_certificate.as_ref());
    for pair in certificates.chain(clients) {
        files.extend([pair.chain.clone(), pair.key.clone()]);
    }
    files.extend(plan.pools.iter().filter_map(|pool| match &pool.tls.roots {
        Roots::File(file) => Some(file.clone()),
        Roots::System => None,
    }));
    files.extend(plan.pools.iter().filter_map(|pool| pool.tls.revoked.clone()));
    for asked in plan.sites.iter().filter_map(|site| site.client_certificate.as_ref()) {
        files.push(asked.ca.clone());
        files.extend(asked.revoked.clone());
    }
    let pages =
        |answers: &Answers| answers.templates.iter().map(|page| page.file.clone()).collect::<Vec<_>>();
    files.extend(pages(&plan.answers));
    files.extend(plan.sites.iter().flat_map(|site| pages(&site.answers)));
    files.extend(doors(plan));
    files
}

/// The lists, users, authorities and crawlers' networks of the routes' doors, each once.
fn doors(plan: &Plan) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for (_, route) in plan.all_routes() {
        let door = &route.door;
        let lists = door.allowed.iter().chain([&door.denied]);
        files.extend(lists.flat_map(|list| list.files.iter().cloned()));
        match door.auth.as_deref() {
            Some(Auth::Basic { users, .. }) => files.push(users.clone()),
            Some(Auth::Forward(service)) => {
                if let Roots::File(file) = &service.tls.roots {
                    files.push(file.clone());
                }
            }
            None => {}
        }
        let crawlers = door.crawlers.iter().flat_map(|crawlers| &crawlers.ranges);
        files.extend(crawlers.map(|(_, file)| file.clone()));
    }
    files.sort();
    files.dedup();
    files
}

/// The keys whose change a running process cannot take over.
fn unchangeable(before: &Plan, after: &Plan) -> Vec<&'static str> {
    let mut keys = Vec::new();
    let mut compare = |key, is_same: bool| {
        if !is_same {
            keys.push(key);
        }
    };
    compare("workers", before.workers == after.workers);
    compare("listen.admin", before.admin == after.admin);
    compare("listen.admin_token", before.admin_token == after.admin_token);
    compare("log.access", before.log.access == after.log.access);
    compare("log.failed_exchanges", before.log.failed_exchanges == after.log.failed_exchanges);
    compare("resolver", before.resolver == after.resolver);
    compare("user", before.process.user == after.process.user);
    compare("group", before.process.group == after.process.group);
    compare("confine", before.process.confine == after.process.confine);
    keys
}
