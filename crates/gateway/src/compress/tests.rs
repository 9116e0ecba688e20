//! What goes in comes out again, at the time it should.

use super::*;
use flate2::read::MultiGzDecoder;
use std::io::Read;

const CODINGS: [Compression; 3] = [Compression::Gzip, Compression::Brotli, Compression::Zstd];
const EFFORTS: [Effort; 3] = [Effort::Low, Effort::Medium, Effort::High];

fn text(length: usize) -> Vec<u8> {
    let words = [b"gateway ".as_slice(), b"upstream ", b"<div class=\"shop\">", b"answer ", b"\n"];
    let mut number = 1u32;
    let mut text = Vec::with_capacity(length + 32);
    while text.len() < length {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(words[(number >> 24) as usize % words.len()]);
        text.push(b'a' + (number >> 16) as u8 % 26);
    }
    text.truncate(length);
    text
}

/// As much as can be read of a stream that may lack its end.
fn read(coding: Compression, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut plain = Vec::new();
    let ended = match coding {
        Compression::Gzip => MultiGzDecoder::new(bytes).read_to_end(&mut plain).is_ok(),
        Compression::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).is_ok(),
        Compression::Zstd => {
            let mut decoder = zstd_safe::DCtx::create();
            let mut input = InBuffer::around(bytes);
            let mut piece = Vec::with_capacity(1 << 16);
            let mut hint = 1;
            while input.pos() < bytes.len() {
                piece.clear();
                hint = decoder
                    .decompress_stream(&mut OutBuffer::around(&mut piece), &mut input)
                    .expect("is zstd");
                plain.extend_from_slice(&piece);
            }
            loop {
                piece.clear();
                decoder.decompress_stream(&mut OutBuffer::around(&mut piece), &mut input).expect("is zstd");
                if piece.is_empty() {
                    break;
                }
                plain.extend_from_slice(&piece);
            }
            hint == 0
        }
    };
    (plain, ended)
}

fn lend(coders: &Rc<Coders>, coding: Compression, effort: Effort) -> Option<Coded> {
    Coders::lend(coders, coding, effort, Way::UntilClose)
}

use zstd_safe::{InBuffer, OutBuffer};

#[test]
fn bodies_of_any_size_come_out_as_they_went_in_also_through_used_coders() {
    let coders = Rc::new(Coders::default());
    for coding in CODINGS {
        for effort in EFFORTS {
            for length in [0, 1, 1000, 70_000, 300_000] {
                let plain = text(length);
                let mut coded = lend(&coders, coding, effort).expect("there is one");
                let mut out = Vec::new();
                for piece in plain.chunks(7001) {
                    coded.push(piece, &mut out).expect("works");
                }
                coded.finish(&[], &mut out).expect("works");
                assert!(
                    length < 1000 || out.len() < length / 2,
                    "{coding:?} {effort:?} {length}: {}",
                    out.len()
                );
                assert_eq!(read(coding, &out), (plain, true), "{coding:?} {effort:?} {length}");
            }
        }
    }
    assert_eq!(coders.lent.get(), 0);
}

#[test]
fn what_was_flushed_can_be_read_and_has_no_end() {
    let coders = Rc::new(Coders::default());
    for coding in CODINGS {
        let mut coded = lend(&coders, coding, Effort::Medium).expect("there is one");
        let mut out = Vec::new();
        let mut plain = Vec::new();
        for length in [10, 5000, 1, 40_000] {
            plain.extend_from_slice(&text(length));
            coded.push(&text(length), &mut out).expect("works");
            coded.flush(&mut out).expect("works");
            let before = out.len();
            coded.flush(&mut out).expect("works");
            assert_eq!(out.len(), before, "there was nothing to flush");
            let (here, has_ended) = read(coding, &out);
            assert!(here == plain && !has_ended, "{coding:?} {length}: {} of {}", here.len(), plain.len());
        }
    }
}

#[test]
fn chunks_hold_the_stream() {
    let coders = Rc::new(Coders::default());
    let mut coded =
        Coders::lend(&coders, Compression::Gzip, Effort::Low, Way::Chunked).expect("there is one");
    let mut out = Vec::new();
    coded.push(b"hello", &mut out).expect("works");
    assert!(out.is_empty());
    coded.finish(b"x: y\r\n", &mut out).expect("works");
    let text = String::from_utf8_lossy(&out);
    assert!(text.starts_with("19\r\n") && text.ends_with("\r\n0\r\nx: y\r\n\r\n"), "{text}");
}

#[test]
fn a_core_lends_only_so_much_memory() {
    let coders = Rc::new(Coders::default());
    let mut lent = Vec::new();
    while let Some(coded) = lend(&coders, Compression::Gzip, Effort::Low) {
        lent.push(coded);
    }
    assert_eq!(lent.len(), 198);
    assert!(lend(&coders, Compression::Zstd, Effort::Low).is_none());
    lent.truncate(100);
    assert!(lend(&coders, Compression::Zstd, Effort::Low).is_some());
    drop(lent);
    assert_eq!(coders.lent.get(), 0);
    assert_eq!(coders.free.borrow().len(), KEPT);
    (0..5).for_each(|_| coders.trim());
    assert!(coders.free.borrow().is_empty());
}

#[test]
fn a_coder_weighs_no_more_than_is_reckoned() {
    for effort in EFFORTS {
        let mut coder = Coder::new(Compression::Zstd, effort).expect("there is one");
        coder.code(&text(1 << 20), Goal::Density, &mut Vec::new()).expect("works");
        let weight = coder.zstd_weight().expect("is zstd");
        assert!(weight <= coder.own_weight(), "{effort:?}: {weight}");
    }
}
