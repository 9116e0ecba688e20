//! Account keys and certificates on disk: readable by their owner only, replaced as a whole or not at all.
//!
//! A certificate and its key stand in one file, so that they can only change together. A new file is written beside the
//! old one, brought to the disk, and renamed over it; a full disk or a crash leaves the old one as it was.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use torwart_dial::tls::facts::CertificateFacts;

/// A certificate in the store.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// The certificate itself, without those that lead to its issuer.
    pub(crate) leaf: CertificateDer<'static>,
    /// The names it is for.
    pub(crate) names: Vec<String>,
    /// From when it is valid.
    pub(crate) from: SystemTime,
    /// Until when it is valid.
    pub(crate) until: SystemTime,
    /// The directory of the CA it came from.
    pub(crate) directory: String,
}

/// What could not be done with which file.
#[derive(Debug)]
pub(crate) struct StoreError {
    /// The file or folder.
    pub(crate) file: PathBuf,
    /// What the system says.
    pub(crate) error: io::Error,
}

/// Reads the certificate in this file; nothing, if there is none that could be used.
pub(crate) fn read(file: &Path) -> Option<Kept> {
    let text = fs::read_to_string(file).ok()?;
    let leaf = CertificateDer::pem_slice_iter(text.as_bytes()).next()?.ok()?;
    let facts = CertificateFacts::of(&leaf)?;
    let directory = text.lines().find_map(|line| line.strip_prefix(DIRECTORY)).unwrap_or_default();
    let time = |seconds: i64| {
        let seconds = u64::try_from(seconds).unwrap_or_default();
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    };
    Some(Kept {
        names: facts.names.iter().map(|name| name.to_ascii_lowercase()).collect(),
        from: time(facts.not_before)?,
        until: time(facts.not_after)?,
        directory: directory.to_owned(),
        leaf,
    })
}

/// Makes sure that a certificate could be kept in this file, before a CA is troubled for one.
pub(crate) fn rehearse(file: &Path) -> Result<(), StoreError> {
    write(file, &[b' '; ROOM], |_, _| Ok(()))
}

/// Keeps a certificate with its key.
pub(crate) fn keep(file: &Path, directory: &str, key: &str, chain: &str) -> Result<(), StoreError> {
    let text = format!("{HEAD}{DIRECTORY}{directory}\n{}\n{}\n", key.trim_end(), chain.trim_end());
    write(file, text.as_bytes(), |new, file| fs::rename(new, file))
}

/// Keeps a secret.
pub(crate) fn keep_secret(file: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write(file, bytes, |new, file| fs::rename(new, file))
}

/// Writes to a new file beside this one and does with it what `then` says; nothing of it stays where that is nothing.
fn write(
    file: &Path,
    bytes: &[u8],
    then: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> Result<(), StoreError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = folder.join(name);
    let written = (|| {
        // Whatever a crash has left.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut out = OpenOptions::new().write(true).create_new(true).mode(SECRET).open(&new)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        then(&new, file)?;
        File::open(folder)?.sync_all()
    })();
    // Gone already where it was renamed.
    let _ = fs::remove_file(&new);
    written.map_err(|error| StoreError { file: file.to_owned(), error })
}

fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError { file: folder.to_owned(), error };
    DirBuilder::new().recursive(true).mode(PRIVATE).create(folder).map_err(failed)?;
    let mode = fs::metadata(folder).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        // Keys are secret by their own mode; the folder hides their names where it is ours to change.
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(PRIVATE));
    }
    Ok(())
}

impl Kept {
    /// Whether it is for all of these names.
    pub(crate) fn covers(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.names.contains(name))
    }
}

const HEAD: &str = "# Kept and renewed by Torwart; changes are overwritten.\n";
const DIRECTORY: &str = "# directory: ";
const SECRET: u32 = 0o600;
const PRIVATE: u32 = 0o700;
/// More than any key and chain.
const ROOM: usize = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("torwart-acme-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn pair(names: &[&str]) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        (key.serialize_pem(), certificate.pem())
    }

    #[test]
    fn what_is_kept_is_read_again_and_secret() {
        let folder = Folder::new("kept");
        let file = folder.0.join("acme/shop.example/certificate.pem");
        assert!(read(&file).is_none());
        rehearse(&file).unwrap();
        assert!(!file.exists() && fs::read_dir(file.parent().unwrap()).unwrap().next().is_none());
        let (key, chain) = pair(&["shop.example", "*.shop.example"]);
        keep(&file, "https://ca.example/directory", &key, &chain).unwrap();
        let kept = read(&file).unwrap();
        assert_eq!(kept.directory, "https://ca.example/directory");
        assert!(kept.covers(&["shop.example".to_owned(), "*.shop.example".to_owned()]));
        assert!(!kept.covers(&["www.shop.example".to_owned()]));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        assert_eq!(mode(&folder.0.join("acme")), 0o700);
        assert!(torwart_dial::tls::read_key(&file).is_ok() && torwart_dial::tls::read_chain(&file).is_ok());
    }

    #[test]
    fn a_store_that_cannot_be_written_keeps_what_it_has() {
        let folder = Folder::new("unwritable");
        fs::create_dir_all(&folder.0).unwrap();
        // A file where a folder should be: root meets it as everybody does.
        let wall = folder.0.join("wall");
        fs::write(&wall, "").unwrap();
        let failure = rehearse(&wall.join("site/certificate.pem")).unwrap_err();
        assert!(failure.file.starts_with(&wall), "{failure:?}");
        let file = folder.0.join("certificate.pem");
        let (key, chain) = pair(&["old.example"]);
        keep(&file, "d", &key, &chain).unwrap();
        // Something in the way of the new file that cannot be removed as one.
        fs::create_dir_all(folder.0.join("certificate.pem.new/full")).unwrap();
        assert!(keep(&file, "d", &key, "new").is_err());
        assert_eq!(read(&file).unwrap().names, ["old.example"]);
    }

    #[test]
    fn what_is_broken_counts_as_missing() {
        let folder = Folder::new("broken");
        let file = folder.0.join("certificate.pem");
        keep(&file, "d", "no key", "no chain").unwrap();
        assert!(read(&file).is_none());
    }
}
