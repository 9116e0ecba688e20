//! Whose side it is: the site and places to compare it with, behind a real router and real packet filters.

use super::world::Machine::{Gateway, Host, Router};
use super::world::World;
use super::{examine_by, usual};
use torwart_cause::finding::{Finding, Severity};
use torwart_doctor::checks::client;
use torwart_doctor::{Controls, Question};

/// The site at the host, and another server at the router's far side.
fn world() -> Option<World> {
    let mut world = World::new()?;
    world.serve(Host, "10.77.2.2:80", 200, 30);
    world.serve(Router, "10.77.2.1:8080", 200, 30);
    Some(world)
}

fn far_site(question: &mut Question) {
    question.url = "http://10.77.2.2/".parse().expect("a URL");
}

fn compared(question: &mut Question) {
    far_site(question);
    let control = "http://10.77.2.1:8080/".parse().expect("a control");
    question.controls = Controls::Named(vec![control]);
}

fn check(world: &World, change: fn(&mut Question), expected: &[(&str, Severity)]) -> Vec<Finding> {
    let findings = examine_by(world, client::CHECKS, &[], change);
    let told: Vec<_> = findings.iter().map(|finding| (finding.kind.id, finding.severity)).collect();
    assert_eq!(told, expected);
    findings
}

#[test]
fn a_machine_that_lets_nothing_out_is_at_fault_itself() {
    let Some(world) = world() else { return };
    world.filter(Gateway, &["output oif != lo drop"]);
    let findings = check(&world, compared, &[("client.offline", Severity::Critical)]);
    assert!(findings[0].confidence >= 90, "{findings:?}");
    assert!(format!("{:?}", findings[0].evidence).contains("curl -sSI 'http://10.77.2.1:8080/'"));
}

#[test]
fn where_the_control_answers_it_is_the_site() {
    let Some(world) = world() else { return };
    world.filter(Host, &["input tcp dport 80 drop"]);
    let findings = check(&world, compared, &[("client.online", Severity::Info)]);
    assert!(format!("{:?}", findings[0].evidence).contains("client-control-answers"), "{findings:?}");
}

#[test]
fn a_control_that_fails_beside_a_site_that_works_is_no_fault() {
    let Some(world) = world() else { return };
    world.filter(Router, &["input tcp dport 8080 drop"]);
    check(&world, compared, &[]);
}

#[test]
fn a_router_that_is_gone_needs_no_control() {
    let Some(world) = world() else { return };
    world.sysctl(Router, "net/ipv4/conf/all/arp_ignore", "8");
    world.ip(Gateway, "neigh flush all");
    check(&world, far_site, &[("client.offline", Severity::Critical)]);
}

#[test]
fn a_site_on_this_machine_is_compared_with_nothing() {
    let Some(mut world) = world() else { return };
    world.serve(Gateway, "10.77.1.2:80", 502, 30);
    check(&world, usual, &[]);
}
