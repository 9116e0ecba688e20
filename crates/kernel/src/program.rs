//! The program's own code and constants in memory: what only the start needed is given back.
//!
//! Reading a configuration, building TLS and starting threads run through much code once, and the kernel maps sixteen
//! pages around each one that is touched. What is taken away here comes back from the page cache when it is touched
//! again, unchanged and without a disk, so only what really runs stays mapped.

use rustix::mm::{Advice, madvise};
use std::fs;
use std::io;
use std::ops::Range;

/// Takes the program's unchanged pages out of this process' memory; how many bytes they span.
#[expect(unsafe_code, reason = "madvise(2) takes an address; what is there cannot be known by types")]
pub fn give_back() -> io::Result<usize> {
    let program = fs::read_link("/proc/self/exe")?;
    let table = fs::read("/proc/self/smaps")?;
    let mut given = 0;
    for range in unchanged(&String::from_utf8_lossy(&table), &program.to_string_lossy()) {
        let start = std::ptr::with_exposed_provenance_mut(range.start);
        // SAFETY: the program itself stays mapped where it is until the process ends. This part of it can be read but
        // not written, and no page of it differs from the file, so whatever is read later is what would be read now.
        unsafe { madvise(start, range.len(), Advice::LinuxDontNeed) }?;
        given += range.len();
    }
    Ok(given)
}

/// Where parts of this file are mapped that nothing writes to and nothing has written to: neither the loader, whose
/// relocated constants can only be read either, nor a debugger.
fn unchanged(table: &str, file: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut of_file = None;
    for line in table.lines() {
        if let Some(mapping) = Mapping::parse(line) {
            of_file = Some(mapping).filter(|mapping| mapping.is_constant && mapping.file == file);
        } else if let Some(size) = line.strip_prefix("Anonymous:") {
            // Pages that were copied because somebody wrote to them.
            found.extend(of_file.take().filter(|_| size.trim() == "0 kB").map(|mapping| mapping.range));
        }
    }
    found
}

/// The first line about a mapping: addresses, what may be done with it, offset, device, inode, file.
struct Mapping<'a> {
    range: Range<usize>,
    is_constant: bool,
    file: &'a str,
}

impl<'a> Mapping<'a> {
    /// `None` for the lines that follow, each with a name and a number.
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.splitn(6, ' ');
        let (from, to) = words.next()?.split_once('-')?;
        let address = |text| usize::from_str_radix(text, 16).ok();
        let range = address(from)?..address(to)?;
        let is_constant = matches!(words.next()?, "r--p" | "r-xp");
        Some(Self { range, is_constant, file: words.nth(3)?.trim_start() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
558dfa85d000-558dfad3b000 r--p 00000000 fe:00 10010813                   /opt/a gate/torwart
Rss:                2144 kB
Anonymous:             0 kB
VmFlags: rd mr mw me sd
558dfad3b000-558dfbc18000 r-xp 004dd000 fe:00 10010813                   /opt/a gate/torwart
Anonymous:             0 kB
558dfbc18000-558dfbc8a000 r--p 013b9000 fe:00 10010813                   /opt/a gate/torwart
Anonymous:           448 kB
558dfbc8a000-558dfbc92000 rw-p 0142a000 fe:00 10010813                   /opt/a gate/torwart
Anonymous:             0 kB
558dfbc92000-558dfbc9e000 rw-p 00000000 00:00 0 
Anonymous:             0 kB
7f0000000000-7f0000026000 r--p 00000000 fe:00 10000001                   /usr/lib/libc.so.6
Anonymous:             0 kB
7f0000026000-7f0000027000 r--s 00000000 fe:00 10010813                   /opt/a gate/torwart
Anonymous:             0 kB
7ffe72c59000-7ffe72c7a000 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
";

    #[test]
    fn only_what_nobody_wrote_to_is_given_back() {
        let expected = [0x558d_fa85_d000..0x558d_fad3_b000, 0x558d_fad3_b000..0x558d_fbc1_8000];
        assert_eq!(unchanged(TABLE, "/opt/a gate/torwart"), expected);
        assert_eq!(unchanged(TABLE, "/opt/a gate/torwart (deleted)"), []);
        assert_eq!(unchanged("nonsense\n-\nAnonymous: 0 kB\n", ""), []);
    }

    #[test]
    fn the_program_runs_on_with_all_its_constants() {
        // Its addresses are written by the loader, the texts are in the file.
        static TEXTS: [fn() -> &'static str; 2] = [|| "one text", || "another"];
        let before: Vec<_> = TEXTS.iter().map(|text| text().to_owned()).collect();
        assert!(give_back().unwrap() > 100_000);
        assert_eq!(TEXTS.iter().map(|text| text()).collect::<Vec<_>>(), before);
    }
}
