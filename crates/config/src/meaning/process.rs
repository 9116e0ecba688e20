//! Who the process is, and who may come through a Unix socket.

use super::{Build, shared};
use crate::{
    file::{At, Group},
    plan::{ProcessPlan, SocketAccess},
};

/// The keys of the process at the top of the file.
pub(super) fn process(build: &mut Build<'_>, root: &Group) -> ProcessPlan {
    let plan = ProcessPlan {
        user: root.text("user").map(|text| shared(text.value)),
        group: root.text("group").map(|text| shared(text.value)),
        confine: root.switch("confine").unwrap_or(ProcessPlan::default().confine),
    };
    if let (Some(place), None) = (root.key_place("group"), &plan.user) {
        build.complaints.error(place, "group_without_user");
    }
    plan
}

/// Mode and owner in the table of a Unix socket.
pub(super) fn access(build: &mut Build<'_>, socket: &Group) -> SocketAccess {
    let standard = SocketAccess::default();
    SocketAccess {
        mode: socket.text("mode").and_then(|text| mode(build, &text)).unwrap_or(standard.mode),
        user: socket.text("user").map(|text| shared(text.value)),
        group: socket.text("group").map(|text| shared(text.value)),
    }
}

/// Permission bits in octal, as `chmod` takes them.
fn mode(build: &mut Build<'_>, text: &At<&str>) -> Option<u32> {
    let digits = text.value.strip_prefix("0o").unwrap_or(text.value);
    let is_octal =
        (3..=4).contains(&digits.len()) && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    match u32::from_str_radix(digits, 8) {
        Ok(mode) if is_octal && mode <= 0o777 => Some(mode),
        _ => {
            build.complaints.error(text.place, "bad_mode").text("value", text.value);
            None
        }
    }
}
