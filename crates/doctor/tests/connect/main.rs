//! The checks of area "connect" in networks of their own: namespaces, real routes, real packet filters.
//!
//! Each test breaks one thing and asks which findings come of it, best first. Tests without the right to make namespaces
//! say "SKIPPED" and pass.

mod control;
mod idle_state;
mod world;

use std::time::Duration;
use torwart_cause::finding::{Finding, Severity};
use torwart_doctor::checks::connect::CHECKS;
use torwart_doctor::{Case, Check, Diagnosis, Question, SiteUrl};
use world::Machine::{Gateway, Host, Router, SecondRouter};
use world::World;

/// A gateway's page about a failure, so that the site itself is in order but says 502.
fn broken_site(world: &mut World) {
    world.serve(Gateway, "10.77.1.2:80", 502, 30);
}

/// Makes the area's checks from the gateway's machine.
fn examine(world: &World, upstreams: &'static [&'static str], change: fn(&mut Question)) -> Vec<Finding> {
    examine_by(world, CHECKS, upstreams, change)
}

/// Makes these checks from the gateway's machine.
fn examine_by(
    world: &World,
    checks: &'static [Check],
    upstreams: &'static [&'static str],
    change: fn(&mut Question),
) -> Vec<Finding> {
    world.on(Gateway, move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let url: SiteUrl = "http://10.77.1.2".parse().expect("a URL");
        let mut question = Question::about(url);
        question.upstreams = upstreams.iter().map(|text| text.parse().expect("an address")).collect();
        question.deadline = Duration::from_secs(30);
        change(&mut question);
        let case = Case::new(question);
        let mut diagnosis = Diagnosis::default();
        runtime.block_on(async {
            let mut running: Vec<_> = checks.iter().map(|check| (check.run)(&case)).collect();
            let mut done: Vec<_> = running.iter().map(|_| None).collect();
            std::future::poll_fn(|cx| {
                for (check, result) in running.iter_mut().zip(done.iter_mut()) {
                    if result.is_none()
                        && let std::task::Poll::Ready(checked) = check.as_mut().poll(cx)
                    {
                        *result = Some(checked);
                    }
                }
                if done.iter().all(Option::is_some) {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            })
            .await;
            diagnosis.findings.extend(done.into_iter().flatten().flat_map(|checked| checked.findings));
        });
        let made = case.budget().made();
        assert!(made.values().all(|made| made.connections <= 60), "{made:?}");
        diagnosis.rank();
        diagnosis.findings
    })
}

/// The first finding is this one, about this name or address; nothing else is as bad.
fn check(findings: &[Finding], id: &str, place: &str) {
    let told: Vec<_> = findings.iter().map(|finding| (finding.kind.id, &finding.place)).collect();
    let first = findings.first().unwrap_or_else(|| panic!("nothing was found, {id} expected"));
    assert_eq!(first.kind.id, id, "{told:?}");
    let named = [&first.place.name, &first.place.address];
    assert!(named.into_iter().flatten().any(|known| known.contains(place)), "{told:?}");
    let others = findings.iter().skip(1).filter(|other| other.severity >= Severity::Warning);
    let others: Vec<_> = others.map(|other| other.kind.id).collect();
    assert!(others.is_empty(), "besides {id}: {others:?}");
}

fn usual(_question: &mut Question) {}

const UPSTREAM: &[&str] = &["http://10.77.2.2:8080"];

#[test]
fn a_reset_is_nothing_listening() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    check(&examine(&world, UPSTREAM, usual), "connect.refused_nothing_listens", "10.77.2.2:8080");
}

