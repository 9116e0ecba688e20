//! Room on file systems, and whether they and their folders can be written to.

use rustix::fs::{StatVfsMountFlags, statvfs};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a folder's file system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// All of it, in bytes.
    pub total: u64,
    /// What an ordinary user can still fill, in bytes.
    pub free: u64,
    /// Files it can hold; 0 where it does not count them.
    pub inodes: u64,
    /// Files that can still be made.
    pub inodes_free: u64,
    /// Whether it can only be read.
    pub is_read_only: bool,
}

/// Owner, group and mode of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The mode's permission bits.
    pub mode: u32,
}

impl Room {
    /// How much is used of what ordinary users can fill, in percent, rounded up as `df` does.
    pub const fn used_percent(&self) -> u64 {
        if self.total == 0 {
            return 0;
        }
        ((self.total - self.free) * 100).div_ceil(self.total)
    }

    /// Whether nothing to speak of can be written: less than a megabyte.
    pub const fn is_full(&self) -> bool {
        self.total > 0 && self.free < 1 << 20
    }

    /// Whether it will soon be full: 97 percent used, and less than a gigabyte left.
    pub const fn is_nearly_full(&self) -> bool {
        self.total > 0 && self.used_percent() >= 97 && self.free < 1 << 30
    }

    /// Whether no more files can be made.
    pub const fn has_no_inodes(&self) -> bool {
        self.inodes > 0 && self.inodes_free == 0
    }
}

/// The room of the file system this folder is on, or would be on.
pub fn room(path: &Path) -> Option<Room> {
    let said = statvfs(existing(path)?).ok()?;
    Some(Room {
        total: (said.f_blocks.saturating_sub(said.f_bfree) + said.f_bavail) * said.f_frsize,
        free: said.f_bavail * said.f_frsize,
        inodes: said.f_files,
        inodes_free: said.f_favail,
        is_read_only: said.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

/// Owner and mode of a file or folder.
pub fn owner(path: &Path) -> Option<Owner> {
    let said = fs::metadata(path).ok()?;
    Some(Owner { uid: said.uid(), gid: said.gid(), mode: said.mode() & 0o7777 })
}

/// The nearest folder above that exists.
fn existing(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|folder| folder.exists()).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_disk_is_not_a_full_one() {
        let room = Room { total: 100 << 30, free: 4 << 30, ..Room::default() };
        assert_eq!(room.used_percent(), 96);
        assert!(!room.is_nearly_full() && !room.is_full());
        // A large one with gigabytes left has room, whatever the share.
        assert!(!Room { total: 4000 << 30, free: 40 << 30, ..room }.is_nearly_full());
        assert!(Room { total: 20 << 30, free: 100 << 20, ..room }.is_nearly_full());
        assert!(Room { free: 4096, ..room }.is_full());
    }

    #[test]
    fn file_systems_without_inodes_never_run_out_of_them() {
        assert!(!Room::default().has_no_inodes());
        assert!(Room { inodes: 100, ..Room::default() }.has_no_inodes());
    }

    #[test]
    fn a_folder_that_does_not_exist_yet_has_the_room_of_the_one_above() {
        let here = room(Path::new("/tmp")).expect("room");
        let below = room(Path::new("/tmp/nothing/here/yet")).expect("room");
        assert_eq!(here.total, below.total);
        assert!(here.total > 0);
    }
}
