//! Parses one browser request many times, so that its instructions can be counted:
//!
//! ```sh
//! cargo build --release -p torwart-wire --example parse
//! for n in 1000 2000; do
//!     valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/parse request $n
//! done
//! ```
//!
//! The difference of the two totals divided by 1000 is the cost of one. `response` and `chunked` count the others.

use std::hint::black_box;
use std::process::ExitCode;
use torwart_wire::Head;
use torwart_wire::http1::{
    Asked, ChunkDecoder, ChunkLimits, Leniency, Piece, RequestLimits, ResponseLimits, parse_request,
    parse_response,
};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let times = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let mut head = Head::with_capacity(8 * 1024);
    let done = match what.as_str() {
        "request" => (0..times).filter(|_| request(&mut head)).count(),
        "response" => (0..times).filter(|_| response(&mut head)).count(),
        "chunked" => (0..times).filter(|_| chunked()).count(),
        _ => return ExitCode::FAILURE,
    };
    if done == times { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fill(head: &mut Head, bytes: &[u8]) {
    head.clear();
    if let Some(room) = head.buffer.spare().get_mut(..bytes.len()) {
        room.copy_from_slice(black_box(bytes));
    }
    head.buffer.commit(bytes.len());
}

fn request(head: &mut Head) -> bool {
    fill(head, REQUEST);
    let parsed = parse_request(head, &RequestLimits::default(), &Leniency::default());
    black_box(parsed).is_ok_and(|request| request.is_some())
}

fn response(head: &mut Head) -> bool {
    fill(head, RESPONSE);
    let parsed = parse_response(head, Asked::default(), &ResponseLimits::default(), &Leniency::default());
    black_box(parsed).is_ok_and(|response| response.is_some())
}

fn chunked() -> bool {
    let mut decoder = ChunkDecoder::new(ChunkLimits::default());
    let mut rest = black_box(CHUNKED);
    while let Ok(Piece::Data { skip, len }) = decoder.decode(rest) {
        rest = rest.get(skip + len..).unwrap_or_default();
    }
    decoder.is_done()
}

/// What a Chromium sends for a page, with twelve fields.
const REQUEST: &[u8] = b"GET /shop/cart/items?page=2&sort=price HTTP/1.1\r\n\
Host: shop.example.com\r\n\
Connection: keep-alive\r\n\
sec-ch-ua: \"Chromium\";v=\"142\", \"Not=A?Brand\";v=\"24\"\r\n\
sec-ch-ua-mobile: ?0\r\n\
Upgrade-Insecure-Requests: 1\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
Sec-Fetch-Site: same-origin\r\n\
Referer: https://shop.example.com/shop\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Accept-Language: de-DE,de;q=0.9,en;q=0.8\r\n\
Cookie: session=6f1d2c3b4a5968778695a4b3c2d1e0f0; theme=dark\r\n\
\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
Server: nginx/1.27.1\r\n\
Date: Thu, 20 Nov 2025 10:11:12 GMT\r\n\
Content-Type: text/html; charset=utf-8\r\n\
Content-Length: 1024\r\n\
Connection: keep-alive\r\n\
ETag: \"655b1c2a-400\"\r\n\
Cache-Control: max-age=60\r\n\
\r\n";

const CHUNKED: &[u8] =
    b"10\r\n0123456789abcdef\r\n10\r\n0123456789abcdef\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
