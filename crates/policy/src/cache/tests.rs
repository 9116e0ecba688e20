//! Each "must" and "should" of RFC 9111 for a shared cache, as tables of heads and what follows from them.

use std::time::Duration;

use torwart_config::plan::{CacheRules, KeyPart};
use torwart_wire::Head;

use super::conditional::{Sent, judge};
use super::status::{Handled, Reason, Said};
use super::*;

/// Half past two on the day the RFC came out: a Monday in June.
const NOW: u64 = 1_654_525_800;
const DATE: &str = "Mon, 06 Jun 2022 14:30:00 GMT";

fn now() -> Duration {
    Duration::from_secs(NOW)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn rules() -> CacheRules {
    CacheRules { stale_if_error: Duration::ZERO, ..CacheRules::default() }
}

fn fill(mut head: Head, fields: &str) -> Head {
    for (name, value) in fields.split(" | ").filter_map(|line| line.split_once(": ")) {
        head.push_field(name.as_bytes(), value.as_bytes());
    }
    head
}

/// An answer with these fields, `name: value` each, between ` | `.
fn answer(fields: &str) -> Head {
    fill(Head::response(b"OK"), fields)
}

fn request(fields: &str) -> Head {
    fill(Head::request(b"GET", b"/a?b=1"), &format!("Host: shop.example | {fields}"))
}

fn judged(status: u16, asked: &str, said: &str, rules: &CacheRules) -> Result<Freshness, Refused> {
    let (head, request) = (answer(said), request(asked));
    storable(&Answered {
        status,
        head: &head,
        request: &request,
        is_authorized: false,
        rules,
        received: now(),
        delay: Duration::ZERO,
    })
}

#[track_caller]
fn kept(status: u16, asked: &str, said: &str, lifetime: u64) {
    let freshness = judged(status, asked, said, &rules());
    assert_eq!(
        freshness.map(|freshness| freshness.lifetime.as_secs()),
        Ok(lifetime),
        "{status} {asked} {said}"
    );
}

#[track_caller]
fn refused(status: u16, asked: &str, said: &str, why: Refused) {
    assert_eq!(judged(status, asked, said, &rules()).err(), Some(why), "{status} {asked} {said}");
}

#[test]
fn what_says_how_long_it_is_fresh_is_kept() {
    kept(200, "", "Cache-Control: max-age=60", 60);
    kept(200, "", "cache-control: MAX-AGE=60", 60);
    kept(200, "", "Cache-Control: max-age=\"60\"", 60);
    kept(200, "", "Cache-Control: foo=\"a, max-age=5\", max-age=60", 60);
    kept(200, "", "Cache-Control: s-maxage=30, max-age=60", 30);
    kept(200, "", &format!("Date: {DATE} | Expires: Mon, 06 Jun 2022 14:35:00 GMT"), 300);
    kept(200, "", "Cache-Control: max-age=60 | Expires: Mon, 06 Jun 2022 15:00:00 GMT", 60);
    kept(500, "", "Cache-Control: max-age=60", 60);
    kept(599, "", "Cache-Control: max-age=60", 60);
    kept(302, "", "Cache-Control: max-age=60", 60);
}

#[test]
fn the_first_of_two_and_the_largest_number_count() {
    kept(200, "", "Cache-Control: max-age=60, max-age=5", 60);
    kept(200, "", "Cache-Control: max-age=99999999999999999999", 1 << 31);
    kept(200, "", "Cache-Control: max-age=4294967296", 1 << 31);
}

#[test]
fn freshness_that_cannot_be_read_is_none() {
    for wrong in [
        "max-age=a",
        "max-age=-1",
        "max-age=60.5",
        "max-age=",
        "max-age",
        "max-age=1 2",
        "s-maxage=x, max-age=60",
    ] {
        kept(200, "", &format!("ETag: \"1\" | Cache-Control: {wrong}"), 0);
    }
    for wrong in ["0", "-1", "tomorrow", "Mon, 06 Jun 2022 14:35:00 EST"] {
        kept(200, "", &format!("ETag: \"1\" | Date: {DATE} | Expires: {wrong}"), 0);
    }
    let two = "Expires: Mon, 06 Jun 2022 14:35:00 GMT | Expires: Mon, 06 Jun 2022 14:45:00 GMT";
    kept(200, "", &format!("ETag: \"1\" | Date: {DATE} | {two}"), 0);
}

#[test]
fn freshness_is_guessed_from_the_last_change_where_it_may_be() {
    let said = format!("Date: {DATE} | Last-Modified: Mon, 06 Jun 2022 13:30:00 GMT");
    for status in [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501] {
        kept(status, "", &said, 360);
    }
    for status in [201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504] {
        refused(status, "", &said, Refused::Status);
        kept(status, "", &format!("{said} | Cache-Control: public"), 360);
    }
    kept(200, "", &format!("Date: {DATE} | Last-Modified: Mon, 06 Jun 2011 13:30:00 GMT"), 86_400);
    kept(200, "", &format!("Date: {DATE} | Last-Modified: Mon, 06 Jun 2032 13:30:00 GMT"), 0);
}

#[test]
fn parts_and_unchanged_answers_are_no_whole_ones() {
    refused(206, "", "Cache-Control: max-age=60", Refused::Status);
    refused(304, "", "Cache-Control: max-age=60", Refused::Status);
}

#[test]
fn what_must_not_be_kept_is_not() {
    refused(200, "", "Cache-Control: no-store, max-age=60", Refused::NoStore);
    refused(200, "", "Cache-Control: No-Store", Refused::NoStore);
    refused(200, "Cache-Control: no-store", "Cache-Control: max-age=60", Refused::NoStore);
    refused(200, "", "Cache-Control: private, max-age=60", Refused::Private);
    refused(200, "", "Cache-Control: max-age=60 | Cache-Control: private", Refused::Private);
    refused(200, "", "Cache-Control: max-age=60 | Vary: *", Refused::VariesByAll);
    refused(200, "", "Cache-Control: max-age=60 | Vary: Accept, *", Refused::VariesByAll);
    refused(200, "", "Content-Type: text/html", Refused::Useless);
    refused(200, "", "Cache-Control: no-cache", Refused::Useless);
}

#[test]
fn must_understand_beats_no_store_where_the_status_is_understood() {
    kept(200, "", "Cache-Control: must-understand, no-store, max-age=60", 60);
    refused(599, "", "Cache-Control: must-understand, max-age=60", Refused::Status);
}

#[test]
fn authorized_requests_need_an_answer_that_is_for_all() {
    let asked = "Authorization: Basic eDp5";
    refused(200, asked, "Cache-Control: max-age=60", Refused::Authorized);
    kept(200, asked, "Cache-Control: public, max-age=60", 60);
    kept(200, asked, "Cache-Control: must-revalidate, max-age=60", 60);
    kept(200, asked, "Cache-Control: s-maxage=60", 60);
    let (head, request, rules) = (answer("Cache-Control: max-age=60"), request(""), rules());
    let asked = Answered {
        status: 200,
        head: &head,
        request: &request,
        is_authorized: true,
        rules: &rules,
        received: now(),
        delay: Duration::ZERO,
    };
    assert_eq!(storable(&asked), Err(Refused::Authorized));
}

#[test]
fn an_answer_with_a_cookie_is_kept_only_where_it_says_that_it_is_for_all() {
    refused(200, "", "Set-Cookie: a=b | Cache-Control: max-age=60", Refused::SetsCookie);
    kept(200, "", "Set-Cookie: a=b | Cache-Control: public, max-age=60", 60);
    kept(200, "", "Set-Cookie: a=b | Cache-Control: max-age=60, no-cache=\"set-cookie\"", 60);
}

#[test]
fn fields_that_are_named_are_left_out() {
    let head = answer("Cache-Control: no-cache=\"x-one\", private=\"X-Two, x-three\", max-age=60");
    let keeps = kept_fields(&head);
    for (name, is_kept) in [
        ("x-one", false),
        ("X-Two", false),
        ("x-three", false),
        ("x-four", true),
        ("Connection", false),
        ("Keep-Alive", false),
        ("Age", false),
        ("Content-Type", true),
        ("Set-Cookie", true),
    ] {
        assert_eq!(keeps(name.as_bytes()), is_kept, "{name}");
    }
    kept(200, "", "Cache-Control: private=\"x-two\", max-age=60", 60);
}

#[test]
fn a_field_for_caches_like_us_beats_the_others() {
    kept(200, "", "CDN-Cache-Control: max-age=600 | Cache-Control: no-store", 600);
    kept(200, "", "CDN-Cache-Control: max-age=600 | Expires: 0", 600);
    refused(200, "", "CDN-Cache-Control: no-store | Cache-Control: max-age=60", Refused::NoStore);
    refused(200, "", "CDN-Cache-Control: private | Cache-Control: max-age=60", Refused::Private);
    // One that cannot be read, or is empty, is as good as none.
    kept(200, "", "CDN-Cache-Control: Max-Age=600 | Cache-Control: max-age=60", 60);
    kept(200, "", "CDN-Cache-Control: max-age=600 x | Cache-Control: max-age=60", 60);
    kept(200, "", "CDN-Cache-Control:  | Cache-Control: max-age=60", 60);
    kept(200, "", "CDN-Cache-Control: max-age=600;a=b;c, x=(1 2) | Cache-Control: no-store", 600);
    // The type is wrong, so it says nothing about freshness, and nothing else counts.
    kept(200, "", "ETag: \"1\" | CDN-Cache-Control: max-age=\"600\" | Cache-Control: max-age=60", 0);
}

#[test]
fn negative_answers_are_kept_as_long_as_the_operator_says() {
    let rules = CacheRules { negative: secs(10), ..rules() };
    for (status, lifetime) in [(404, Some(10)), (410, Some(10)), (501, Some(10)), (500, None), (503, None)] {
        let kept =
            judged(status, "", "Content-Type: text/html", &rules).ok().map(|kept| kept.lifetime.as_secs());
        assert_eq!(kept, lifetime, "{status}");
    }
    assert_eq!(judged(404, "", "Cache-Control: max-age=5", &rules).map(|kept| kept.lifetime), Ok(secs(5)));
}

fn stored(said: &str, rules: &CacheRules) -> Freshness {
    judged(200, "", &format!("ETag: \"1\" | {said}"), rules).unwrap_or_else(|why| panic!("{said}: {why:?}"))
}

#[test]
fn the_age_is_what_it_says_or_what_its_date_says_whichever_is_more() {
    for (said, delay, age) in [
        ("Cache-Control: max-age=60", 0, 0),
        ("Cache-Control: max-age=60 | Age: 10", 0, 10),
        ("Cache-Control: max-age=60 | Age: 10", 3, 13),
        ("Cache-Control: max-age=60 | Age: 10, 40", 0, 10),
        ("Cache-Control: max-age=60 | Age: x", 0, 0),
        ("Cache-Control: max-age=60 | Age: -1", 0, 0),
        ("Cache-Control: max-age=60 | Date: Mon, 06 Jun 2022 14:29:30 GMT", 0, 30),
        ("Cache-Control: max-age=60 | Date: Mon, 06 Jun 2022 14:29:30 GMT | Age: 40", 0, 40),
        ("Cache-Control: max-age=60 | Date: Mon, 06 Jun 2022 15:29:30 GMT", 0, 0),
    ] {
        let (head, request, rules) = (answer(said), request(""), rules());
        let freshness = storable(&Answered {
            status: 200,
            head: &head,
            request: &request,
            is_authorized: false,
            rules: &rules,
            received: now(),
            delay: secs(delay),
        })
        .unwrap();
        assert_eq!(freshness.age(now()).as_secs(), age, "{said}");
        assert_eq!(freshness.age(now() + secs(7)).as_secs(), age + 7, "{said}");
        // A clock that was set back makes nothing younger.
        assert_eq!(freshness.age(now() - secs(7)).as_secs(), age, "{said}");
    }
}

/// What a stored answer is good for after so many seconds.
#[track_caller]
fn used(said: &str, asked: &str, after: u64, expected: Use) {
    let wishes = Wishes::of(&request(asked), true);
    assert_eq!(
        stored(said, &rules()).judge(&wishes, now() + secs(after)),
        expected,
        "{said} {asked} {after}"
    );
}

#[test]
fn a_stored_answer_is_used_while_it_is_fresh() {
    used("Cache-Control: max-age=60", "", 59, Use::Fresh);
    used("Cache-Control: max-age=60", "", 60, Use::Validate);
    used("Cache-Control: max-age=60 | Age: 50", "", 9, Use::Fresh);
    used("Cache-Control: max-age=60 | Age: 50", "", 10, Use::Validate);
    used("Cache-Control: no-cache, max-age=60", "", 0, Use::Validate);
}

#[test]
fn what_the_client_wants_counts() {
    let said = "Cache-Control: max-age=60";
    used(said, "Cache-Control: no-cache", 0, Use::Validate);
    used(said, "Pragma: no-cache", 0, Use::Validate);
    used(said, "Pragma: no-cache | Cache-Control: foo", 0, Use::Fresh);
    used(said, "Cache-Control: max-age=10", 10, Use::Fresh);
    used(said, "Cache-Control: max-age=10", 11, Use::Validate);
    used(said, "Cache-Control: min-fresh=20", 40, Use::Fresh);
    used(said, "Cache-Control: min-fresh=20", 41, Use::Validate);
    used(said, "Cache-Control: max-stale=20", 80, Use::Accepted);
    used(said, "Cache-Control: max-stale=20", 81, Use::Validate);
    used(said, "Cache-Control: max-stale", 9999, Use::Accepted);
    used(said, "Cache-Control: max-age=10, max-stale", 15, Use::Fresh);
    let deaf = Wishes::of(&request("Cache-Control: no-cache, only-if-cached, no-store"), false);
    assert_eq!((deaf.no_cache, deaf.only_if_cached, deaf.no_store), (false, true, true));
}

#[test]
fn stale_is_forbidden_whatever_the_client_accepts() {
    for said in
        ["must-revalidate, max-age=60", "proxy-revalidate, max-age=60", "s-maxage=60", "no-cache, max-age=60"]
    {
        used(&format!("Cache-Control: {said}"), "Cache-Control: max-stale=1000", 61, Use::Validate);
    }
}

#[test]
fn stale_goes_out_while_it_is_fetched_anew_where_the_answer_or_the_operator_says_so() {
    used("Cache-Control: max-age=60, stale-while-revalidate=30", "", 89, Use::WhileRevalidate);
    used("Cache-Control: max-age=60, stale-while-revalidate=30", "", 90, Use::Validate);
    used("Cache-Control: s-maxage=60, stale-while-revalidate=30", "", 89, Use::WhileRevalidate);
    used("Cache-Control: max-age=60, must-revalidate, stale-while-revalidate=30", "", 61, Use::Validate);
    let rules = CacheRules { stale_while_revalidate: secs(30), ..rules() };
    for (said, expected) in [
        ("max-age=60", Use::WhileRevalidate),
        ("max-age=60, stale-while-revalidate=0", Use::Validate),
        ("max-age=60, must-revalidate", Use::Validate),
        ("s-maxage=60", Use::Validate),
    ] {
        let freshness = stored(&format!("Cache-Control: {said}"), &rules);
        assert_eq!(freshness.judge(&Wishes::default(), now() + secs(70)), expected, "{said}");
    }
}

#[test]
fn stale_stands_in_for_a_failure_where_the_answer_or_the_operator_says_so_and_nothing_forbids_it() {
    let rules = CacheRules { stale_if_error: secs(100), ..rules() };
    for (said, after, stands_in, pinned) in [
        ("Cache-Control: max-age=60", 159, true, true),
        ("Cache-Control: max-age=60", 160, false, true),
        ("Cache-Control: max-age=60, stale-if-error=10", 69, true, true),
        ("Cache-Control: max-age=60, stale-if-error=10", 70, false, true),
        ("Cache-Control: max-age=60, must-revalidate", 61, false, false),
        ("Cache-Control: max-age=60, proxy-revalidate", 61, false, false),
        ("Cache-Control: s-maxage=60", 61, false, false),
        ("Cache-Control: s-maxage=60, stale-if-error=10", 61, true, true),
        ("Cache-Control: no-cache, max-age=60", 1, false, false),
        ("Cache-Control: must-revalidate, stale-if-error=10, max-age=60", 61, false, false),
        // Nobody said that it is for all: it may be one user's page.
        ("Content-Type: text/html", 1, false, true),
        ("Cache-Control: public", 1, true, true),
    ] {
        let freshness = stored(said, &rules);
        assert_eq!(freshness.may_stand_in(now() + secs(after), false), stands_in, "{said} {after}");
        assert_eq!(freshness.may_stand_in(now() + secs(after), true), pinned, "{said} {after} pinned");
    }
}

#[test]
fn the_time_to_live_goes_below_zero() {
    let freshness = stored("Cache-Control: max-age=60", &rules());
    assert_eq!(freshness.ttl(now() + secs(20)), 40);
    assert_eq!(freshness.ttl(now() + secs(80)), -20);
}

#[test]
fn requests_that_say_the_same_in_other_words_are_the_same() {
    let names =
        vary::names(&answer("Vary: Accept-Encoding, X-Kind | Vary: x-kind, Accept-Language")).unwrap();
    let names_text: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name)).collect();
    assert_eq!(names_text, ["accept-encoding", "accept-language", "x-kind"]);
    let first = request("Accept-Encoding: gzip, br | X-Kind: a, b | Accept-Language: de, en");
    let values = vary::values(&names, &first);
    for (asked, is_same) in [
        ("Accept-Encoding: br,gzip | X-Kind: a,b | Accept-Language: DE,en", true),
        ("Accept-Encoding: br;q=0.5, gzip | X-Kind: a | X-Kind: b | Accept-Language: de, en", true),
        ("Accept-Encoding: br;q=0, gzip | X-Kind: a, b | Accept-Language: de, en", false),
        ("Accept-Encoding: gzip, br | X-Kind: b, a | Accept-Language: de, en", false),
        ("Accept-Encoding: gzip, br | X-Kind: A, b | Accept-Language: de, en", false),
        ("Accept-Encoding: gzip, br | Accept-Language: de, en", false),
        ("", false),
    ] {
        assert_eq!(vary::fits(&names, &values, &request(asked)), is_same, "{asked}");
    }
    let none = vary::values(&names, &request(""));
    assert!(vary::fits(&names, &none, &request("")));
    assert!(!vary::fits(&names, &none, &request("X-Kind: ")));
    assert!(vary::fits(&[], b"", &first));
}

