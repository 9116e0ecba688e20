//! The checks of the areas "dns" and "client" against real name servers: knot and unbound in a machine of its own.
//!
//! Each test breaks one thing and asks which findings come of it, best first. Tests without root or without the programs
//! say "SKIPPED" and pass.

mod world;

use std::net::UdpSocket;
use torwart_cause::finding::Severity::{Critical, Info, Warning};
use torwart_doctor::Question;
use world::{World, expect, expect_healthy, inside};

/// The zone of the shop; its web server is at 127.0.0.80.
fn shop(serial: u32, address: &str) -> String {
    format!(
        "@ SOA ns1 me {serial} 60 60 600 5\n@ NS ns1\n@ NS ns2\nns1 A 127.0.0.21\nns2 A 127.0.0.22\n\
         www A {address}\napp A {address}\ntext TXT hello\ngone CNAME nowhere.example.\none CNAME two\ntwo CNAME one\n\
         six AAAA ::1\nsix A 127.0.0.80\n"
    )
}

fn usual(_question: &mut Question) {}

const SITE: &str = "http://www.shop.example:8080/";

fn healthy(world: &mut World) {
    world.internet(&shop(1, "127.0.0.80"));
    world.web("127.0.0.80:8080");
}

#[test]
fn a_healthy_name_is_healthy() {
    inside("a_healthy_name_is_healthy", |world| {
        healthy(world);
        expect_healthy(&world.examine(SITE, usual));
    });
}

#[test]
fn a_private_zone_without_a_root_is_healthy() {
    inside("a_private_zone_without_a_root_is_healthy", |world| {
        world.unbound("  local-zone: \"corp.internal.\" static\n  local-data: \"shop.corp.internal. 60 A 127.0.0.80\"\n");
        world.web("127.0.0.80:8080");
        expect_healthy(&world.examine("http://shop.corp.internal:8080/", usual));
    });
}

#[test]
fn a_typing_mistake_is_an_unknown_name_below_the_zone_that_exists() {
    inside("a_typing_mistake_is_an_unknown_name_below_the_zone_that_exists", |world| {
        healthy(world);
        let findings = world.examine("http://wwww.shop.example:8080/", usual);
        expect(&findings, "dns.name_unknown", Critical, &[]);
        assert!(format!("{:?}", findings[0].evidence).contains("shop.example"), "{findings:?}");
    });
}

#[test]
fn a_name_with_other_records_has_no_address() {
    inside("a_name_with_other_records_has_no_address", |world| {
        healthy(world);
        expect(&world.examine("http://text.shop.example:8080/", usual), "dns.no_address", Critical, &[]);
    });
}

#[test]
fn an_alias_into_the_void_dangles() {
    inside("an_alias_into_the_void_dangles", |world| {
        healthy(world);
        expect(&world.examine("http://gone.shop.example:8080/", usual), "dns.dangling_cname", Critical, &[]);
    });
}

#[test]
fn aliases_in_a_circle_are_a_loop() {
    inside("aliases_in_a_circle_are_a_loop", |world| {
        healthy(world);
        let findings = world.examine("http://one.shop.example:8080/", usual);
        expect(&findings, "dns.cname_loop", Critical, &["dns.servfail"]);
    });
}

#[test]
fn one_server_without_the_zone_is_lame() {
    inside("one_server_without_the_zone_is_lame", |world| {
        world.roots();
        world.knot("127.0.0.21", &[("shop.example", &shop(1, "127.0.0.80"))]);
        world.knot("127.0.0.22", &[]);
        world.unbound("");
        world.web("127.0.0.80:8080");
        expect(&world.examine(SITE, usual), "dns.lame", Warning, &[]);
    });
}

#[test]
fn no_server_with_the_zone_makes_the_name_fail() {
    inside("no_server_with_the_zone_makes_the_name_fail", |world| {
        world.roots();
        world.knot("127.0.0.21", &[]);
        world.knot("127.0.0.22", &[]);
        world.unbound("");
        expect(&world.examine(SITE, usual), "dns.lame", Critical, &["dns.servfail"]);
    });
}

#[test]
fn a_dead_server_of_the_zone_is_a_warning() {
    inside("a_dead_server_of_the_zone_is_a_warning", |world| {
        world.roots();
        world.knot("127.0.0.21", &[("shop.example", &shop(1, "127.0.0.80"))]);
        world.unbound("");
        world.web("127.0.0.80:8080");
        expect(&world.examine(SITE, usual), "dns.authority_dead", Warning, &[]);
    });
}

