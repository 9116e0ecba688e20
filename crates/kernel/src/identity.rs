//! Users and groups: who a name means, and becoming somebody with fewer rights for good.
//!
//! Names are looked up where the system keeps them (NSS), so this may block; it belongs to the start of a program.

use nix::unistd::{
    Gid, Group, Uid, User, getgrouplist, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid,
    setuid,
};
use std::ffi::CString;
use std::io;

/// Whom a process can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name, or the number where there is no name.
    pub user: String,
    /// The user's number.
    pub uid: u32,
    /// The number of the main group.
    pub gid: u32,
    /// All groups, the main one included.
    groups: Vec<u32>,
}

impl Identity {
    /// The user of this name or number, in this group or its own. `None` if the system does not know one of them.
    pub fn find(user: &str, group: Option<&str>) -> io::Result<Option<Self>> {
        let known = match user.parse().map(Uid::from_raw) {
            Ok(uid) => User::from_uid(uid)?,
            Err(_) => User::from_name(user)?,
        };
        // In a container users need no name.
        let numbered = || user.parse().ok().map(|number: u32| (user.to_owned(), number, number));
        let Some((name, uid, own)) =
            known.map(|known| (known.name, known.uid.as_raw(), known.gid.as_raw())).or_else(numbered)
        else {
            return Ok(None);
        };
        let gid = match group {
            None => own,
            Some(group) => match group_number(group)? {
                Some(gid) => gid,
                None => return Ok(None),
            },
        };
        let c_name = CString::new(name.as_str())?;
        let mut groups: Vec<u32> =
            getgrouplist(&c_name, Gid::from_raw(gid))?.into_iter().map(Gid::as_raw).collect();
        groups.sort_unstable();
        groups.dedup();
        Ok(Some(Self { user: name, uid, gid, groups }))
    }

    /// Who this process is now.
    pub fn current() -> io::Result<Self> {
        let (uid, gid) = (getresuid()?.effective, getresgid()?.effective);
        let name = User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
        Ok(Self { user: name, uid: uid.as_raw(), gid: gid.as_raw(), groups: groups()? })
    }

    /// Whether this is the user who may do everything.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Makes all threads of this process this user for good, and checks that there is no way back.
    ///
    /// # Errors
    /// Only root can become somebody else. After any error the process must not go on.
    pub fn assume(&self) -> io::Result<()> {
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        let now = Self::current()?;
        if !now.is_root() && now.uid == self.uid && now.gid == self.gid {
            return Ok(());
        }
        let groups: Vec<Gid> = self.groups.iter().copied().map(Gid::from_raw).collect();
        // Groups first: without the user's rights they could not be changed any more.
        setgroups(&groups)?;
        setresgid(gid, gid, gid)?;
        setresuid(uid, uid, uid)?;
        self.check()
    }

    fn check(&self) -> io::Result<()> {
        let (users, held) = (getresuid()?, getresgid()?);
        let is_user = [users.real, users.effective, users.saved].iter().all(|uid| uid.as_raw() == self.uid);
        let is_group = [held.real, held.effective, held.saved].iter().all(|gid| gid.as_raw() == self.gid);
        let can_return = !self.is_root() && setuid(Uid::from_raw(0)).is_ok();
        if is_user && is_group && groups()? == self.groups && !can_return {
            Ok(())
        } else {
            Err(io::Error::other("the privileges were not given up"))
        }
    }
}

/// The number of a user, by name or number.
pub fn user_number(user: &str) -> io::Result<Option<u32>> {
    match user.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Ok(User::from_name(user)?.map(|user| user.uid.as_raw())),
    }
}

/// The number of a group, by name or number.
pub fn group_number(group: &str) -> io::Result<Option<u32>> {
    match group.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Ok(Group::from_name(group)?.map(|group| group.gid.as_raw())),
    }
}

fn groups() -> io::Result<Vec<u32>> {
    let mut groups: Vec<u32> = getgroups()?.into_iter().map(Gid::as_raw).collect();
    groups.sort_unstable();
    groups.dedup();
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_by_name_and_number() {
        let (named, numbered) = (Identity::find("root", None).unwrap(), Identity::find("0", None).unwrap());
        assert_eq!(named, numbered);
        assert!(named.is_some_and(|root| root.is_root() && root.user == "root"));
    }

    #[test]
    fn who_is_not_known_is_nobody() {
        assert_eq!(Identity::find("no such user", None).unwrap(), None);
        assert_eq!(Identity::find("root", Some("no such group")).unwrap(), None);
        assert_eq!(user_number("no such user").unwrap(), None);
        assert_eq!(group_number("root").unwrap(), Some(0));
    }

    #[test]
    fn a_number_needs_no_name() {
        let found = Identity::find("64999", None).unwrap().unwrap();
        assert_eq!((found.uid, found.gid), (64_999, 64_999));
    }

    #[test]
    fn becoming_oneself_changes_nothing() {
        let now = Identity::current().unwrap();
        if !now.is_root() {
            now.assume().unwrap();
        }
        assert_eq!(Identity::current().unwrap(), now);
    }
}
