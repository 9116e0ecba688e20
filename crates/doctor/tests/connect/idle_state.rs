//! A router that forgets idle connections, by its real connection tracking: after three seconds, and without a word.

use super::world::Machine::{Gateway, Host, Router};
use super::world::World;
use super::{UPSTREAM, examine_by, usual};
use torwart_cause::finding::{Finding, Severity};
use torwart_doctor::checks::time;

/// A router that lets pass what belongs to a connection it knows, and knows idle ones for this many seconds.
fn world(seconds: &str, rules: &[&str]) -> Option<World> {
    let mut world = World::new()?;
    world.serve(Gateway, "10.77.1.2:80", 200, 30);
    world.serve_on_and_on(Host, "10.77.2.2:8080");
    world.filter(Router, rules);
    world.sysctl(Router, "net/netfilter/nf_conntrack_tcp_loose", "0");
    world.sysctl(Router, "net/netfilter/nf_conntrack_tcp_timeout_established", seconds);
    Some(world)
}

fn told(findings: &[Finding]) -> Vec<(&'static str, Severity)> {
    findings.iter().map(|finding| (finding.kind.id, finding.severity)).collect()
}

#[test]
fn a_router_that_drops_what_it_has_forgotten_is_told_with_the_time() {
    let Some(world) = world("3", &["forward ct state invalid drop"]) else { return };
    let findings = examine_by(&world, time::CHECKS, UPSTREAM, usual);
    assert_eq!(told(&findings), [("firewall.idle_state_lost", Severity::Warning)]);
    let evidence = format!("{:?}", findings[0].evidence);
    assert!(
        evidence.contains("time-state-alive") && evidence.contains("ss -tino dst 10.77.2.2:8080"),
        "{evidence}"
    );
    assert!(!evidence.contains("time-state-own"), "{evidence}");
}

#[test]
fn a_router_that_resets_what_it_has_forgotten_is_another_kind() {
    let rules = ["forward ct state invalid meta l4proto tcp reject with tcp reset"];
    let Some(world) = world("3", &rules) else { return };
    let findings = examine_by(&world, time::CHECKS, UPSTREAM, usual);
    assert_eq!(told(&findings), [("firewall.idle_state_reset", Severity::Warning)]);
}

#[test]
fn a_gateway_that_forgets_idle_connections_itself_is_told_so() {
    let Some(world) = world("60", &[]) else { return };
    world.filter(Gateway, &["output ct state invalid drop"]);
    world.sysctl(Gateway, "net/netfilter/nf_conntrack_tcp_loose", "0");
    world.sysctl(Gateway, "net/netfilter/nf_conntrack_tcp_timeout_established", "3");
    let findings = examine_by(&world, time::CHECKS, UPSTREAM, usual);
    assert_eq!(told(&findings), [("firewall.idle_state_lost", Severity::Warning)]);
    assert!(format!("{:?}", findings[0].evidence).contains("time-state-own"), "{findings:?}");
}

#[test]
fn a_router_with_patience_and_one_that_loses_packets_are_no_such_thing() {
    let rules = ["forward ct state invalid drop", "forward numgen random mod 100 < 8 drop"];
    let Some(world) = world("60", &rules) else { return };
    let findings = examine_by(&world, time::CHECKS, UPSTREAM, usual);
    let told = told(&findings);
    assert!(told.iter().all(|(id, _)| !id.starts_with("firewall.idle_state")), "{told:?}");
}
