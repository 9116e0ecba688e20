//! Frames that no honest peer sends: nothing panics, nothing hangs, nothing is taken for an answer that is none.

use super::*;

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// A frame that may be anything, and is a plausible one more often than chance would have it.
    fn frame(&mut self) -> Vec<u8> {
        let length = self.next(24) as usize;
        let payload: Vec<u8> = match self.next(4) {
            0 => b"\x88\x0f\x0d\x0210".to_vec(),
            1 => b"\x88".to_vec(),
            _ => (0..length).map(|_| self.next(256) as u8).collect(),
        };
        let kind = self.next(11) as u8;
        let flags = [0, 1, 4, 5, 8, 0xff][self.next(6) as usize];
        let stream = [0, 1, 1, 1, 2, 3, 0xff][self.next(7) as usize];
        let stated = if self.next(20) == 0 { payload.len() as u8 + 1 } else { payload.len() as u8 };
        let mut frame = vec![0, 0, stated, kind, flags, 0, 0, 0, stream];
        frame.extend_from_slice(&payload);
        frame
    }
}

#[test]
fn whatever_frames_come_every_stream_ends() {
    for seed in 0..400 {
        run(async move {
            let mut chance = Chance(seed);
            let mut bytes = if chance.next(8) > 0 { SETTINGS.to_vec() } else { Vec::new() };
            for _ in 0..chance.next(12) {
                bytes.extend(chance.frame());
            }
            let (ours, mut theirs) = tokio::net::UnixStream::pair().unwrap();
            let (streams, driver) = begin(ours.into(), &OPTIONS).await.unwrap();
            spawn_local(driver);
            spawn_local(async move {
                let mut heard = BytesMut::new();
                while heard.len() < 100 {
                    theirs.read_buf(&mut heard).await.unwrap();
                }
                // It may have hung up on what it heard.
                let _ = theirs.write_all(&bytes).await;
                let _ = theirs.shutdown().await;
                while theirs.read_buf(&mut heard).await.is_ok_and(|read| read > 0) {}
            });
            let mut link = streams.open();
            link.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n").await.unwrap();
            let mut answer = BytesMut::new();
            while let Ok(1..) = link.read_buf(&mut answer).await {}
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 "), "{answer:?}");
        });
    }
}
