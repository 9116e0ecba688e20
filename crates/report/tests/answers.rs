//! Answers as they go out: stored whole, in every form and language, and checked for what they must never contain.

use aws_lc_rs::digest::{SHA256, digest};
use proptest::prelude::*;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use torwart_cause::{Address, Cause, Deadline, Ending, Stage};
use torwart_report::Lang;
use torwart_report::answer::{Answer, Details, Format, Template, Waits, content_security_policy};

fn answer(cause: Cause, lang: Lang, format: Format) -> Answer<'static> {
    Answer {
        status: cause.status().unwrap_or(502),
        cause,
        request_id: "K7F2-9QXM",
        site: Some("shop.example"),
        lang,
        format,
        time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_176_000),
        retry_after: None,
        support: Some("mailto:help@shop.example"),
        status_page: Some("https://status.shop.example/"),
        waits: None,
        is_safe_to_repeat: true,
        details: None,
    }
}

fn text(answer: &Answer<'_>) -> String {
    String::from_utf8(answer.render().body).expect("answers are UTF-8")
}

#[test]
fn every_form_in_every_language() {
    for lang in Lang::ALL {
        for (name, format) in [("html", Format::Html), ("problem", Format::Problem), ("text", Format::Text)] {
            insta::assert_snapshot!(
                format!("502_{name}_{lang}"),
                text(&answer(Cause::ConnectRefused, lang, format))
            );
        }
    }
}

#[test]
fn a_missing_page_is_told_in_another_tone() {
    insta::assert_snapshot!("404_html_de", text(&answer(Cause::NoRoute, Lang::De, Format::Html)));
    let mut sent = answer(Cause::ClosedBeforeHead, Lang::En, Format::Html);
    sent.is_safe_to_repeat = false;
    insta::assert_snapshot!("502_sent_form_html_en", text(&sent));
}