#[test]
fn servers_of_different_age_disagree_once_it_hurts() {
    inside("servers_of_different_age_disagree_once_it_hurts", |world| {
        healthy(world);
        world.change("127.0.0.22", "shop.example", &shop(2, "127.0.0.80"));
        expect_healthy(&world.examine(SITE, usual));
        world.change("127.0.0.21", "shop.example", &shop(3, "127.0.0.80"));
        world.change("127.0.0.22", "shop.example", &shop(2, "127.0.0.81"));
        expect(&world.examine(SITE, usual), "dns.authorities_disagree", Critical, &["dns.cache_stale"]);
    });
}

#[test]
fn a_cache_with_the_dead_old_address_is_stale() {
    inside("a_cache_with_the_dead_old_address_is_stale", |world| {
        world.internet(&shop(1, "127.0.0.81"));
        world.web("127.0.0.80:8080");
        let before = world.examine(SITE, usual);
        assert!(before.iter().all(|finding| finding.kind.id != "dns.cache_stale"), "{before:?}");
        for server in ["127.0.0.21", "127.0.0.22"] {
            world.change(server, "shop.example", &shop(2, "127.0.0.80"));
        }
        expect(&world.examine(SITE, usual), "dns.cache_stale", Critical, &[]);
    });
}

#[test]
fn a_cache_that_remembers_a_name_as_unknown_is_stale() {
    inside("a_cache_that_remembers_a_name_as_unknown_is_stale", |world| {
        let before = shop(1, "127.0.0.80").replace("www A 127.0.0.80\n", "").replace("600 5\n", "600 60\n");
        world.internet(&before);
        world.web("127.0.0.80:8080");
        expect(&world.examine(SITE, usual), "dns.name_unknown", Critical, &[]);
        for server in ["127.0.0.21", "127.0.0.22"] {
            world.change(server, "shop.example", &shop(2, "127.0.0.80"));
        }
        expect(&world.examine(SITE, usual), "dns.cache_stale", Critical, &[]);
    });
}

#[test]
fn a_zone_whose_parent_is_out_of_reach_is_still_looked_at() {
    inside("a_zone_whose_parent_is_out_of_reach_is_still_looked_at", |world| {
        // The resolver is told where the zone is; the root it would ask otherwise does not exist.
        world.knot("127.0.0.21", &[("shop.example", &shop(1, "127.0.0.80"))]);
        world.knot("127.0.0.22", &[]);
        world.unbound("stub-zone:\n  name: \"shop.example\"\n  stub-addr: 127.0.0.21\n");
        world.web("127.0.0.80:8080");
        expect(&world.examine(SITE, usual), "dns.lame", Warning, &[]);
    });
}

#[test]
fn a_long_answer_without_tcp_is_cut() {
    inside("a_long_answer_without_tcp_is_cut", |world| {
        let cutting = UdpSocket::bind("127.0.0.96:53").expect("the address is free");
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((count, from)) = cutting.recv_from(&mut buffer) {
                // The question back, as an answer that was cut.
                buffer[2] |= 0x82;
                let _ = cutting.send_to(&buffer[..count], from);
            }
        });
        world.resolv_conf("nameserver 127.0.0.96\noptions timeout:1 attempts:1\n");
        expect(&world.examine(SITE, usual), "dns.tcp_blocked", Critical, &[]);
    });
}

#[test]
fn signatures_that_do_not_hold_are_found_out_without_checks() {
    inside("signatures_that_do_not_hold_are_found_out_without_checks", |world| {
        world.roots();
        for server in ["127.0.0.21", "127.0.0.22"] {
            world.knot(server, &[("shop.example", &shop(1, "127.0.0.80"))]);
        }
        // The anchor promises a signed zone; the zone is not signed.
        let digest = "49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE4A5A3C7C6B6B4F0D7D5B2F6A";
        world.unbound(&format!("  trust-anchor: \"shop.example. DS 12345 13 2 {digest}\"\n"));
        world.web("127.0.0.80:8080");
        expect(&world.examine(SITE, usual), "dns.dnssec_bogus", Critical, &[]);
    });
}

