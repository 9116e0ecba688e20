//! Questions to upstreams that answer from a script.

use super::*;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use torwart_cause::{Cause, Malformation, attempt_cause};
use torwart_kernel::socket::set_linger_reset;

/// What the upstream does once the question is there.
enum Act {
    /// Sends this and closes.
    Say(&'static [u8]),
    /// Sends this and resets.
    SayAndReset(&'static [u8]),
    /// Sends this and keeps silent.
    SayAndWait(&'static [u8]),
}

async fn upstream(act: Act) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        match act {
            Act::Say(bytes) => stream.write_all(bytes).await.unwrap(),
            Act::SayAndReset(bytes) => {
                stream.write_all(bytes).await.unwrap();
                set_linger_reset(&stream).unwrap();
            }
            Act::SayAndWait(bytes) => {
                stream.write_all(bytes).await.unwrap();
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    });
    (address, tasks)
}

async fn ask_it(act: Act, method: &str) -> (Attempt, Option<Reply>) {
    let (address, _tasks) = upstream(act).await;
    let mut stream = Stream::from(TcpStream::connect(address).await.unwrap());
    let question = Question::new(method, "web.example", "/health", &[("X-A", "b")]);
    let short = Duration::from_millis(100);
    let deadlines =
        ExchangeDeadlines { first_byte: short, between_bytes: short, ..ExchangeDeadlines::default() };
    let limits = AnswerLimits { body: 100, interim: 2, ..AnswerLimits::default() };
    let mut attempt = Attempt::default();
    let reply = ask(&mut stream, &question, &deadlines, &limits, &mut attempt).await.ok();
    (attempt, reply)
}

async fn check(act: Act, body: &[u8]) {
    let (attempt, reply) = ask_it(act, "GET").await;
    let reply = reply.unwrap_or_else(|| panic!("{attempt:?}"));
    assert_eq!(reply.body, body);
    assert_eq!(reply.response.status, 200);
    assert!(attempt.send.is_done() && attempt.head.is_done() && attempt.body.is_done());
    assert!(attempt.sent > 60 && attempt.received > 20);
}

async fn check_cause(act: Act, expected: Cause) -> Attempt {
    let (attempt, reply) = ask_it(act, "GET").await;
    assert!(reply.is_none());
    assert_eq!(attempt_cause(&attempt), Some(expected), "{attempt:?}");
    attempt
}

#[test]
fn a_question_is_a_request() {
    let question = Question::new("GET", "web.example:81", "/a?b", &[("X-A", "b")]);
    let expected = "GET /a?b HTTP/1.1\r\nHost: web.example:81\r\nUser-Agent: torwart/0.1.0\r\nAccept: */*\r\n\
                    X-A: b\r\nConnection: close\r\n\r\n";
    assert_eq!(String::from_utf8(question.bytes).unwrap(), expected);
}

#[tokio::test]
async fn bodies_end_as_their_framing_says() {
    check(Act::SayAndWait(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), b"hello").await;
    check(Act::SayAndWait(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), b"").await;
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    check(Act::SayAndWait(chunked), b"hello").await;
    check(Act::Say(b"HTTP/1.1 200 OK\r\n\r\nhello"), b"hello").await;
}

#[tokio::test]
async fn interim_answers_are_passed_over_but_not_endlessly() {
    let one = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    check(Act::Say(one), b"").await;
    let many = b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 E\r\n\r\n";
    check_cause(Act::Say(many), Cause::TooManyInterim).await;
}

#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let (_, reply) = ask_it(Act::SayAndWait(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "HEAD").await;
    assert_eq!(reply.unwrap().body, b"");
}

#[tokio::test]
async fn the_upstreams_own_error_is_an_answer() {
    let (attempt, reply) =
        ask_it(Act::Say(b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"), "GET").await;
    assert!(reply.is_some());
    assert_eq!(attempt_cause(&attempt), Some(Cause::UpstreamSaidSo));
}

#[tokio::test]
async fn what_fails_has_its_cause() {
    check_cause(Act::Say(b""), Cause::ClosedBeforeHead).await;
    check_cause(Act::SayAndReset(b""), Cause::ResetBeforeHead).await;
    check_cause(Act::SayAndWait(b""), Cause::HeadTimedOut).await;
    check_cause(Act::Say(b"HTTP/1.1 200 O"), Cause::HeadCut).await;
    check_cause(Act::Say(b"\x15\x03\x03\x00\x02\x02\x28"), Cause::WantsTls).await;
    check_cause(Act::Say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), Cause::BodyCut).await;
    check_cause(Act::SayAndWait(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), Cause::BodyStalled)
        .await;
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
    check_cause(Act::Say(chunked), Cause::ChunkMalformed).await;
    check_cause(Act::SayAndWait(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), Cause::LengthConflict)
        .await;
}

#[tokio::test]
async fn wrong_first_bytes_are_kept() {
    let attempt = check_cause(Act::Say(b"SSH-2.0-OpenSSH_9.7\r\n"), Cause::NotHttp).await;
    assert_eq!(&*attempt.first_bytes.unwrap(), b"SSH-2.0-OpenSSH_9.7\r\n");
    let Some(Ending::Malformed(fault)) = attempt.head.ending() else { panic!("malformed expected") };
    assert_eq!(fault.what, Malformation::NotHttp);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_too_large() {
    const LARGE: &[u8] = &{
        let mut bytes = [b'x'; 19 + 4096];
        let head = b"HTTP/1.1 200 OK\r\n\r\n";
        let mut at = 0;
        while at < head.len() {
            bytes[at] = head[at];
            at += 1;
        }
        bytes
    };
    check_cause(Act::SayAndWait(LARGE), Cause::BodyTooLarge).await;
}

#[tokio::test]
async fn an_answer_before_the_request_is_through_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = Stream::from(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
    let (mut far, _) = listener.accept().await.unwrap();
    let mut question = Question::new("POST", "web.example", "/", &[("Content-Length", "100000000")]);
    question.bytes.resize(100_000_000, b'x');
    let mut attempt = Attempt::default();
    let answering = async {
        far.read_u8().await.unwrap();
        far.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        far
    };
    let (deadlines, limits) = (ExchangeDeadlines::default(), AnswerLimits::default());
    let asking = ask(&mut stream, &question, &deadlines, &limits, &mut attempt);
    let (reply, _far) = tokio::join!(asking, answering);
    assert_eq!(reply.unwrap().response.status, 413);
    assert!(attempt.send.is_failed() && attempt.head.is_done());
    assert_eq!(attempt_cause(&attempt), None);
}
