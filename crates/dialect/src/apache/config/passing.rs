//! What in an Apache site passes requests on: rewriting, sections for paths, `ProxyPass`, handlers.

use super::Apache;
use super::route::{Member, route};
use super::scope::{Scope, is_on};
use super::site::Site;
use super::syntax::Directive;
use super::target::{Parameters, Target, Worker};
use crate::config::{At, GatewayConfig, NoteKind, PathRule, Route, Scheme};

/// The routes of a site, in the order in which the product asks.
pub(super) fn routes(
    apache: &Apache<'_>,
    site: &Site,
    scope: &Scope<'_>,
    own: &[Directive],
    at: Option<At>,
    config: &mut GatewayConfig,
) -> Vec<Route> {
    let mut reader = Reader { apache, site, config, workers: Vec::new(), routes: Vec::new() };
    reader.read(scope, own, at);
    reader.routes
}

struct Reader<'a, 'b> {
    apache: &'a Apache<'b>,
    site: &'a Site,
    config: &'a mut GatewayConfig,
    workers: Vec<Worker>,
    routes: Vec<Route>,
}

impl Reader<'_, '_> {
    /// In the order in which the product asks: rewriting, sections for paths (the last one first), `ProxyPass`,
    /// handlers, and at last its own files.
    fn read(&mut self, scope: &Scope<'_>, own: &[Directive], at: Option<At>) {
        let main = if std::ptr::eq(own, self.apache.root) { &[][..] } else { self.apache.root };
        self.rewrites(scope, own);
        let before = self.routes.len();
        for layer in [main, own] {
            self.locations(scope, layer);
        }
        if let Some(locations) = self.routes.get_mut(before..) {
            locations.reverse();
        }
        for layer in [main, own] {
            self.passes(scope, layer);
        }
        self.redirects(scope, own);
        for layer in [own, main] {
            self.handlers(scope, layer, &PathRule::Any);
        }
        if !self.routes.iter().any(|route| route.path.is_everything()) {
            let at = at.or_else(|| own.first().map(|first| first.at.clone()));
            if let Some(at) = at {
                let route = route(self.apache, self.site, scope, &[], PathRule::Any, at);
                self.routes.push(route);
            }
        }
    }

    /// `RewriteRule pattern target [P]`.
    fn rewrites(&mut self, scope: &Scope<'_>, own: &[Directive]) {
        let engine = scope.one("rewriteengine");
        if engine.is_none()
            && let Some(rule) = own.iter().find(|one| one.name == "rewriterule" && passes_on(one))
        {
            self.note_switch("RewriteEngine on".to_owned(), rule);
        }
        let is_engine_on = engine.is_some_and(|one| is_on(one.arg(0)));
        let mut has_condition = false;
        for directive in own.iter().filter(|_| is_engine_on) {
            match directive.name.as_str() {
                "rewritecond" => has_condition = true,
                "rewriterule" => {
                    let flags = flags(directive);
                    if passes_on(directive) {
                        let path = PathRule::Regex {
                            pattern: directive.arg(0).to_owned(),
                            ignores_case: flags.split(',').any(|flag| matches!(flag.trim(), "nc" | "nocase")),
                        };
                        self.add(
                            scope,
                            directive,
                            directive.arg(1),
                            Parameters::default(),
                            path,
                            has_condition,
                        );
                    }
                    has_condition = false;
                }
                _ => {}
            }
        }
    }

    fn locations(&mut self, scope: &Scope<'_>, layer: &[Directive]) {
        for section in layer.iter().filter(|one| matches!(one.name.as_str(), "location" | "locationmatch")) {
            let Some(path) = location_path(section) else { continue };
            let within = scope.with(section.inner());
            for pass in section.inner().iter().filter(|one| is_pass(one)) {
                let is_match = pass.name == "proxypassmatch";
                let path = if is_match && section.name == "location" { PathRule::Any } else { path.clone() };
                self.add(&within, pass, pass.arg(0), Parameters::of(pass, 1), path, false);
            }
            self.handlers(&within, section.inner(), &path);
        }
    }

    fn passes(&mut self, scope: &Scope<'_>, layer: &[Directive]) {
        for pass in layer.iter().filter(|one| is_pass(one)) {
            let path = match pass.name.as_str() {
                "proxypass" => PathRule::Prefix(pass.arg(0).to_owned()),
                _ => PathRule::Regex { pattern: pass.arg(0).to_owned(), ignores_case: false },
            };
            self.add(scope, pass, pass.arg(1), Parameters::of(pass, 2), path, false);
        }
    }

