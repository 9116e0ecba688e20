//! Files from a folder: what the route's `try` finds there is sent from here, or run as a script, or it is not there.
//!
//! Files are opened beneath the folder by the kernel (`torwart_kernel::folder`). What lies in the cache is looked at and
//! read at once; where the disk has to be asked, that happens on threads of its own, so that other clients of the core
//! never wait for it.

mod send;

use crate::answer;
use crate::exchange::Exchange;
use crate::route::decided;
use crate::script::Script;
use crate::snapshot::BuildProblem;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use torwart_cause::{Decision, Ending, Step};
use torwart_config::{Plan, plan};
use torwart_dial::Stop;
use torwart_kernel::folder::{self, Facts, Folder};
use torwart_policy::files::{self, Asked, Found, Kind};
use torwart_policy::path::normalise;

/// A folder that is served. It is opened anew for each request: deployments like to put another one into its place.
pub struct DocumentRoot {
    folder: PathBuf,
    /// Its full path, for applications on this host.
    pub path: Arc<str>,
}

impl DocumentRoot {
    /// Opens the folders of a plan, by route; adds those that cannot be opened to the problems.
    pub fn open_all(plan: &Plan, problems: &mut Vec<BuildProblem>) -> Vec<Option<Arc<Self>>> {
        let mut roots: Vec<Option<Arc<Self>>> = vec![None; plan.routes];
        for (_, route) in plan.all_routes() {
            let (Some(files), Some(place)) = (&route.files, roots.get_mut(route.index.0)) else { continue };
            match Self::open(&files.root) {
                Ok(root) => *place = Some(Arc::new(root)),
                Err(problem) => problems.push(BuildProblem::Folder { folder: files.root.clone(), problem }),
            }
        }
        roots
    }

    fn open(root: &Path) -> io::Result<Self> {
        // Whether it is there at all is better said now.
        Folder::open(root)?;
        let path = std::path::absolute(root)?;
        Ok(Self { path: path.to_string_lossy().trim_end_matches('/').into(), folder: path })
    }
}

fn look(folder: &Folder, path: &[u8], waits: bool) -> io::Result<(Kind, Option<Opened>)> {
    Ok(match folder.look(path, waits)? {
        folder::Found::File(file, facts) => (Kind::File, Some(Opened { file: Arc::new(file), facts })),
        folder::Found::Folder => (Kind::Folder, None),
        folder::Found::Nothing => (Kind::Missing, None),
    })
}

/// A file that was found.
#[derive(Clone)]
struct Opened {
    file: Arc<File>,
    facts: Facts,
}

/// The file to send, and how.
struct Chosen {
    opened: Opened,
    /// The path it was found under, which says what it is.
    path: Vec<u8>,
    /// In which compression it lies there.
    coding: Option<plan::Compression>,
}

/// What was asked for, without what belongs to the exchange, so that it can be looked for elsewhere.
struct Search {
    files: Arc<plan::Files>,
    documents: Arc<DocumentRoot>,
    path: Vec<u8>,
    query: Vec<u8>,
    suffixes: Option<Vec<Arc<str>>>,
    accepted: Vec<Vec<u8>>,
}

/// Answers from the route's files. `false` leaves the request to the pool.
pub async fn answer(x: &mut Exchange<'_>) -> Result<bool, Stop> {
    let Some(search) = search(x)? else { return Ok(false) };
    let (found, chosen) = match search.run(false) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            let waiting = tokio::task::spawn_blocking(move || search.run(true)).await;
            waiting.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())).map_err(|error| failed(x, &error))?
        }
        ran => ran.map_err(|error| failed(x, &error))?,
    };
    match (found, chosen) {
        (Found::Script { name, info, query }, _) => {
            x.script = Some(Box::new(Script { name, info, query, ..Script::default() }));
            Ok(false)
        }
        (Found::File(_), Some(chosen)) => {
            send::send(x, chosen).await;
            Ok(true)
        }
        (Found::Folder, _) => {
            add_slash(x).await;
            Ok(true)
        }
        (Found::Missing, _) if x.pool.is_some() && is_forwarding_the_rest(x) => Ok(false),
        (Found::Missing | Found::File(_), _) => {
            x.desk.evidence.local.route = decided(Decision::NoFile);
            Err(Stop)
        }
    }
}

