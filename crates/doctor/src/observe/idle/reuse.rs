//! A second request over a connection that was idle: does it still get through?
//!
//! The kernel's own count tells who is silent. What was acknowledged has arrived, whatever the application makes of it; what
//! was repeated and not acknowledged never came there, or nothing came back: somebody between has forgotten the
//! connection. The end of a connection without a close before is a third kind.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout};
use torwart_cause::{Deadline, Ending};
use torwart_dial::{Stream, ending_of};
use torwart_kernel::TcpInfo;
use torwart_kernel::socket::unacknowledged_bytes;

/// A connection that carried a second request after some idle time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reused {
    /// How long nothing had passed over it.
    pub idle: Duration,
    /// What became of the request.
    pub fate: Fate,
}

/// What became of a request over a connection that was idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was answered, or at least acknowledged.
    Alive,
    /// It was repeated and never acknowledged.
    Lost(Silence),
    /// The connection was reset instead of an acknowledgement.
    Reset,
    /// Nothing of it: the connection was just being closed, or the time was too short.
    Unclear,
}

/// What the kernel says of a connection on which nothing comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Segments on the way that were not acknowledged.
    pub unacknowledged: u32,
    /// How often the kernel tried again.
    pub repeated: u8,
    /// Whether nothing of it left this machine: its own filter throws it away.
    pub is_own: bool,
}

impl Silence {
    /// A segment that the own filter throws away counts as never sent, and the kernel probes instead of repeating it.
    fn of(info: &TcpInfo) -> Self {
        Self {
            unacknowledged: info.unacknowledged,
            repeated: info.timeouts.max(info.probes),
            is_own: info.resent_on_the_way == 0,
        }
    }
}

impl Fate {
    /// Whether the request arrived.
    pub const fn is_alive(&self) -> bool {
        matches!(self, Self::Alive)
    }

    /// Whether nobody acknowledged it.
    pub const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// Whether a reset came instead.
    pub const fn is_reset(&self) -> bool {
        matches!(self, Self::Reset)
    }
}

/// Sends the request, and looks what becomes of it. `None` where the connection is no TCP, or has ended before.
pub(super) async fn reuse(stream: &mut Stream, request: &[u8]) -> Option<Fate> {
    TcpInfo::of(&*stream).ok()?;
    if !stream.is_quiet() {
        return None;
    }
    let begun = Instant::now();
    let writing = async {
        stream.write_all(request).await?;
        stream.flush().await
    };
    match timeout(PATIENCE, writing).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(_) => return Some(Fate::Unclear),
    }
    loop {
        if let Some(came) = came(stream, LOOK).await {
            return Some(came);
        }
        let (Ok(info), Ok(queued)) = (TcpInfo::of(&*stream), unacknowledged_bytes(&*stream)) else {
            return Some(Fate::Unclear);
        };
        if queued == 0 {
            // It is there. An answer that comes soon is waited for, so that nobody works for a connection that has gone.
            let _ = came(stream, ANSWER).await;
            return Some(Fate::Alive);
        }
        let silence = Silence::of(&info);
        let is_over = begun.elapsed() >= PATIENCE;
        if silence.repeated >= CERTAIN || is_over && silence.repeated >= ENOUGH {
            return Some(Fate::Lost(silence));
        }
        if is_over {
            return Some(Fate::Unclear);
        }
    }
}

/// What comes within this time.
async fn came(stream: &mut Stream, within: Duration) -> Option<Fate> {
    let mut byte = [0; 1];
    let reading = poll_fn(|context| {
        let mut buffer = ReadBuf::new(&mut byte);
        let read = std::task::ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
        std::task::Poll::Ready(read.map(|()| buffer.filled().len()))
    });
    let read = timeout(within, reading).await.ok()?;
    Some(match read {
        Ok(0) => Fate::Unclear,
        Ok(_) => Fate::Alive,
        Err(error) if ending_of(&error, Deadline::FirstByte) == Ending::Reset => Fate::Reset,
        // An error of the network, such as no route: other checks tell that better.
        Err(_) => Fate::Unclear,
    })
}

/// How long is waited for an acknowledgement: three repetitions on a way of usual length.
pub(super) const PATIENCE: Duration = Duration::from_millis(3500);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(50);
/// How long an answer is waited for once the request has arrived.
const ANSWER: Duration = Duration::from_millis(300);
/// Repetitions without an answer that are no accident.
const CERTAIN: u8 = 3;
/// Where the way is long there is only time for so many.
const ENOUGH: u8 = 2;