    /// `Redirect`: answered before any handler is asked.
    fn redirects(&mut self, scope: &Scope<'_>, own: &[Directive]) {
        for directive in own {
            let Some(from) = directive.args.iter().rev().nth(1) else { continue };
            let path = match directive.name.as_str() {
                "redirect" | "redirectpermanent" | "redirecttemp" => PathRule::Segments(from.clone()),
                "redirectmatch" => PathRule::Regex { pattern: from.clone(), ignores_case: false },
                _ => continue,
            };
            let route = route(self.apache, self.site, scope, &[], path, directive.at.clone());
            self.routes.push(route);
        }
    }

    /// `SetHandler "proxy:..."`, in files, folders and paths.
    fn handlers(&mut self, scope: &Scope<'_>, layer: &[Directive], path: &PathRule) {
        for directive in layer {
            match directive.name.as_str() {
                "sethandler" if directive.arg(0).to_ascii_lowercase().starts_with("proxy:") => {
                    let target = directive.arg(0).get("proxy:".len()..).unwrap_or_default().to_owned();
                    self.add(scope, directive, &target, Parameters::default(), path.clone(), false);
                }
                "filesmatch" | "files" => {
                    let path = files_path(directive);
                    let within = scope.with(directive.inner());
                    let before = self.routes.len();
                    self.handlers(&within, directive.inner(), &path);
                    self.add_index(scope, before);
                }
                "directory" | "directorymatch" | "if" | "else" | "elseif" | "limit" | "limitexcept" => {
                    let within = scope.with(directive.inner());
                    let before = self.routes.len();
                    self.handlers(&within, directive.inner(), path);
                    if matches!(directive.name.as_str(), "if" | "else" | "elseif") {
                        let new = self.routes.iter_mut().skip(before);
                        new.for_each(|route| route.is_conditional = true);
                    }
                }
                _ => {}
            }
        }
    }

    /// A folder's index is a script where scripts are passed on: so are requests for folders.
    fn add_index(&mut self, scope: &Scope<'_>, before: usize) {
        let is_script =
            |name: &String| PathRule::fits_any(self.routes.iter().skip(before), &format!("/{name}"));
        let has_index = scope.all("directoryindex").flat_map(|one| &one.args).any(is_script);
        if let Some(found) = self.routes.get(before).filter(|_| has_index).cloned() {
            self.routes.push(Route { path: PathRule::Any, is_conditional: true, ..found });
        }
    }

    fn add(
        &mut self,
        scope: &Scope<'_>,
        directive: &Directive,
        text: &str,
        parameters: Parameters,
        path: PathRule,
        is_conditional: bool,
    ) {
        let at = directive.at.clone();
        let mut pool = None;
        let members = match Target::parse(text) {
            Some(Target::Nowhere) => Vec::new(),
            Some(Target::Balancer(name)) => {
                let members = self.balancer(scope, &name, &parameters);
                pool = Some(directive.fact(name));
                members
            }
            Some(Target::One { address, url }) => {
                let parameters = self.worker(scope, directive, &url, parameters);
                let written = directive.text.clone();
                vec![Member { at: at.clone(), written, text: text.to_owned(), address, parameters }]
            }
            None => return,
        };
        if let Some(pool) = pool.as_ref().filter(|_| members.is_empty()) {
            self.config.note(Some(at.clone()), NoteKind::EmptyPool { name: pool.value.clone() });
        }
        self.switches(scope, directive, &members);
        let mut route = route(self.apache, self.site, scope, &members, path, at);
        route.pool = pool;
        route.is_conditional = is_conditional;
        self.routes.push(route);
    }

    /// The settings that hold for an address: those of the worker that serves it already, if one does.
    fn worker(&mut self, scope: &Scope<'_>, directive: &Directive, url: &str, own: Parameters) -> Parameters {
        if let Some(worker) = Worker::serving(&self.workers, url) {
            let ignored = own.keys();
            if !ignored.is_empty() && worker.at != directive.at {
                let what =
                    NoteKind::WorkerShared { target: worker.url.clone(), first: worker.at.clone(), ignored };
                self.config.note(Some(directive.at.clone()), what);
            }
            return worker.parameters.clone();
        }
        let mut parameters = own;
        for section in scope.all("proxy").filter(|section| section.arg(0) == url) {
            parameters.fill(&Parameters::of(section, 1));
            for set in section.inner().iter().filter(|one| one.name == "proxyset") {
                parameters.fill(&Parameters::of(set, 0));
            }
        }
        for set in scope.all("proxyset").filter(|set| set.arg(0) == url) {
            parameters.fill(&Parameters::of(set, 1));
        }
        let worker = Worker { url: url.to_owned(), at: directive.at.clone(), parameters: parameters.clone() };
        self.workers.push(worker);
        parameters
    }

