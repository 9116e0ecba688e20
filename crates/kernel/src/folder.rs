//! Files beneath a folder, and nothing else: the kernel itself resolves paths and refuses every way out.
//!
//! `openat2` with `RESOLVE_BENEATH` follows symbolic links only as long as they stay inside. Where the kernel lacks the
//! call nothing is opened; there is no weaker way round. Calls that are told not to wait return
//! [`io::ErrorKind::WouldBlock`] where the disk would have to be asked, and are made again where waiting hurts nobody.

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A folder that files are opened beneath.
#[derive(Debug)]
pub struct Folder(OwnedFd);

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    /// A regular file, opened for reading.
    File(File, Facts),
    /// A folder.
    Folder,
    /// Nothing that may be opened: nothing at all, a way out of the folder, or something that is no file.
    Nothing,
}

/// What identifies the state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its size in bytes.
    pub size: u64,
    /// When it was changed last, in seconds since 1970.
    pub modified: u64,
    /// The nanoseconds beside them.
    pub nanos: u32,
    /// Its number on its file system.
    pub inode: u64,
}

impl Folder {
    /// Opens the folder itself.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(openat(CWD, path, flags, Mode::empty())?))
    }

    /// Looks what stands at a path, which may begin with a slash. `waits` allows to ask the disk.
    pub fn look(&self, path: &[u8], waits: bool) -> io::Result<Found> {
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let path = if path.is_empty() { b"." } else { path };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        if !waits {
            resolve |= ResolveFlags::CACHED;
        }
        let path = std::ffi::OsStr::from_bytes(path);
        let file = match openat2(&self.0, path, flags, Mode::empty(), resolve) {
            Ok(file) => file,
            // ELOOP and EXDEV are ways out; ENXIO is a socket or a pipe.
            Err(
                Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::LOOP | Errno::XDEV | Errno::NXIO,
            ) => return Ok(Found::Nothing),
            // Kernels before 5.12 do not know how not to wait.
            Err(Errno::INVAL) if !waits => return Err(Errno::AGAIN.into()),
            Err(error) => return Err(error.into()),
        };
        let stat = fstat(&file)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Found::Folder,
            FileType::RegularFile => {
                let facts = Facts {
                    size: u64::try_from(stat.st_size).unwrap_or(0),
                    modified: u64::try_from(stat.st_mtime).unwrap_or(0),
                    nanos: u32::try_from(stat.st_mtime_nsec).unwrap_or(0),
                    inode: stat.st_ino,
                };
                Found::File(File::from(file), facts)
            }
            _ => Found::Nothing,
        })
    }
}

/// Reads what the page cache holds at an offset; [`io::ErrorKind::WouldBlock`] where the disk would have to be asked.
pub fn read_cached(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    match preadv2(file, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT) {
        // Some file systems do not know how not to wait.
        Err(Errno::OPNOTSUPP) => Err(Errno::AGAIN.into()),
        read => Ok(read?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    /// A folder with a file, ways out of it, and what is no file.
    fn scene(name: &str) -> (PathBuf, Folder) {
        let place = std::env::temp_dir().join(format!("torwart-folder-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&place);
        let root = place.join("www");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(place.join("secret"), "secret").unwrap();
        std::fs::write(root.join("sub/a.txt"), "hello").unwrap();
        symlink("sub/a.txt", root.join("inside")).unwrap();
        symlink("../secret", root.join("outside")).unwrap();
        symlink(place.join("secret"), root.join("absolute")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("round", root.join("round")).unwrap();
        symlink("/proc/self/root/etc/passwd", root.join("magic")).unwrap();
        rustix::fs::mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let folder = Folder::open(&root).unwrap();
        (place, folder)
    }

    fn said(folder: &Folder, path: &str) -> String {
        match folder.look(path.as_bytes(), true) {
            Ok(Found::File(_, facts)) => format!("{} bytes", facts.size),
            Ok(Found::Folder) => "folder".to_owned(),
            Ok(Found::Nothing) => "nothing".to_owned(),
            Err(error) => format!("{error}"),
        }
    }

    #[test]
    fn files_inside_are_opened_and_nothing_outside_is() {
        let (place, folder) = scene("ways");
        for (path, expected) in [
            ("/sub/a.txt", "5 bytes"),
            ("sub/a.txt", "5 bytes"),
            ("/inside", "5 bytes"),
            ("/sub", "folder"),
            ("/sub/", "folder"),
            ("/", "folder"),
            ("/sub/../sub/a.txt", "5 bytes"),
            ("/sub/a.txt/", "nothing"),
            ("/missing", "nothing"),
            ("/outside", "nothing"),
            ("/absolute", "nothing"),
            ("/up/secret", "nothing"),
            ("/up", "nothing"),
            ("/round", "nothing"),
            ("/magic", "nothing"),
            ("/pipe", "nothing"),
            ("/..", "nothing"),
            ("/../secret", "nothing"),
            ("/sub/../../secret", "nothing"),
            ("//etc/passwd", "nothing"),
        ] {
            assert_eq!(said(&folder, path), expected, "{path}");
        }
        std::fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn what_lies_in_the_cache_needs_no_waiting() {
        let (place, folder) = scene("cache");
        // Asked once, it is known.
        assert_eq!(said(&folder, "/sub/a.txt"), "5 bytes");
        let mut bytes = [0; 16];
        match folder.look(b"/sub/a.txt", false) {
            Ok(Found::File(file, _)) => match read_cached(&file, 1, &mut bytes) {
                Ok(read) => assert_eq!(bytes.get(..read), Some(b"ello".as_slice())),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            },
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        std::fs::remove_dir_all(place).unwrap();
    }
}