/// Whether what is no file goes to the pool: to HTTP all of it, to FastCGI only scripts.
fn is_forwarding_the_rest(x: &Exchange<'_>) -> bool {
    x.route().is_some_and(|route| route.script.is_none())
}

fn search(x: &Exchange<'_>) -> Result<Option<Search>, Stop> {
    let Some((_, index)) = x.route else { return Ok(None) };
    let Some(files) = x.route().and_then(|route| route.files.clone()) else { return Ok(None) };
    let documents = x.view.snapshot.folders.get(index).cloned().flatten().ok_or(Stop)?;
    let head = &x.desk.request;
    let mut scratch = x.core.scratch.borrow_mut();
    let path = normalise(head.path(), &mut scratch).map_err(|_| Stop)?.to_vec();
    let query = head.path_and_query().get(head.path().len() + 1..).unwrap_or_default().to_vec();
    let suffixes = x.route().and_then(|route| route.script.as_ref()).map(|script| script.suffixes.clone());
    let named = head.fields().filter(|field| field.name.eq_ignore_ascii_case(b"accept-encoding"));
    let accepted = if files.precompressed.is_empty() {
        Vec::new()
    } else {
        named.into_iter().map(|field| field.value.to_vec()).collect()
    };
    Ok(Some(Search { files, documents, path, query, suffixes, accepted }))
}

impl Search {
    fn run(&self, waits: bool) -> io::Result<(Found, Option<Chosen>)> {
        let folder = Folder::open(&self.documents.folder)?;
        let mut last = None;
        let asked = Asked { path: &self.path, query: &self.query, suffixes: self.suffixes.as_deref() };
        let found = files::find(&self.files, asked, |path| {
            let (kind, opened) = look(&folder, path, waits)?;
            last = opened;
            Ok::<_, io::Error>(kind)
        })?;
        let (path, opened) = match (&found, last) {
            (Found::File(path), Some(opened)) => (path.clone(), opened),
            _ => return Ok((found, None)),
        };
        let accepted = self.accepted.iter().map(Vec::as_slice);
        for (coding, neighbour) in files::neighbours(&self.files, &path, accepted) {
            if let (Kind::File, Some(opened)) = look(&folder, &neighbour, waits)? {
                return Ok((found, Some(Chosen { opened, path: path.clone(), coding: Some(coding) })));
            }
        }
        Ok((found, Some(Chosen { opened, path, coding: None })))
    }
}

/// A folder without its slash: relative links on its page would lead astray.
async fn add_slash(x: &mut Exchange<'_>) {
    let head = &x.desk.request;
    let target = head.path_and_query();
    let (path, query) = target.split_at_checked(head.path().len()).unwrap_or((target, &[]));
    // One slash only, lest the rest be taken for a host.
    let path = path.iter().position(|byte| *byte != b'/').and_then(|at| path.get(at..)).unwrap_or_default();
    let location = [b"/", path, b"/", query].concat();
    answer::redirect(x, 308, &location).await;
}

/// Why nothing could be looked at.
#[cold]
fn failed(x: &mut Exchange<'_>, error: &io::Error) -> Stop {
    let number = error.raw_os_error().unwrap_or(0);
    let ending = match torwart_dial::ending_of::os_ending(number, torwart_cause::Deadline::Total) {
        Ending::ResourcesSpent => Ending::ResourcesSpent,
        // The folder itself is gone, perhaps for a moment.
        Ending::Missing => Ending::Decided(Decision::NoFile),
        _ => Ending::Decided(Decision::FileForbidden),
    };
    tracing::warn!(%error, path = %x.desk.request.path().escape_ascii(), "a file cannot be opened");
    x.desk.evidence.local.route = Step::Failed { ending, after: x.elapsed() };
    Stop
}
