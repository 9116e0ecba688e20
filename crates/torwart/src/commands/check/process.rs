//! Who the process would be once it runs, and what it could reach.

use crate::Console;
use serde_json::{Value, json};
use torwart_config::Plan;
use torwart_kernel::identity::Identity;

/// What a plan says about its process.
pub(super) struct Process {
    user: User,
    is_confined: bool,
}

enum User {
    /// Whoever starts it.
    Own,
    /// This one.
    Becomes(Identity),
    /// Somebody this machine does not know.
    Unknown(String),
}

impl Process {
    /// What this plan says.
    pub(super) fn of(plan: &Plan) -> Self {
        let (user, group) = (plan.process.user.as_deref(), plan.process.group.as_deref());
        let user = match user.map(|user| (user, Identity::find(user, group))) {
            None => User::Own,
            Some((_, Ok(Some(identity)))) => User::Becomes(identity),
            Some((user, _)) => {
                User::Unknown(group.map_or_else(|| user.to_owned(), |group| format!("{user}:{group}")))
            }
        };
        Self { user, is_confined: plan.process.confine && !plan.has_hooks() }
    }

    /// Whether it could run.
    pub(super) const fn is_well(&self) -> bool {
        !matches!(self.user, User::Unknown(_))
    }

    /// As a person reads it.
    pub(super) fn describe(&self, console: &Console) -> String {
        let user = match &self.user {
            User::Own => console.say("check-user-own"),
            User::Becomes(identity) => {
                let (uid, gid) = (identity.uid.to_string(), identity.gid.to_string());
                let blanks = [("user", identity.user.as_str()), ("uid", &uid), ("gid", &gid)];
                console.fill("check-user-becomes", &blanks)
            }
            User::Unknown(user) => return console.fill("check-user-unknown", &[("user", user)]),
        };
        let files = if self.is_confined { "check-files-confined" } else { "check-files-free" };
        format!("{user} {}", console.say(files))
    }

    /// As a program reads it.
    pub(super) fn document(&self) -> Value {
        let user = match &self.user {
            User::Own => Value::Null,
            User::Becomes(identity) => json!(identity.user),
            User::Unknown(user) => json!(user),
        };
        json!({ "user": user, "is_known": self.is_well(), "is_confined": self.is_confined })
    }
}