#[test]
fn whoever_waits_reads_his_place_and_is_asked_for_again() {
    let mut waits = answer(Cause::WaitingRoom, Lang::De, Format::Html);
    waits.waits = Some(Waits { position: 17, estimate: 250 });
    waits.retry_after = Some(20);
    let page = text(&waits);
    well_formed(&page);
    assert!(page.contains(r#"<meta http-equiv="refresh" content="20">"#), "{page}");
    assert!(page.contains("Ihr Platz in der Warteschlange: 17. Es dauert ungefähr 5 Minuten."), "{page}");
    waits.is_safe_to_repeat = false;
    let page = text(&waits);
    assert!(!page.contains("http-equiv") && page.contains("nicht noch einmal gesendet"), "{page}");
    waits.format = Format::Problem;
    let said = text(&waits);
    assert!(said.contains(r#""position":17,"estimated_wait":250"#), "{said}");
    waits.format = Format::Text;
    assert!(text(&waits).contains("Ihr Platz in der Warteschlange: 17."));
}

#[test]
fn trusted_viewers_read_what_happened() {
    let address = Address::Ip(SocketAddr::from(([10, 0, 0, 11], 3000)));
    for lang in Lang::ALL {
        for (name, format) in [("problem", Format::Problem), ("text", Format::Text)] {
            let mut answer = answer(Cause::HeadTimedOut, lang, format);
            answer.retry_after = Some(30);
            answer.details = Some(Details {
                stage: Stage::Head,
                ending: Some(Ending::TimedOut(Deadline::FirstByte)),
                upstream: Some("http://10.0.0.11:3000"),
                address: Some(&address),
                attempts: 2,
            });
            insta::assert_snapshot!(format!("504_trusted_{name}_{lang}"), text(&answer));
            answer.format = Format::Html;
            let page = text(&answer);
            well_formed(&page);
            insta::assert_snapshot!(format!("504_trusted_html_{lang}"), page);
            assert!(page.contains("head_timed_out") && page.contains("10.0.0.11:3000"), "{page}");
        }
    }
}

#[test]
fn strangers_learn_nothing_about_the_inside() {
    for &cause in Cause::ALL {
        for lang in Lang::ALL {
            for format in [Format::Html, Format::Problem, Format::Text] {
                let body = text(&answer(cause, lang, format)).to_lowercase();
                for word in ["torwart", "upstream", "rust", env!("CARGO_PKG_VERSION"), "connection refused"] {
                    assert!(!body.contains(word), "{cause} {lang} {format:?}: {word}");
                }
                // Ids of one word ("denied") are ordinary words as well.
                assert!(!cause.id().contains('_') || !body.contains(cause.id()), "{cause} {lang} {format:?}");
            }
        }
    }
}

#[test]
fn every_page_is_well_formed_small_and_complete() {
    for &cause in Cause::ALL {
        for lang in Lang::ALL {
            for is_safe_to_repeat in [true, false] {
                let mut answer = answer(cause, lang, Format::Html);
                answer.is_safe_to_repeat = is_safe_to_repeat;
                answer.retry_after = Some(5);
                let page = text(&answer);
                well_formed(&page);
                assert!(page.len() < 14 * 1024, "{cause} {lang}: {} bytes", page.len());
                for part in [
                    &*format!("<html lang=\"{lang}\">"),
                    "<main>",
                    "<h1>",
                    "K7F2-9QXM",
                    "noindex",
                    "<title id",
                ] {
                    assert!(page.contains(part), "{cause} {lang}: {part}");
                }
                let outside = page.matches("https://").count();
                assert_eq!(outside, 1, "nothing but the status page is linked: {cause} {lang}");
                assert!(
                    !page.contains(['\u{e000}', '\u{e001}', '\u{e002}']),
                    "{cause} {lang}: a mark is left"
                );
            }
        }
    }
}

#[test]
fn a_form_is_never_repeated() {
    for &cause in Cause::ALL {
        let mut answer = answer(cause, Lang::En, Format::Html);
        answer.is_safe_to_repeat = false;
        let page = text(&answer);
        assert!(!page.contains("id=\"again\"") && !page.contains("href=\"\""), "{cause}");
    }
}

#[test]
fn the_policy_admits_exactly_our_style_and_script() {
    let page = text(&answer(Cause::ConnectRefused, Lang::De, Format::Html));
    let policy = content_security_policy();
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let (_, rest) = page.split_once(&format!("<{tag}>")).expect("the page has one");
        let (source, _) = rest.split_once(&format!("</{tag}>")).expect("and it ends");
        let expected =
            format!("{directive} 'sha256-{}'", base64(digest(&SHA256, source.as_bytes()).as_ref()));
        assert!(policy.contains(&expected), "the policy must say: {expected}");
    }
    assert!(!policy.contains("unsafe"));
    // Attributes would need 'unsafe-inline'.
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
}

#[test]
fn hostile_values_are_defused() {
    let mut answer = answer(Cause::ConnectRefused, Lang::En, Format::Html);
    answer.request_id = "\"><script>alert(1)</script>\r\n\0";
    answer.site = Some("<img src=x onerror=alert(1)>");
    answer.support = Some("javascript:alert(1)");
    answer.status_page = Some("https://status.example/\" onclick=\"alert(1)");
    let page = text(&answer);
    well_formed(&page);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img") && !page.contains("javascript:") && !page.contains("onclick"));
    for scheme in [
        "data:text/html,x",
        "JavaScript:alert(1)",
        "vbscript:x",
        "//evil.example",
        "",
        "https:",
        " java\nscript:x",
    ] {
        answer.support = Some(scheme);
        assert!(!text(&answer).contains("<nav"), "{scheme}");
    }
    answer.format = Format::Text;
    assert!(!text(&answer).contains(['\r', '\0']));
    answer.format = Format::Problem;
    assert!(text(&answer).contains("\"instance\":\"%22%3E%3Cscript%3E"));
}

#[test]
fn a_site_has_its_own_page() {
    let template = Template::parse("<p>{{ status }} {{ title }} {{ request_id }} {{ support }}</p>")
        .expect("it is valid");
    let mut answer = answer(Cause::UpstreamsDown, Lang::De, Format::Html);
    answer.request_id = "<b>";
    let (rendered, fault) = answer.render_with(&template);
    assert_eq!(fault, None);
    assert_eq!(rendered.content_security_policy, None, "the site's page brings its own");
    let page = String::from_utf8(rendered.body).expect("answers are UTF-8");
    assert_eq!(page, "<p>503 Die Website ist gerade ausgelastet &lt;b&gt; mailto:help@shop.example</p>");
}

#[test]
fn the_documentation_names_what_a_template_may_use() {
    for (lang, page) in [
        ("en", include_str!("../../../docs/en/operating.md")),
        ("de", include_str!("../../../docs/de/operating.md")),
    ] {
        for name in torwart_report::answer::VARIABLES {
            assert!(page.contains(&format!("`{name}`")), "{name} is missing in {lang}");
        }
    }
}

#[test]
fn every_documented_variable_is_there() {
    let source: String =
        torwart_report::answer::VARIABLES.iter().map(|name| format!("{name}={{{{ {name} }}}};")).collect();
    let template = Template::parse(&source).expect("it is valid");
    let (_, fault) = answer(Cause::NoRoute, Lang::En, Format::Html).render_with(&template);
    assert_eq!(fault, None);
}

#[test]
fn a_broken_template_costs_nobody_the_answer() {
    assert_eq!(Template::parse("<p>\n{{ status").map_err(|fault| fault.line).err(), Some(Some(2)));
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
    for source in ["{{ unknown }}", "{{ status.x.y }}", endless] {
        let answer = answer(Cause::ConnectRefused, Lang::En, Format::Html);
        let template = Template::parse(source).expect("the grammar is right");
        let (rendered, fault) = answer.render_with(&template);
        assert!(fault.is_some(), "{source}");
        assert_eq!(rendered, answer.render());
    }
}

#[test]
fn an_empty_answer_has_no_type() {
    let rendered = answer(Cause::ConnectRefused, Lang::En, Format::Empty).render();
    assert!(rendered.body.is_empty() && rendered.content_type.is_none());
}

proptest! {
    #[test]
    fn no_value_breaks_the_page(
        status in any::<u16>(), id in any::<String>(), site in any::<Option<String>>(),
        support in any::<Option<String>>(), wait in any::<Option<u32>>(), at in any::<u64>(), is_safe in any::<bool>(),
    ) {
        let mut answer = answer(Cause::BodyCut, Lang::De, Format::Html);
        answer.status = status;
        answer.request_id = &id;
        answer.site = site.as_deref();
        answer.support = support.as_deref();
        answer.retry_after = wait;
        answer.is_safe_to_repeat = is_safe;
        if let Some(time) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(at)) {
            answer.time = time;
        }
        well_formed(&text(&answer));
        answer.format = Format::Problem;
        text(&answer);
        answer.format = Format::Text;
        text(&answer);
    }
}

/// Every element is closed in order, every attribute is quoted, every id exists once.
fn well_formed(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!doctype html>").expect("the page says what it is");
    while let Some((_, tail)) = rest.split_once('<') {
        let (tag, after) = tail.split_once('>').expect("every tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "a quote is open in <{tag}>");
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()), "<{tag}> is no tag");
        if name == "style" || name == "script" {
            let (_, after) = rest.split_once(&format!("</{name}>")).expect("it ends");
            rest = after;
        } else if !tag.ends_with('/') && name != "meta" {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "still open: {open:?}");
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "an id stands twice: {ids:?}");
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for index in 0..4 {
            let symbol = ALPHABET[(bits >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= group.len() { char::from(symbol) } else { '=' });
        }
    }
    text
}
