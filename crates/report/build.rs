//! Gathers the texts that are picked up by their file names: pages about findings and the doctor's sentences.
//!
//! Whoever adds a finding puts `text/<lang>/finding/<id>.md` there, and it is part of the program. The lists are
//! sorted by name; that both languages have the same ones is for the tests to say.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name| env::var_os(name).map(PathBuf::from).unwrap_or_default();
    let text = variable("CARGO_MANIFEST_DIR").join("text");
    let mut code = String::new();
    for (name, folder, ending) in [("FINDINGS", "finding", "md"), ("DOCTOR", "doctor", "ftl")] {
        for lang in ["en", "de"] {
            let folder = text.join(lang).join(folder);
            let constant = format!("{name}_{}", lang.to_uppercase());
            gather(&constant, &folder, ending, &mut code)?;
        }
    }
    fs::write(variable("OUT_DIR").join("gathered.rs"), code)
}

/// Writes a list of file stems with the files' texts.
fn gather(constant: &str, folder: &Path, ending: &str, code: &mut String) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if let Some(stem) =
                path.file_stem().filter(|_| path.extension().is_some_and(|found| found == ending))
            {
                files.push((stem.to_string_lossy().into_owned(), path));
            }
        }
    }
    files.sort();
    let _ = writeln!(code, "pub(super) static {constant}: &[(&str, &str)] = &[");
    for (stem, path) in files {
        let _ = writeln!(code, "    ({stem:?}, include_str!({:?})),", path.display().to_string());
    }
    code.push_str("];\n");
    Ok(())
}
