//! Cases that need a process of their own: the test runs itself once more, and only that one test.

use std::process::Command;

const ALONE: &str = "TORWART_TEST_ALONE";

/// Runs the case in a process of its own. `name` is the full name of the test that calls this.
pub(crate) fn alone(name: &str, case: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return case();
    }
    let this = std::env::current_exe().expect("the test knows its own program");
    let output = Command::new(this)
        .args([name, "--exact", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .expect("the test can run itself");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "{}\n{}", said[0], said[1]);
    assert!(said[0].contains("1 passed"), "no test is called {name}");
}