    fn balancer(&self, scope: &Scope<'_>, name: &str, own: &Parameters) -> Vec<Member> {
        let mut members = Vec::new();
        let is_named = |text: &str| Target::parse(text) == Some(Target::Balancer(name.to_owned()));
        let sections = scope.all("proxy").filter(|section| is_named(section.arg(0)));
        let inside = sections.flat_map(|section| section.inner()).map(|one| (one, 0));
        let outside = scope.all("balancermember").filter(|one| is_named(one.arg(0))).map(|one| (one, 1));
        let mut shared = own.clone();
        let lines: Vec<(&Directive, usize)> = inside.chain(outside).collect();
        for (set, place) in lines.iter().filter(|(one, _)| one.name == "proxyset") {
            shared.fill(&Parameters::of(set, *place));
        }
        for (member, place) in lines.iter().filter(|(one, _)| one.name == "balancermember") {
            let text = member.arg(*place);
            let Some(Target::One { address, .. }) = Target::parse(text) else { continue };
            let mut parameters = Parameters::of(member, place + 1);
            parameters.fill(&shared);
            let (at, written, text) = (member.at.clone(), member.text.clone(), text.to_owned());
            members.push(Member { at, written, text, address, parameters });
        }
        members
    }

    fn note_switch(&mut self, switch: String, directive: &Directive) {
        let needed_by = directive.text.clone();
        let mended = format!("{switch}\n{needed_by}");
        let what = NoteKind::SwitchMissing { directive: switch, needed_by, mended };
        self.config.note(Some(directive.at.clone()), what);
    }

    /// What a target needs to be reached at all.
    fn switches(&mut self, scope: &Scope<'_>, directive: &Directive, members: &[Member]) {
        let Some(first) = members.first() else { return };
        let mut missing = Vec::new();
        if first.address.scheme.is_tls() && !scope.switch("SSLProxyEngine", false).value {
            missing.push("SSLProxyEngine on".to_owned());
        }
        let lower = first.text.to_ascii_lowercase();
        let module = match first.address.scheme {
            _ if lower.contains("h2://") || lower.contains("h2c://") => "proxy_http2",
            Scheme::Fastcgi => "proxy_fcgi",
            Scheme::Scgi => "proxy_scgi",
            Scheme::Uwsgi => "proxy_uwsgi",
            Scheme::Ajp => "proxy_ajp",
            Scheme::Http | Scheme::Https => "proxy_http",
            _ => "proxy",
        };
        if !self.apache.modules.is_empty() && !self.apache.modules.iter().any(|known| known == module) {
            missing.push(format!("LoadModule {module}_module modules/mod_{module}.so"));
        }
        for switch in missing {
            self.note_switch(switch, directive);
        }
    }
}

/// The flags of a `RewriteRule`, in lower case, with commas between them.
fn flags(rule: &Directive) -> String {
    rule.arg(2).trim_matches(['[', ']']).to_ascii_lowercase()
}

/// Whether a `RewriteRule` passes the request on.
fn passes_on(rule: &Directive) -> bool {
    flags(rule).split(',').any(|flag| matches!(flag.trim(), "p" | "proxy"))
}

fn is_pass(directive: &Directive) -> bool {
    matches!(directive.name.as_str(), "proxypass" | "proxypassmatch")
}

impl PathRule {
    fn fits_any<'a>(mut routes: impl Iterator<Item = &'a Route>, path: &str) -> bool {
        routes.any(|route| route.path.fits(path))
    }
}

fn location_path(section: &Directive) -> Option<PathRule> {
    let regex = |pattern: &str| PathRule::Regex { pattern: pattern.to_owned(), ignores_case: false };
    let text = section.arg(0);
    Some(match section.name.as_str() {
        _ if text == "~" => regex(section.arg(1)),
        "locationmatch" => regex(text),
        _ if text.contains(['*', '?']) => regex(&format!("^{}", shell_pattern(text))),
        _ if text.starts_with('/') => PathRule::Segments(text.to_owned()),
        _ => return None,
    })
}

fn files_path(section: &Directive) -> PathRule {
    let is_regex = section.name == "filesmatch" || section.arg(0) == "~";
    let text = if section.arg(0) == "~" { section.arg(1) } else { section.arg(0) };
    let pattern = match is_regex {
        // It is about the name of the file: where it is bound to its beginning, that is behind a slash.
        true => text.strip_prefix('^').map_or_else(|| text.to_owned(), |rest| format!("/{rest}")),
        false => format!("/{}$", shell_pattern(text)),
    };
    PathRule::Regex { pattern, ignores_case: false }
}

/// A shell pattern as an expression.
pub(super) fn shell_pattern(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        match character {
            '*' => pattern.push_str("[^/]*"),
            '?' => pattern.push_str("[^/]"),
            plain if plain.is_alphanumeric() || plain == '/' => pattern.push(plain),
            other => pattern.extend(['\\', other]),
        }
    }
    pattern
}
