//! Scripts as written and as meant.

use super::*;

#[test]
fn every_step_can_be_written() {
    let script = Script::from_toml(
        r#"
        receive_buffer = 4096
        connections = [
          ["read_head", "read_body", { read = 5 }, "read_record", { send = 'a\r\n\x00\xff' }, "reset"],
          [{ repeat = { text = "x", times = 3 } }, { drip = { text = "ab", every = "10ms" } }, { answer = "ok" },
           "echo", { wait = "2s" }, "close", "shutdown_write", "hang", { tls = { certificate = "expired" } },
           { tls_alert = 40 }, "close_without_notify", { loop = { times = 2, steps = ["read_head"] } }],
        ]"#,
    )
    .expect("all steps are known");
    assert_eq!(script.steps(0).len(), 6);
    assert_eq!(script.steps(0)[4], Step::Send(Octets(b"a\r\n\x00\xff".to_vec())));
    assert_eq!(script.steps(1), script.steps(7), "the last list serves all further connections");
    assert_eq!(script.steps(1)[4], Step::Wait(Span(Duration::from_secs(2))));
}

#[test]
fn a_script_without_steps_is_refused() {
    for text in ["", "connections = []", "steps = []\nconnections = [[]]", "steps = [\"jump\"]"] {
        assert!(Script::from_toml(text).is_err(), "{text}");
    }
}

#[test]
fn durations_need_a_unit() {
    for text in ["5", "s", "1h", "-1s", "1.5s"] {
        assert!(span::duration(text).is_err(), "{text}");
    }
}

#[test]
fn unknown_escapes_are_refused() {
    for text in [r"\q", r"\x1", "end\\"] {
        assert!(escape::octets(text).is_err(), "{text}");
    }
}
