//! Every finding has its pages, every page its parts, and every link leads somewhere.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

const PRODUCTS: &[&str] = &[
    "nginx",
    "HAProxy",
    "Apache",
    "Caddy",
    "Traefik",
    "Envoy",
    "IIS",
    "AWS ALB",
    "Cloudflare",
    "Kubernetes ingress",
    "Docker",
    "php-fpm",
    "gunicorn",
    "uvicorn",
    "uWSGI",
    "Node.js",
    "Tomcat",
    "Puma",
    "Torwart",
    "Linux",
    "systemd",
    "SELinux",
    "nftables",
    "iptables",
    "firewalld",
    "ufw",
    "fail2ban",
    "fail2ban",
    "BIND",
    "Knot",
    "Unbound",
    "systemd-resolved",
    "certbot",
    "Varnish",
];

#[test]
fn every_finding_has_a_page_in_both_languages_with_the_fixed_headings() {
    let mut wrong = Vec::new();
    for kind in FindingKind::all() {
        for lang in Lang::ALL {
            let Some(text) = gathered::finding_page(kind.id, lang) else {
                wrong.push(format!("{lang}/finding/{}.md is missing", kind.id));
                continue;
            };
            wrong.extend(faults(text, lang).into_iter().map(|fault| format!("{lang} {}: {fault}", kind.id)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn faults(text: &'static str, lang: Lang) -> Vec<String> {
    let mut faults = Vec::new();
    let mut is_code = false;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| {
            is_code ^= line.trim_start().starts_with("```");
            !is_code
        })
        .collect();
    let found: Vec<&str> = lines.iter().copied().filter(|line| line.starts_with("## ")).collect();
    let wanted = headings(lang);
    if found != wanted[..] && found != wanted[..3] {
        faults.push(format!("headings {found:?}, wanted {wanted:?}"));
    }
    if is_code {
        faults.push("a code block has no end".to_owned());
    }
    let page = FindingPage::parsed(text, "", lang);
    if page.summary.lines().count() != 1 {
        faults.push("the summary is one line".to_owned());
    }
    if [page.title, page.what_is_wrong, page.how_we_know].contains(&"")
        || (page.what_to_do.is_empty() && page.products.is_empty())
    {
        faults.push("a part is empty".to_owned());
    }
    for (product, section) in &page.products {
        if section.is_empty() || !PRODUCTS.contains(product) {
            faults.push(format!("the section {product:?} is empty or no known product"));
        }
    }
    let links = text.matches(".md)").count();
    if page.see_also.len() != links {
        faults.push(format!("{} of {links} links lead to a finding", page.see_also.len()));
    }
    faults
}

#[test]
fn both_languages_speak_of_the_same_products_and_findings() {
    for kind in FindingKind::all() {
        let [english, german] = Lang::ALL.map(|lang| FindingPage::of(kind, lang));
        let names = |page: &FindingPage| page.products.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names(&english), names(&german), "{}", kind.id);
        assert_eq!(english.see_also, german.see_also, "{}", kind.id);
    }
}

#[test]
fn there_is_no_page_without_a_finding() {
    for lang in Lang::ALL {
        for (id, _) in gathered::finding_pages(lang) {
            assert!(FindingKind::from_id(id).is_some(), "{lang}/finding/{id}.md is about nothing");
        }
    }
}

#[test]
fn titles_are_unique() {
    for lang in Lang::ALL {
        let mut titles: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for kind in FindingKind::all() {
            titles.entry(FindingPage::of(kind, lang).title).or_default().insert(kind.id);
        }
        for (title, kinds) in titles {
            assert_eq!(kinds.len(), 1, "{lang} {title:?}: {kinds:?}");
        }
    }
}

#[test]
fn german_pages_are_german() {
    for (id, text) in gathered::finding_pages(Lang::De) {
        // Commands and keys are the same in every language.
        let prose: String = text.split("```").step_by(2).collect();
        let prose: String = prose.split('`').step_by(2).collect();
        for wrong in [" the ", " and ", " is "] {
            assert!(!prose.contains(wrong), "{id}: {wrong}");
        }
    }
}

#[test]
fn the_parts_of_a_page_are_found() {
    let text = "# It is off\n\nNobody answers.\n\n## What is wrong\n\nOff.\n\n## How we know\n\n- `ss`\n\n\
        ## What to do\n\nSwitch it on.\n\n### nginx\n\n```nginx\n### no heading\nserver a;\n```\n\n### Node.js\n\n\
        Listen.\n";
    let page = FindingPage::parsed(text, "a.b", Lang::En);
    assert_eq!(
        (page.title, page.summary, page.what_to_do),
        ("It is off", "Nobody answers.", "Switch it on.")
    );
    assert_eq!(page.products.len(), 2);
    assert!(page.product("NGINX").is_some_and(|(_, section)| section.ends_with("```")));
    assert_eq!(page.product("node"), Some(("Node.js", "Listen.")));
    assert_eq!(page.product("Caddy"), None);
}

#[test]
fn spellings_of_one_product_are_one() {
    assert!(is_same_product("PHP FPM", "php-fpm") && is_same_product("httpd", "Apache"));
    assert!(!is_same_product("nginx", "Node.js"));
}
