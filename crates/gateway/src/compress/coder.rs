//! One stream of one coding: a thin layer over the libraries that makes them alike.
//!
//! Windows are kept small (256 KiB): a page hardly repeats itself over longer distances, and memory is what many slow
//! clients cost.

use super::Broken;
use brotli::CompressorWriter;
use flate2::{Compress, FlushCompress, Status};
use std::io::Write;
use torwart_config::plan::{Compression, Effort};
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, ResetDirective, zstd_sys::ZSTD_EndDirective};

/// A coder that is in use or fresh.
pub(super) struct Coder {
    effort: Effort,
    stream: Stream,
}

enum Stream {
    Gzip(Compress),
    /// Gone once it has ended.
    Brotli(Option<Box<CompressorWriter<Vec<u8>>>>),
    Zstd(CCtx<'static>),
}

/// What matters with the bytes that are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// That few come of them; some may be held back.
    Density,
    /// That they can be read now.
    Promptness,
    /// That the stream ends with them.
    End,
}

impl Coder {
    pub(super) fn new(coding: Compression, effort: Effort) -> Option<Self> {
        let stream = match coding {
            Compression::Gzip => {
                Stream::Gzip(Compress::new_gzip(flate2::Compression::new(gzip_level(effort)), 15))
            }
            Compression::Brotli => {
                let coder = CompressorWriter::new(Vec::new(), ROOM, brotli_quality(effort), WINDOW);
                Stream::Brotli(Some(Box::new(coder)))
            }
            Compression::Zstd => {
                let mut coder = CCtx::try_create()?;
                coder.set_parameter(CParameter::CompressionLevel(zstd_level(effort))).ok()?;
                coder.set_parameter(CParameter::WindowLog(WINDOW)).ok()?;
                Stream::Zstd(coder)
            }
        };
        Some(Self { effort, stream })
    }

    /// What one of this kind takes of the memory, at most; measured.
    pub(super) const fn weight(coding: Compression, effort: Effort) -> usize {
        let kib = match (coding, effort) {
            (Compression::Gzip, _) => 330,
            (Compression::Brotli, Effort::Low | Effort::Medium) => 800,
            (Compression::Brotli, Effort::High) => 2400,
            (Compression::Zstd, Effort::Low | Effort::Medium) => 1800,
            (Compression::Zstd, Effort::High) => 4200,
        };
        kib << 10
    }

    pub(super) const fn own_weight(&self) -> usize {
        Self::weight(self.coding(), self.effort)
    }

    #[cfg(test)]
    pub(super) fn zstd_weight(&self) -> Option<usize> {
        if let Stream::Zstd(coder) = &self.stream { Some(coder.sizeof()) } else { None }
    }

    pub(super) fn is(&self, coding: Compression, effort: Effort) -> bool {
        self.coding() == coding && self.effort == effort
    }

    const fn coding(&self) -> Compression {
        match self.stream {
            Stream::Gzip(_) => Compression::Gzip,
            Stream::Brotli(_) => Compression::Brotli,
            Stream::Zstd(_) => Compression::Zstd,
        }
    }

    /// Codes all of `data`, and appends what comes of it.
    pub(super) fn code(&mut self, data: &[u8], goal: Goal, out: &mut Vec<u8>) -> Result<(), Broken> {
        match &mut self.stream {
            Stream::Gzip(coder) => gzip(coder, data, goal, out),
            Stream::Brotli(coder) => brotli(coder, data, goal, out),
            Stream::Zstd(coder) => zstd(coder, data, goal, out),
        }
    }

    /// The same coder, ready for another stream; none where it cannot be used again. Leaves a blank one behind.
    pub(super) fn fresh(&mut self) -> Option<Self> {
        let blank = Stream::Brotli(None);
        let mut stream = match &self.stream {
            Stream::Brotli(_) => return None,
            Stream::Gzip(_) | Stream::Zstd(_) => std::mem::replace(&mut self.stream, blank),
        };
        match &mut stream {
            Stream::Gzip(coder) => coder.reset(),
            Stream::Zstd(coder) => {
                coder.reset(ResetDirective::SessionOnly).ok()?;
            }
            Stream::Brotli(_) => {}
        }
        Some(Self { effort: self.effort, stream })
    }
}

fn gzip(coder: &mut Compress, mut data: &[u8], goal: Goal, out: &mut Vec<u8>) -> Result<(), Broken> {
    let flush = match goal {
        Goal::Density => FlushCompress::None,
        Goal::Promptness => FlushCompress::Sync,
        Goal::End => FlushCompress::Finish,
    };
    loop {
        out.reserve(ROOM);
        let before = coder.total_in();
        let status = coder.compress_vec(data, out, flush).map_err(|_| Broken)?;
        let taken = usize::try_from(coder.total_in() - before).unwrap_or(usize::MAX);
        data = data.get(taken..).unwrap_or_default();
        let has_room = out.len() < out.capacity();
        match goal {
            Goal::End if status == Status::StreamEnd => return Ok(()),
            Goal::Density | Goal::Promptness if data.is_empty() && has_room => return Ok(()),
            _ => {}
        }
    }
}

fn brotli(
    stream: &mut Option<Box<CompressorWriter<Vec<u8>>>>,
    data: &[u8],
    goal: Goal,
    out: &mut Vec<u8>,
) -> Result<(), Broken> {
    let coder = stream.as_mut().ok_or(Broken)?;
    coder.write_all(data).map_err(|_| Broken)?;
    match goal {
        Goal::Density => {}
        Goal::Promptness => coder.flush().map_err(|_| Broken)?,
        Goal::End => {
            let coder = stream.take().ok_or(Broken)?;
            out.append(&mut coder.into_inner());
            return Ok(());
        }
    }
    out.append(coder.get_mut());
    Ok(())
}

fn zstd(coder: &mut CCtx<'static>, data: &[u8], goal: Goal, out: &mut Vec<u8>) -> Result<(), Broken> {
    let directive = match goal {
        Goal::Density => ZSTD_EndDirective::ZSTD_e_continue,
        Goal::Promptness => ZSTD_EndDirective::ZSTD_e_flush,
        Goal::End => ZSTD_EndDirective::ZSTD_e_end,
    };
    let mut input = InBuffer::around(data);
    loop {
        out.reserve(ROOM);
        let at = out.len();
        let mut output = OutBuffer::around_pos(out, at);
        let left = coder.compress_stream2(&mut output, &mut input, directive).map_err(|_| Broken)?;
        let is_done = match goal {
            Goal::Density => input.pos() == data.len(),
            Goal::Promptness | Goal::End => left == 0,
        };
        if is_done {
            return Ok(());
        }
    }
}

const fn gzip_level(effort: Effort) -> u32 {
    match effort {
        Effort::Low => 1,
        Effort::Medium => 5,
        Effort::High => 9,
    }
}

const fn brotli_quality(effort: Effort) -> u32 {
    match effort {
        Effort::Low => 1,
        // As small as gzip, at half the work; what 4 saves on top costs three times as much.
        Effort::Medium => 2,
        Effort::High => 5,
    }
}

const fn zstd_level(effort: Effort) -> i32 {
    match effort {
        Effort::Low => 1,
        Effort::Medium => 3,
        Effort::High => 6,
    }
}

/// The window of brotli and zstd, as a power of two.
const WINDOW: u32 = 18;

/// Room that is made for what comes out at a time.
const ROOM: usize = 4 << 10;
