//! Does the gateway's health check get another answer than a visitor would?
//!
//! The configuration tells what is asked: path, method, Host, port, and which statuses count. The check is made by hand
//! and compared with the plain request. A check that fails where the page works takes a healthy upstream out.

use super::scene::{Asked, Scene, curl};
use crate::observe::answer::ask;
use crate::observe::exchange::{Exchange, FarEnd, PATIENCE, Way};
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Hop, Severity, said};
use torwart_dial::ask::Question;
use torwart_dialect::config::HealthCheck;

/// Makes every configured check by hand.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    let gateway = case.gateway().await;
    let mut checked = Checked::not_applicable();
    for (asked, way, plain) in scene.exchanges() {
        let Some((_, upstream)) = gateway.route_to(&asked.upstream.address) else { continue };
        let Some(plan) = upstream.check.as_ref().filter(|plan| plan.path.is_some()) else { continue };
        checked.applies = true;
        if let Some(finding) = judge(case, &scene, asked, way, plain, plan).await {
            checked.findings.push(finding);
        }
    }
    checked
}

async fn judge(
    case: &Case,
    scene: &Scene,
    asked: &Asked,
    way: &Way,
    plain: &Exchange,
    plan: &HealthCheck,
) -> Option<Finding> {
    let path = plan.path.as_deref()?;
    let method = plan.method.as_deref().unwrap_or("GET");
    let way = match (&way.to, plan.port) {
        (FarEnd::Ip(address), Some(port)) => {
            let mut address = *address;
            address.set_port(port);
            Way { to: FarEnd::Ip(address), ..way.clone() }
        }
        _ => way.clone(),
    };
    let host = plan.host.clone().unwrap_or_default();
    let question = Question::new(method, &host, path, &[]);
    let answer = ask(case, &way, &question, PATIENCE).await?;
    let expected = plan.expected.as_ref().map_or("2xx-3xx", |fact| fact.value.as_str());
    let passes = answer.status().is_some_and(|status| fits(expected, status));
    let is_page_good = plain.is_good() && plain.status().is_some_and(|status| status < 400);
    let status =
        |exchange: &Exchange| exchange.status().map_or_else(|| "-".to_owned(), |status| status.to_string());
    let fact = said("http-check-differs")
        .with("check", plan.written.trim())
        .with("path", path)
        .with("status", status(&answer))
        .with("expected", expected)
        .with("page", status(plain));
    let mut place = asked.place(Hop::Gateway);
    if let Some(at) = &plan.at {
        place = place.file(at.file.display(), at.line);
    }
    let finding = Finding::new(&kinds::HEALTH_CHECK_DIFFERS, 90, place)
        .proof_by(fact, curl(&way, &host, path, &format!("-o /dev/null -X {method}")));
    match (passes, is_page_good) {
        // It does no harm, or it is answered to the gateway alone.
        (false, true) if scene.serves_visitors() => Some(finding.severity(Severity::Info)),
        (false, true) => Some(finding),
        // The check says nothing of what visitors need; worth knowing while the page fails.
        (true, false) if plain.status().is_some_and(|status| status >= 500) => {
            Some(finding.severity(Severity::Info))
        }
        _ => None,
    }
}

/// Whether a status is one of those a product's words name: `200`, `2xx`, `200-399`, `200,204`, `status 200`.
fn fits(words: &str, status: u16) -> bool {
    let parts =
        words.split([',', ' ', '|']).filter(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    let mut is_named = false;
    for part in parts {
        is_named = true;
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        if let (Some(low), Some(high)) = (bound(from, '0'), bound(to, '9'))
            && (low..=high).contains(&status)
        {
            return true;
        }
    }
    // What cannot be read is not held against the check.
    !is_named
}

/// A status with its open digits filled in.
fn bound(text: &str, fill: char) -> Option<u16> {
    let digits: String =
        text.chars().map(|digit| if digit == 'x' || digit == 'X' { fill } else { digit }).collect();
    match digits.len() {
        1 => format!("{digits}{fill}{fill}").parse().ok(),
        _ => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_in_every_products_words() {
        assert!(fits("2xx-3xx", 301) && !fits("2xx-3xx", 404));
        assert!(fits("200-399", 204) && !fits("200-399", 500));
        assert!(fits("200,204", 204) && !fits("200,204", 301));
        assert!(fits("status 200", 200) && !fits("status 200", 302));
        assert!(fits("2", 299) && !fits("2", 300));
        assert!(fits("rstatus ok", 500));
    }
}
