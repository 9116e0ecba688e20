//! Unix sockets: who may come through, and what stands at their path already.

use super::*;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// A path of this test's own.
fn path(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("torwart-bind-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

fn listener(path: &Path, mode: u32) -> Listener {
    let access = SocketAccess { mode, ..SocketAccess::default() };
    Listener {
        address: ListenAddress::Unix(path.to_path_buf()),
        tls: false,
        defers: false,
        access,
        stated_by: None,
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o777
}

#[test]
fn the_file_has_the_mode_it_shall_have() {
    let path = path("mode");
    let sockets = bind(&listener(&path, 0o666), 2, false).unwrap();
    assert_eq!((sockets.each.len(), mode(&path)), (2, 0o666));
}

#[test]
fn an_owner_is_given_as_well() {
    let path = path("owner");
    let me = torwart_kernel::identity::Identity::current().unwrap();
    let access = SocketAccess {
        mode: 0o640,
        user: Some(me.uid.to_string().into()),
        group: Some(me.gid.to_string().into()),
    };
    bind(&Listener { access, ..listener(&path, 0) }, 1, false).unwrap();
    assert_eq!(mode(&path), 0o640);
}

#[test]
fn an_unknown_owner_is_an_error() {
    let path = path("stranger");
    let access = SocketAccess { user: Some("nobody-of-this-name".into()), ..SocketAccess::default() };
    let error = bind(&Listener { access, ..listener(&path, 0) }, 1, false).err().unwrap();
    assert!(error.to_string().contains("nobody-of-this-name"), "{error}");
}

#[test]
fn a_socket_of_ours_is_replaced_in_one_step() {
    let path = path("ours");
    let first = bind(&listener(&path, 0o600), 1, false).unwrap();
    let second = bind(&listener(&path, 0o666), 1, true).unwrap();
    assert_eq!(mode(&path), 0o666);
    UnixStream::connect(&path).unwrap();
    let is_taken = |sockets: &Sockets| {
        sockets.each.iter().any(|socket| matches!(socket, Socket::Unix(socket) if socket.accept().is_ok()))
    };
    assert!(is_taken(&second) && !is_taken(&first));
}

#[test]
fn what_a_dead_process_left_is_cleared() {
    let path = path("stale");
    drop(UnixListener::bind(&path).unwrap());
    bind(&listener(&path, 0o660), 1, false).unwrap();
}

#[test]
fn a_socket_that_somebody_answers_is_left_alone() {
    let path = path("theirs");
    let _theirs = UnixListener::bind(&path).unwrap();
    let error = bind(&listener(&path, 0o660), 1, false).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}
