//! `torwart manual FOLDER`: manual pages and completions for shells, written when a package is made.
//!
//! Not shown in the help: whoever installs the package has them already.

use crate::cli;
use crate::{Console, Exit, trouble};
use clap::{Arg, ArgMatches, Command};
use clap_complete::Shell;
use std::io;
use std::path::{Path, PathBuf};

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let folder = Arg::new("folder").required(true).value_parser(clap::value_parser!(PathBuf));
    cli::command("manual", console).hide(true).arg(folder)
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    // clap has seen to it that there is one.
    let Some(folder) = matches.get_one::<PathBuf>("folder") else { return Exit::Usage };
    match write(folder, console) {
        Ok(()) => Exit::Well,
        Err(error) => {
            trouble::tell_system(&error, console);
            Exit::CouldNotRun
        }
    }
}

fn write(folder: &Path, console: &Console) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let tree = cli::tree(console);
    page(&tree, "torwart".to_owned(), folder)?;
    for command in tree.get_subcommands().filter(|command| !command.is_hide_set()) {
        page(command, format!("torwart-{}", command.get_name()), folder)?;
    }
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut tree.clone(), "torwart", folder)?;
    }
    Ok(())
}

/// The page of one command, `<name>.1`.
fn page(command: &Command, name: String, folder: &Path) -> io::Result<()> {
    let mut text = Vec::new();
    let file = folder.join(format!("{name}.1"));
    clap_mangen::Man::new(command.clone().name(name).disable_help_subcommand(true)).render(&mut text)?;
    std::fs::write(file, text)
}
