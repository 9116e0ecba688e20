//! The operator's program that sets and removes records in DNS.
//!
//! It is called as `COMMAND… set|remove RECORD VALUE`, with the same in `TORWART_ACTION`, `TORWART_RECORD`,
//! `TORWART_VALUE` and the name to prove in `TORWART_NAME`. Exit status 0 means that it is done. It has a deadline, and
//! when that has passed, or nobody waits any more, everything that it started is ended with it.

use rustix::process::{Pid, Signal, kill_process_group};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use torwart_config::plan::DnsHook;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Set,
    Remove,
}

/// How a call went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HookFault {
    /// It could not be started.
    Start(String),
    /// It ended with this status, having said this.
    Status(i32, String),
    /// It did not end in time.
    Deadline(Duration),
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Remove => "remove",
        }
    }
}

/// Calls the program and waits for it.
pub(crate) async fn call(hook: &DnsHook, action: Action, name: &str, value: &str) -> Result<(), HookFault> {
    let record = record_of(name);
    let Some((program, arguments)) = hook.command.split_first() else {
        return Err(HookFault::Start("no program".to_owned()));
    };
    let mut child = Command::new(&**program)
        .args(arguments.iter().map(|argument| &**argument))
        .args([action.name(), &record, value])
        .env("TORWART_ACTION", action.name())
        .env("TORWART_RECORD", &record)
        .env("TORWART_VALUE", value)
        .env("TORWART_NAME", name)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| HookFault::Start(error.to_string()))?;
    let mut family = Family::of(&child);
    let said = child.stderr.take();
    let ended = tokio::time::timeout(hook.deadline, async {
        let listening = async {
            match said {
                Some(said) => listen(said).await,
                None => String::new(),
            }
        };
        tokio::pin!(listening);
        tokio::select! {
            status = child.wait() => {
                // Something it left behind may keep its output open.
                let said = tokio::time::timeout(LAST_WORDS, listening).await.unwrap_or_default();
                (status, said)
            }
            said = &mut listening => (child.wait().await, said),
        }
    })
    .await;
    if ended.is_ok() {
        family.let_be();
    }
    match ended {
        Ok((Ok(status), _)) if status.success() => Ok(()),
        Ok((Ok(status), said)) => Err(HookFault::Status(status.code().unwrap_or(-1), said)),
        Ok((Err(error), _)) => Err(HookFault::Start(error.to_string())),
        Err(_) => Err(HookFault::Deadline(hook.deadline)),
    }
}

/// The program and all that it started; they are ended together unless the program has ended by itself.
struct Family(Option<Pid>);

impl Family {
    fn of(program: &Child) -> Self {
        let id = program.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// What a program leaves behind on purpose may go on. The number of one that has ended may be another's soon.
    fn let_be(&mut self) {
        self.0 = None;
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Fails only where nobody of them is left.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// The record that proves a name (RFC 8555 §8.4); a wildcard is proven by the name below it.
pub(crate) fn record_of(name: &str) -> String {
    format!("_acme-challenge.{}", name.strip_prefix("*.").unwrap_or(name))
}

/// What the program says, as one line: its beginning; the rest is read and thrown away, so that it is never blocked.
async fn listen(mut said: impl AsyncRead + Unpin) -> String {
    let mut kept = Vec::new();
    let mut part = [0; 1024];
    while let Ok(read @ 1..) = said.read(&mut part).await {
        let room = MOST_SAID.saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(part.get(..room).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&kept);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

const MOST_SAID: usize = 2048;
const LAST_WORDS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;

    async fn run(script: &str, deadline: Duration) -> Result<(), HookFault> {
        let command = ["/bin/sh", "-c", script, "hook"].map(Into::into).to_vec();
        let hook = DnsHook { command, deadline, wait: Duration::ZERO };
        call(&hook, Action::Set, "*.shop.example", "v4lue").await
    }

    fn check(script: &str, deadline: Duration, expected: Result<(), HookFault>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(run(script, deadline)), expected, "{script}");
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn the_program_is_told_what_to_do_twice() {
        check("test \"$1 $2 $3\" = 'set _acme-challenge.shop.example v4lue'", LONG, Ok(()));
        let environment = "$TORWART_ACTION $TORWART_RECORD $TORWART_VALUE $TORWART_NAME";
        let expected = "set _acme-challenge.shop.example v4lue *.shop.example";
        check(&format!("test \"{environment}\" = '{expected}'"), LONG, Ok(()));
    }

    #[test]
    fn what_it_says_is_kept_when_it_fails() {
        let said = "no such zone (shop)".to_owned();
        check("echo 'no such zone' >&2; echo '(shop)' >&2; exit 7", LONG, Err(HookFault::Status(7, said)));
    }

    #[test]
    fn a_program_that_hangs_or_leaves_something_behind_holds_nothing_up() {
        let short = Duration::from_millis(300);
        check("sleep 600", short, Err(HookFault::Deadline(short)));
        check("sleep 3 & exit 0", LONG, Ok(()));
        check("head -c 300000 /dev/zero >&2", LONG, Ok(()));
    }

    #[test]
    fn what_a_program_started_ends_with_it_when_its_time_is_up() {
        let short = Duration::from_millis(300);
        // The helper holds the pipe, so its end is the end of the file.
        let script = "(sleep 600; echo) & sleep 600";
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let script = format!("exec 3>/proc/{}/fd/{}; {script}", std::process::id(), writer.as_raw_fd());
        assert_eq!(runtime.block_on(run(&script, short)), Err(HookFault::Deadline(short)));
        drop(writer);
        let (ended, ends) = std::sync::mpsc::channel();
        std::thread::spawn(move || ended.send(reader.read_to_end(&mut Vec::new()).is_ok()));
        assert_eq!(ends.recv_timeout(LONG), Ok(true), "nothing holds the pipe any more");
    }

    #[test]
    fn a_program_that_is_missing_is_told() {
        let hook = DnsHook { command: vec!["/nowhere/at/all".into()], deadline: LONG, wait: Duration::ZERO };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let fault = runtime.block_on(call(&hook, Action::Remove, "a.example", "v"));
        assert!(matches!(fault, Err(HookFault::Start(_))), "{fault:?}");
    }
}