#[test]
fn the_key_is_the_address_without_what_makes_no_other_page() {
    let rules = CacheRules {
        ignored_query: vec!["utm_*".into(), "gclid".into()],
        key: vec![KeyPart::Cookie("currency".into()), KeyPart::Header("x-country".into())],
        ..CacheRules::default()
    };
    let key = |is_tls, host: &str, target: &str| {
        let mut out = Vec::new();
        key::write(is_tls, host.as_bytes(), target.as_bytes(), &rules, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(key(false, "Shop.Example:80", "/a?b=1&utm_source=x&c&gclid=2"), "http://shop.example/a?b=1&c");
    assert_eq!(key(true, "shop.example:443", "/a?utm_a=1"), "https://shop.example/a");
    assert_eq!(key(true, "shop.example:80", "/a?gclid2=1"), "https://shop.example:80/a?gclid2=1");
    let mut parts = Vec::new();
    let asked = request("Cookie: a=b; currency=EUR | X-Country: DE");
    key::write_parts(&rules.key, &asked, &mut parts);
    assert_eq!(parts, b"EUR\nDE,\n");
    assert_eq!(key::without_scheme(b"https://a/b"), b"a/b");
}

#[test]
fn unsafe_requests_make_their_target_and_what_their_answer_names_worthless() {
    for (said, expected) in [
        ("", vec!["/a?b=1"]),
        ("Location: /new", vec!["/a?b=1", "/new"]),
        ("Location: http://shop.example/new?x#y | Content-Location: new2", vec!["/a?b=1", "/new?x", "/new2"]),
        ("Location: HTTP://SHOP.example:80/new", vec!["/a?b=1", "/new"]),
        ("Location: //shop.example", vec!["/a?b=1", "/"]),
        ("Location: https://shop.example/new", vec!["/a?b=1"]),
        ("Location: http://other.example/new", vec!["/a?b=1"]),
        ("Content-Location: http://shop.example:81/new", vec!["/a?b=1"]),
    ] {
        let named = invalidate::targets(false, &request(""), &answer(said));
        let named: Vec<_> = named.iter().map(|target| String::from_utf8_lossy(target).into_owned()).collect();
        assert_eq!(named, expected, "{said}");
    }
    for (method, is_safe) in
        [("GET", true), ("HEAD", true), ("OPTIONS", true), ("POST", false), ("PURGE", false)]
    {
        assert_eq!(invalidate::is_safe(method.as_bytes()), is_safe, "{method}");
    }
    assert!(invalidate::has_worked(201) && invalidate::has_worked(303));
    assert!(!invalidate::has_worked(404) && !invalidate::has_worked(500));
}

#[test]
fn validation_asks_by_both_validators_and_takes_over_what_is_new() {
    let mut out = Vec::new();
    let modified = "Mon, 06 Jun 2022 13:30:00 GMT";
    let stored = answer(&format!(
        "ETag: \"1\" | Last-Modified: {modified} | Cache-Control: max-age=1 | Content-Type: text/html | X-A: 1 | X-A: 2"
    ));
    assert!(validate::write_conditions(&stored, &mut out));
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!("If-None-Match: \"1\"\r\nIf-Modified-Since: {modified}\r\n")
    );
    assert!(!validate::write_conditions(&answer(""), &mut Vec::new()));
    let update = answer("Cache-Control: max-age=9 | X-A: 3 | Content-Type: a/b | Content-Length: 0 | X-B: 4");
    let mut lines = Vec::new();
    validate::freshen(&stored, &update).copy_fields(&mut lines, |_| true);
    let expected = format!(
        "ETag: \"1\"\r\nLast-Modified: {modified}\r\nContent-Type: text/html\r\nCache-Control: max-age=9\r\nX-A: 3\r\nX-B: 4\r\n"
    );
    assert_eq!(String::from_utf8(lines).unwrap(), expected);
    for (said, is_about) in [
        ("", true),
        ("ETag: \"1\"", true),
        ("ETag: W/\"1\"", true),
        ("ETag: \"2\"", false),
        (&format!("Last-Modified: {modified}"), true),
        ("Last-Modified: Mon, 06 Jun 2022 13:30:01 GMT", false),
    ] {
        assert_eq!(validate::is_about(&stored, &answer(said)), is_about, "{said}");
    }
    for name in ["If-None-Match", "if-modified-since", "If-Range", "Range", "If-Match", "If-Unmodified-Since"]
    {
        assert!(validate::is_condition(name.as_bytes()), "{name}");
    }
    assert!(!validate::is_condition(b"Accept"));
}

#[track_caller]
fn sent(said: &str, asked: &str, expected: Sent) {
    assert_eq!(judge(&request(asked), 200, &answer(said), 100, NOW), expected, "{said} {asked}");
}

#[test]
fn a_client_that_has_it_is_told_so() {
    let said = "ETag: W/\"1\" | Last-Modified: Mon, 06 Jun 2022 13:30:00 GMT";
    sent(said, "If-None-Match: \"1\"", Sent::NotModified);
    sent(said, "If-None-Match: W/\"0\", W/\"1\"", Sent::NotModified);
    sent(said, "If-None-Match: *", Sent::NotModified);
    sent(said, "If-None-Match: \"2\"", Sent::Whole);
    sent(said, "If-None-Match: \"2\" | If-Modified-Since: Mon, 06 Jun 2022 13:30:00 GMT", Sent::Whole);
    sent(said, "If-Modified-Since: Mon, 06 Jun 2022 13:30:00 GMT", Sent::NotModified);
    sent(said, "If-Modified-Since: Mon, 06 Jun 2022 13:29:59 GMT", Sent::Whole);
    sent(said, "If-Modified-Since: yesterday", Sent::Whole);
    sent(&format!("Date: {DATE}"), &format!("If-Modified-Since: {DATE}"), Sent::NotModified);
    sent("", &format!("If-Modified-Since: {DATE}"), Sent::NotModified);
    assert_eq!(judge(&request("If-None-Match: *"), 404, &answer(said), 100, NOW), Sent::Whole);
    assert!(!conditional::is_for_us(&request("If-Match: \"1\"")));
    assert!(!conditional::is_for_us(&request(&format!("If-Unmodified-Since: {DATE}"))));
}

#[test]
fn parts_of_what_is_stored_go_out_where_the_client_knows_the_same_state() {
    let part = |start, len| Sent::Parts(vec![crate::files::range::Part { start, len }]);
    let said = "ETag: \"1\" | Last-Modified: Mon, 06 Jun 2022 13:30:00 GMT";
    sent(said, "Range: bytes=0-9", part(0, 10));
    sent(said, "Range: bytes=-5", part(95, 5));
    sent(said, "Range: bytes=200-", Sent::NotSatisfiable);
    sent(said, "Range: lines=0-9", Sent::Whole);
    sent(said, "Range: bytes=0-9 | If-Range: \"1\"", part(0, 10));
    sent(said, "Range: bytes=0-9 | If-Range: \"2\"", Sent::Whole);
    sent(said, "Range: bytes=0-9 | If-Range: W/\"1\"", Sent::Whole);
    sent(said, "Range: bytes=0-9 | If-Range: Mon, 06 Jun 2022 13:30:00 GMT", part(0, 10));
    sent(said, "Range: bytes=0-9 | If-Range: Mon, 06 Jun 2022 13:30:01 GMT", Sent::Whole);
    sent("", "Range: bytes=0-9 | If-Range: Mon, 06 Jun 2022 13:30:01 GMT", Sent::Whole);
    sent(said, "Range: bytes=0-9 | If-None-Match: \"1\"", Sent::NotModified);
}

#[test]
fn tags_are_words_or_a_list() {
    let head = answer("Surrogate-Key: a b,c | Cache-Tag: d, e f | X-Other: g");
    let all: Vec<_> = tags(&head).map(String::from_utf8_lossy).collect();
    assert_eq!(all, ["a", "b", "c", "d", "e f"]);
    assert!(tags_named(&head, b"e f") && !tags_named(&head, b"g"));
}

#[test]
fn the_status_field_says_it_in_the_words_of_the_rfc() {
    let check = |said: Said<'_>, expected: &str| {
        let mut out = Vec::new();
        said.write("torwart", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("Cache-Status: {expected}\r\n"));
    };
    check(Said { ttl: Some(40), ..Said::new(Handled::Hit) }, "torwart;hit;ttl=40");
    check(
        Said { is_stored: true, is_collapsed: true, ..Said::new(Handled::Forwarded(Reason::UriMiss)) },
        "torwart;fwd=uri-miss;stored;collapsed",
    );
    check(
        Said {
            forward_status: Some(503),
            ttl: Some(-20),
            detail: Some("stale-if-error"),
            ..Said::new(Handled::Forwarded(Reason::Stale))
        },
        "torwart;fwd=stale;fwd-status=503;ttl=-20;detail=stale-if-error",
    );
}
