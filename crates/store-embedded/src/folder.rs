//! The folder of a store: whose it is, who is in it, and whether all of it is there.
//!
//! | name | what |
//! |---|---|
//! | `towpath-store` | the marker: format, engine, and whether the store was made to the end |
//! | `towpath.lock` | locked by the process that has the store; holds its number for the message |
//! | `acknowledged` | the last acknowledged commit, see [`crate::acknowledged`] |
//! | `log/` | the commit log, see [`crate::log`] |
//! | `engine/` | fjall's |
//!
//! A folder that holds anything and no marker is somebody else's and is not touched. A folder with a
//! marker must hold the rest: a store that begins again over a half-restored copy loses everything
//! without a word, which is worse than not starting.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use store::TABLES;

use crate::engine::Keyspaces;
use crate::{OpenError, acknowledged, permissions, table_list};

const MARKER: &str = "towpath-store";
const LOCK: &str = "towpath.lock";
const ACKNOWLEDGED: &str = "acknowledged";
const ENGINE: &str = "engine";
const LOG: &str = "log";
/// What a file system puts into its own root.
const NOT_OURS_BUT_HARMLESS: &str = "lost+found";

/// The newest format of a folder. Format 1 had no log: the engine synced each commit itself, so it holds
/// all there is and a log begins beside it. Formats 1 and 2 had two keyspaces: the engine moves what has
/// one of its own now.
const FORMAT: u64 = 3;

/// Folders in `keyspaces`: fjall's own, the rest, and one for each table.
const KEYSPACES: usize = 2 + TABLES.len();
/// fjall's own, `events` and `rows`.
const KEYSPACES_OF_FORMAT_2: usize = 3;

const TITLE: &str =
    "Towpath store. Every file here belongs to it: copy or move the folder as a whole.";

/// The folder, locked for as long as this lives.
pub(crate) struct Folder {
    path: PathBuf,
    /// The system releases the lock when the file is closed, also after `kill -9`.
    _lock: File,
    state: State,
    warnings: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was ever stored here: no marker, or one from a creation that did not come to its end.
    New,
    /// A store of this format; if it is an older one, it becomes one of the newest.
    Store { format: u64 },
}