#[test]
fn a_dead_name_server_in_front_is_a_warning_and_alone_a_disaster() {
    inside("a_dead_name_server_in_front_is_a_warning_and_alone_a_disaster", |world| {
        healthy(world);
        let _silent = UdpSocket::bind("127.0.0.99:53").expect("the address is free");
        world.resolv_conf("nameserver 127.0.0.99\nnameserver 127.0.0.53\n");
        expect(&world.examine(SITE, usual), "dns.resolver_dead", Warning, &[]);
        world.resolv_conf("nameserver 127.0.0.53\nnameserver 127.0.0.99\n");
        expect_healthy(&world.examine(SITE, usual));
        world.resolv_conf("nameserver 127.0.0.99\noptions timeout:1 attempts:1\n");
        expect(&world.examine(SITE, usual), "dns.resolver_dead", Critical, &[]);
    });
}

#[test]
fn a_server_that_only_serves_its_zones_refuses_to_resolve() {
    inside("a_server_that_only_serves_its_zones_refuses_to_resolve", |world| {
        healthy(world);
        world.knot("127.0.0.98", &[]);
        world.resolv_conf("nameserver 127.0.0.98\noptions timeout:1 attempts:1\n");
        expect(&world.examine(SITE, usual), "dns.resolver_refuses", Critical, &[]);
    });
}

#[test]
fn a_forgotten_line_in_the_hosts_file_hurts_only_when_it_is_dead() {
    inside("a_forgotten_line_in_the_hosts_file_hurts_only_when_it_is_dead", |world| {
        healthy(world);
        world.hosts("127.0.0.1 localhost\n127.0.0.82 www.shop.example\n");
        let findings = world.examine(SITE, usual);
        expect(&findings, "client.hosts_override", Critical, &[]);
        assert_eq!(findings[0].place.file, Some(("/etc/hosts".to_owned(), 2)));
        world.web("127.0.0.82:8080");
        let findings = world.examine(SITE, usual);
        expect_healthy(&findings);
        assert!(
            findings.iter().any(|it| it.kind.id == "client.hosts_override" && it.severity == Info),
            "{findings:?}"
        );
    });
}

#[test]
fn an_address_the_users_own_resolver_alone_has_lost_is_a_split() {
    inside("an_address_the_users_own_resolver_alone_has_lost_is_a_split", |world| {
        healthy(world);
        let inner = "@ SOA ns me 9 60 60 600 5\n@ NS ns\nns A 127.0.0.97\nwww A 127.0.0.83\n";
        world.knot("127.0.0.97", &[("shop.example", inner)]);
        world.resolv_conf("nameserver 127.0.0.97\n");
        let ask_outside =
            |question: &mut Question| question.resolvers.push("127.0.0.53:53".parse().expect("an address"));
        expect(&world.examine(SITE, ask_outside), "dns.split_horizon", Critical, &[]);
    });
}

#[test]
fn a_name_completed_by_the_search_list_is_said_to_be() {
    inside("a_name_completed_by_the_search_list_is_said_to_be", |world| {
        healthy(world);
        world.resolv_conf("nameserver 127.0.0.53\nsearch shop.example\n");
        let findings = world.examine("http://www:8080/", usual);
        expect_healthy(&findings);
        assert!(findings.iter().any(|it| it.kind.id == "dns.search_domain"), "{findings:?}");
    });
}

#[test]
fn a_dead_ipv6_address_beside_a_living_ipv4_one_is_a_warning() {
    inside("a_dead_ipv6_address_beside_a_living_ipv4_one_is_a_warning", |world| {
        healthy(world);
        expect(&world.examine("http://six.shop.example:8080/", usual), "dns.ipv6_dead", Warning, &[]);
        world.web("[::1]:8080");
        expect_healthy(&world.examine("http://six.shop.example:8080/", usual));
    });
}

#[test]
fn an_upstreams_name_that_nobody_knows_is_the_gateways_matter() {
    inside("an_upstreams_name_that_nobody_knows_is_the_gateways_matter", |world| {
        world.internet(&shop(1, "127.0.0.80"));
        world.web_says("127.0.0.80:8080", 502);
        let with = |upstream: &'static str| {
            move |question: &mut Question| question.upstreams.push(upstream.parse().expect("an upstream"))
        };
        let findings = world.examine(SITE, with("http://ap.shop.example:8080"));
        expect(&findings, "dns.upstream_unresolvable", Critical, &[]);
        // A container's name means nothing here, and may mean all where the gateway runs.
        expect_healthy(&world.examine(SITE, with("http://app:3000")));
        expect_healthy(&world.examine(SITE, with("http://app.shop.example:8080")));
    });
}