#[test]
fn a_drop_on_the_host_is_a_filter() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    world.filter(Host, &["input tcp dport 8080 drop"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.drop", "10.77.2.2:8080");
}

#[test]
fn a_drop_on_the_way_is_found_behind_the_last_hop_that_answers() {
    let Some(mut world) = World::with_two_routers() else { return };
    broken_site(&mut world);
    world.filter(Router, &["forward tcp dport 8080 drop"]);
    let findings = examine(&world, UPSTREAM, usual);
    check(&findings, "firewall.drop", "10.77.2.2:8080");
    let evidence = format!("{:?}", findings[0].evidence);
    assert!(evidence.contains("10.77.1.1") && !evidence.contains("10.77.5.2"), "{evidence}");
}

#[test]
fn a_host_that_drops_everything_but_ping_is_filtered() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.filter(Host, &["input meta l4proto tcp drop"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.drop", "10.77.2.2:8080");
}

#[test]
fn silence_all_around_is_only_called_silence() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.filter(Router, &["forward ip daddr 10.77.2.2 drop"]);
    check(&examine(&world, UPSTREAM, usual), "connect.silent", "10.77.2.2:8080");
}

#[test]
fn a_reject_names_the_host_or_the_router() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.filter(Host, &["input tcp dport 8080 reject"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.reject", "10.77.2.2");
    world.filter(Router, &["forward tcp dport 8080 reject with icmp type admin-prohibited"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.reject", "10.77.1.1");
}

#[test]
fn a_reset_by_a_nearer_box_is_seen_by_its_distance() {
    let Some(mut world) = World::with_two_routers() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    world.filter(Router, &["forward tcp dport 8080 reject with tcp reset"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.reset", "10.77.2.2:8080");
}

#[test]
fn a_reset_by_the_last_router_is_seen_by_its_life() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    world.filter(Router, &["forward tcp dport 8080 reject with tcp reset"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.reset", "10.77.2.2:8080");
}

#[test]
fn our_own_filter_is_found_out_whether_it_drops_or_refuses() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    world.filter(Gateway, &["output tcp dport 8080 drop"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.own_egress", "10.77");
    world.filter(Gateway, &["output tcp dport 8081 reject"]);
    check(&examine(&world, &["10.77.2.2:8081"], usual), "firewall.own_egress", "10.77");
}

#[test]
fn a_blocked_source_is_found_by_trying_the_others() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    world.ip(Gateway, "addr add 10.77.1.3/24 dev to-gr");
    world.filter(Host, &["input ip saddr 10.77.1.2 tcp dport 8080 drop"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.source_blocked", "10.77.1.2");
}

#[test]
fn a_dead_host_is_reported_by_the_last_router_or_by_ourselves() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    check(&examine(&world, &["10.77.2.99:80"], usual), "network.host_down", "10.77.2.99:80");
    check(&examine(&world, &["10.77.1.99:80"], usual), "network.host_down", "10.77.1.99:80");
}

#[test]
fn no_route_is_told_by_whoever_lacks_it() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    check(&examine(&world, &["10.99.0.1:80"], usual), "network.no_route", "10.99.0.1");
    world.route(Gateway, "10.98.0.0/16 via 10.77.1.1");
    check(&examine(&world, &["10.98.0.1:80"], usual), "network.no_route", "10.77.1.1");
}

#[test]
fn a_router_that_says_unreachable_at_once_reads_it_from_its_table() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.route(Router, "unreachable 10.97.0.0/16");
    world.route(Gateway, "10.97.0.0/16 via 10.77.1.1");
    check(&examine(&world, &["10.97.0.1:80"], usual), "network.no_route", "10.77.1.1");
}

#[test]
fn packets_that_go_in_circles_are_a_loop() {
    let Some(mut world) = World::with_two_routers() else { return };
    broken_site(&mut world);
    world.route(Gateway, "10.96.0.0/16 via 10.77.1.1");
    world.route(Router, "10.96.0.0/16 via 10.77.5.2");
    check(&examine(&world, &["10.96.0.1:80"], usual), "network.routing_loop", "10.77.");
}

#[test]
fn large_packets_that_disappear_are_a_black_hole() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 20_000);
    // A tunnel of 1280 bytes whose ends do not say so.
    world.filter(Router, &["forward ip saddr 10.77.2.2 meta length > 1280 drop"]);
    let findings = examine(&world, UPSTREAM, usual);
    check(&findings, "network.mtu_black_hole", "10.77.2.2:8080");
    let evidence = format!("{:?}", findings[0].evidence);
    assert!(evidence.contains("1240") && evidence.contains("1280"), "{evidence}");
}

#[test]
fn a_limit_on_new_connections_is_told_from_loss() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    world.filter(Host, &["input tcp dport 8080 ct state new limit rate over 1/second burst 2 packets drop"]);
    check(&examine(&world, UPSTREAM, usual), "firewall.rate_limit", "10.77.2.2:8080");
}

#[test]
fn lost_packets_are_loss() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    world.filter(Router, &["forward numgen random mod 100 < 35 drop"]);
    let findings = examine(&world, UPSTREAM, usual);
    // Chance may let too many through; then nothing is claimed. What is claimed must be right.
    let wrong: Vec<_> = findings.iter().filter(|finding| finding.kind.id != "network.lossy").collect();
    assert!(wrong.iter().all(|finding| finding.kind.id.starts_with("network.")), "{wrong:?}");
}

#[test]
fn the_neighbour_port_that_answers_is_pointed_at() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8081", 200, 10);
    let findings = examine(&world, UPSTREAM, usual);
    assert_eq!(findings[0].kind.id, "connect.wrong_port");
    assert_eq!(findings[1].kind.id, "connect.refused_nothing_listens");
}

#[test]
fn dead_ipv6_beside_living_ipv4_is_one_finding() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    world.ip(Gateway, "addr add fd77:1::2/64 dev to-gr nodad");
    world.ip(Router, "addr add fd77:1::1/64 dev to-rg nodad");
    world.route(Gateway, "fd77::/16 via fd77:1::1");
    let findings = examine(&world, &["http://shop.test:8080"], |question| {
        for address in ["fd77:2::2", "10.77.2.2"] {
            question.resolve.push(("shop.test".into(), 8080, address.parse().expect("an address")));
        }
    });
    check(&findings, "network.ipv6_broken", "shop.test");
}

#[test]
fn one_dead_upstream_of_two_is_a_warning() {
    let Some(mut world) = World::new() else { return };
    broken_site(&mut world);
    world.serve(Host, "10.77.2.2:8080", 200, 10);
    let findings = examine(&world, &["10.77.2.2:8080", "10.77.2.2:9999"], usual);
    check(&findings, "connect.refused_nothing_listens", "10.77.2.2:9999");
    assert_eq!(findings[0].severity, Severity::Warning);
}

#[test]
fn a_careful_but_healthy_host_is_no_finding() {
    let Some(mut world) = World::with_two_routers() else { return };
    world.serve(Gateway, "10.77.1.2:80", 200, 30);
    world.serve(Host, "10.77.2.2:8080", 200, 20_000);
    // No ping, no other port, routers that keep silent.
    world.filter(Host, &["input tcp dport 8080 accept", "input ct state established accept", "input drop"]);
    world.filter(Router, &["output icmp type time-exceeded drop"]);
    world.filter(SecondRouter, &["output icmp type time-exceeded drop"]);
    let findings = examine(&world, UPSTREAM, usual);
    let told: Vec<_> = findings.iter().map(|finding| finding.kind.id).collect();
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn an_upstream_that_only_the_gateway_reaches_is_no_fault_of_a_good_site() {
    let Some(mut world) = World::new() else { return };
    world.serve(Gateway, "10.77.1.2:80", 200, 30);
    world.filter(Host, &["input tcp dport 8080 drop"]);
    let findings = examine(&world, UPSTREAM, usual);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Info), "{findings:?}");
}