impl Folder {
    /// Makes the folder where there is none, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        permissions::tighten_umask();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(OpenError::io(path))?;
        // Looked at before anything is put into it, and again under the lock.
        state(path)?;
        let lock = lock(path)?;
        let state = state(path)?;
        Ok(Self {
            path: path.into(),
            _lock: lock,
            state,
            warnings: Vec::new(),
        })
    }

    /// Makes the folder ready for the engine to be opened: checks a store, or begins one.
    pub(crate) fn prepare(&mut self, accept_loss: bool) -> Result<(), OpenError> {
        match permissions::tighten(&self.path)? {
            0 => {}
            loose if self.state != State::New => self.warnings.push(format!(
                "{}: {loose} files or folders could be read or written by other users; they no longer can",
                self.path.display()
            )),
            _ => {}
        }
        match self.state {
            State::New => self.begin(),
            State::Store { format } => {
                self.check_whole(format, accept_loss)?;
                if self.is_new_log() {
                    self.begin_log()?;
                }
                Ok(())
            }
        }
    }

    /// Everything a new store needs is on disk: from now on it is one.
    pub(crate) fn finish(&mut self) -> Result<(), OpenError> {
        let ready = State::Store { format: FORMAT };
        if let State::Store { format } = self.state
            && format < FORMAT
        {
            self.warnings.push(format!(
                "{}: was of format {format}, and is of format {FORMAT} now, which earlier versions do not open",
                self.path.display()
            ));
        }
        if self.state != ready {
            self.write_marker("ready")?;
            self.state = ready;
        }
        Ok(())
    }

    fn begin(&self) -> Result<(), OpenError> {
        // The marker comes first, so that a creation which is cut short is known to be one: what it
        // leaves was never acknowledged to anybody and is thrown away by the next.
        self.write_marker("creating")?;
        make_empty(&self.engine_path())?;
        self.begin_log()?;
        acknowledged::create(&self.acknowledged_path())
    }

    fn begin_log(&self) -> Result<(), OpenError> {
        make_empty(&self.log_path())
    }

    /// The engine makes anew what it does not find, and deletes tables that it has no list of. So
    /// what must be there is looked for before the engine looks.
    fn check_whole(&self, format: u64, accept_loss: bool) -> Result<(), OpenError> {
        let engine = self.engine_path();
        let mut needed = vec![engine.join("version"), engine.join("lock")];
        if !accept_loss {
            needed.push(self.acknowledged_path());
        }
        if !self.is_new_log() {
            needed.push(self.log_path());
        }
        let keyspaces = engine.join("keyspaces");
        let mut lists = list(&keyspaces)?;
        let numbered = |count: usize| (0..count).map(|number| keyspaces.join(number.to_string()));
        if format < FORMAT {
            // The others were about to be made when the process ended, and may be empty.
            let count = KEYSPACES_OF_FORMAT_2;
            needed.extend(numbered(count));
            lists.retain(|keyspace| numbered(count).any(|needed| needed == *keyspace));
        } else if lists.len() < KEYSPACES {
            // Numbers may have gaps, if a move was cut short; in a whole folder there are as many.
            needed.extend(numbered(KEYSPACES));
        }
        needed.extend(lists.iter().map(|keyspace| keyspace.join("current")));
        let is_journal =
            |file: &PathBuf| file.extension().is_some_and(|extension| extension == "jnl");
        if !list(&engine)?.iter().any(is_journal) {
            needed.push(engine.join("0.jnl"));
        }
        for file in needed {
            if !file.try_exists().map_err(OpenError::io(&file))? {
                return Err(OpenError::Missing { file });
            }
        }
        lists
            .iter()
            .try_for_each(|keyspace| table_list::check(keyspace))
    }

    fn write_marker(&self, state: &str) -> Result<(), OpenError> {
        let (path, fresh) = (
            self.path.join(MARKER),
            self.path.join(format!("{MARKER}.new")),
        );
        let write = || {
            let mut file = File::create(&fresh)?;
            write!(
                file,
                "{TITLE}\nformat {FORMAT}\nengine fjall 3\nstate {state}\n"
            )?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(OpenError::io(&path))
    }

    /// Whether the log begins now.
    pub(crate) fn is_new_log(&self) -> bool {
        matches!(self.state, State::New | State::Store { format: 1 })
    }

    /// What the engine finds.
    pub(crate) fn keyspaces(&self) -> Keyspaces {
        match self.state {
            State::New => Keyspaces::New,
            State::Store { format: FORMAT } => Keyspaces::EachTable,
            State::Store { .. } => Keyspaces::Two,
        }
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.path.join(LOG)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn engine_path(&self) -> PathBuf {
        self.path.join(ENGINE)
    }

    pub(crate) fn log_bytes(&self) -> std::io::Result<u64> {
        let files = fs::read_dir(self.log_path())?;
        files.map(|file| Ok(file?.metadata()?.len())).sum()
    }

    pub(crate) fn acknowledged_path(&self) -> PathBuf {
        self.path.join(ACKNOWLEDGED)
    }

    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn damaged(&self, error: impl std::fmt::Display) -> OpenError {
        OpenError::Damaged {
            path: self.path.clone(),
            what: error.to_string(),
        }
    }
}

/// A folder with nothing in it, whatever was there before.
fn make_empty(path: &Path) -> Result<(), OpenError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(OpenError::io(path)(error));
        }
        _ => {}
    }
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(OpenError::io(path))
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(OpenError::Missing {
                file: folder.into(),
            });
        }
        Err(error) => return Err(OpenError::io(folder)(error)),
    };
    let entries: Result<Vec<_>, _> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut entries = entries.map_err(OpenError::io(folder))?;
    entries.sort();
    Ok(entries)
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file_path = path.join(LOCK);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options
        .open(&file_path)
        .map_err(OpenError::io(&file_path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let holder = match file.read_to_string(&mut holder) {
                Ok(_) if !holder.trim().is_empty() => format!(" (process {})", holder.trim()),
                _ => String::new(),
            };
            return Err(OpenError::Locked {
                path: path.into(),
                holder,
            });
        }
        Err(TryLockError::Error(error)) => return Err(OpenError::io(file_path)(error)),
    }
    let mut write = || {
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())
    };
    write().map_err(OpenError::io(file_path))?;
    Ok(file)
}

/// What the folder is, by its marker alone.
fn state(path: &Path) -> Result<State, OpenError> {
    let marker = path.join(MARKER);
    let text = match fs::read(&marker) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return state_without_marker(path),
        Err(error) => return Err(OpenError::io(marker)(error)),
    };
    let damaged = || OpenError::Damaged {
        path: marker.clone(),
        what: "not a marker of a store".into(),
    };
    let mut lines = text.lines();
    if lines.next() != Some(TITLE) {
        return Err(damaged());
    }
    let format = lines
        .next()
        .and_then(|line| line.strip_prefix("format ")?.parse().ok())
        .ok_or_else(damaged)?;
    if format > FORMAT {
        return Err(OpenError::Newer {
            path: path.into(),
            format,
            known: FORMAT,
        });
    }
    match (lines.next(), lines.next()) {
        (Some("engine fjall 3"), Some("state ready")) => Ok(State::Store { format }),
        (Some("engine fjall 3"), Some("state creating")) => Ok(State::New),
        _ => Err(damaged()),
    }
}

fn state_without_marker(path: &Path) -> Result<State, OpenError> {
    let fresh = format!("{MARKER}.new");
    for entry in list(path)? {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if ![LOCK, NOT_OURS_BUT_HARMLESS, &fresh].contains(&name.as_str()) {
            return Err(OpenError::Foreign {
                path: path.into(),
                example: name,
            });
        }
    }
    Ok(State::New)
}