#[test]
fn a_gateway_that_remembers_an_old_address_is_stale() {
    inside("a_gateway_that_remembers_an_old_address_is_stale", |world| {
        if !world::exists("nginx") {
            world::skipped("nginx");
            return;
        }
        let zone = |serial: u32, app: &str| {
            let usual = shop(serial, "127.0.0.1").replace("app A 127.0.0.1", "");
            format!("{usual}app 0 A {app}\n")
        };
        world.internet(&zone(1, "127.0.0.81"));
        let folder = world.folder().display().to_string();
        let conf = world.file(
            "nginx.conf",
            &format!(
                "daemon off;\nuser root;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n  \
                 access_log {folder}/access.log;\n  server {{\n    listen 127.0.0.1:8080;\n    \
                 server_name www.shop.example;\n    location / {{\n      \
                 proxy_pass http://app.shop.example:3000;\n    }}\n  }}\n}}\n"
            ),
        );
        world.start("nginx", &["-c", &conf.display().to_string()]);
        world::listens("127.0.0.1:8080");
        world.web("127.0.0.80:3000");
        for server in ["127.0.0.21", "127.0.0.22"] {
            world.change(server, "shop.example", &zone(2, "127.0.0.80"));
        }
        world::visit("127.0.0.1:8080", "www.shop.example");
        let findings = world.examine(SITE, |question: &mut Question| {
            question.config = Some(conf.clone());
            question.logs = vec![world.folder().join("error.log")];
        });
        expect(&findings, "dns.stale_in_proxy", Critical, &[]);
        let finding = &findings[0];
        assert!(finding.place.file.as_ref().is_some_and(|(_, line)| *line == 12), "{:?}", finding.place);
        assert!(finding.fixes[0].after.contains("resolver 127.0.0.53 valid=10s;"), "{:?}", finding.fixes);
    });
}

#[test]
fn a_gateway_with_a_name_server_of_its_own_is_asked_in_its_place() {
    inside("a_gateway_with_a_name_server_of_its_own_is_asked_in_its_place", |world| {
        world.internet(&shop(1, "127.0.0.80"));
        world.web_says("127.0.0.80:8080", 502);
        let conf = |server: &str, name: &str| {
            format!(
                "events {{}}\nhttp {{\n  resolver {server};\n  server {{\n    listen 8080;\n    server_name www.shop.example;\n    \
                 location / {{\n      set $app {name};\n      proxy_pass http://$app:8080;\n    }}\n  }}\n}}\n"
            )
        };
        let examine = |server: &str, name: &str| {
            let file = world.file("nginx.conf", &conf(server, name));
            world.examine(SITE, |question: &mut Question| question.config = Some(file))
        };
        expect_healthy(&examine("127.0.0.53", "app.shop.example"));
        // Loopback means the gateway's own machine, which need not be this one.
        expect_healthy(&examine("127.0.0.53", "ap.shop.example"));
    });
}

#[test]
fn a_dead_proxy_in_the_environment_is_the_visitors_own() {
    inside("a_dead_proxy_in_the_environment_is_the_visitors_own", |world| {
        healthy(world);
        let proxied = |no_proxy: &'static str| {
            move |question: &mut Question| {
                question.environment = vec![
                    ("http_proxy".to_owned(), "http://127.0.0.90:3128".to_owned()),
                    ("no_proxy".to_owned(), no_proxy.to_owned()),
                ];
            }
        };
        expect(&world.examine(SITE, proxied("localhost")), "client.proxy_fails", Critical, &[]);
        expect_healthy(&world.examine(SITE, proxied("localhost,.example")));
    });
}

#[test]
fn a_login_page_of_the_network_is_not_the_site() {
    inside("a_login_page_of_the_network_is_not_the_site", |world| {
        world.internet(&shop(1, "127.0.0.80"));
        world.web_says("127.0.0.80:8080", 511);
        expect(&world.examine(SITE, usual), "client.captive_portal", Critical, &[]);
    });
}

#[test]
fn a_machine_without_addresses_has_no_network() {
    inside("a_machine_without_addresses_has_no_network", |world| {
        world.resolv_conf("nameserver 10.0.0.1\noptions timeout:1 attempts:1\n");
        let findings = world.examine(SITE, usual);
        expect(&findings, "client.no_network", Critical, &["dns.resolver_dead"]);
    });
}
