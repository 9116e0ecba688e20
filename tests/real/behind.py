"""What reaches real servers behind the gateway: exactly the requests that stand beyond doubt, or nothing.

Every input goes through one gateway to a recorder, whose strict parser says which requests were sent on, and through
others to nginx, Apache, node and gunicorn. What each of them has seen must be those requests in this order, or fewer
where it refuses one itself: a request more, another target or another body means that one was smuggled. After each
input a request of ours follows, so that whatever still waits on a link to the server would show in it.
"""

import concurrent.futures
import dataclasses
import itertools
import json
import pathlib
import re
import socket
import textwrap
import time

import differential
from recorder import Doubt, Recorder, read

PATIENCE = 5
QUIET = 0.04
JUDGES = 4
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n"


def compare(house, find, torwart, free_port):
    """Sends everything to everybody, and tells who has seen what was not sent."""
    folder = house.folder / "behind"
    folder.mkdir()
    folder.chmod(0o755)
    recorders = [Recorder() for _ in range(JUDGES)]
    try:
        judges = [Gateway(house, torwart, folder, f"judge-{number}", free_port(), recorder.port)
                  for number, recorder in enumerate(recorders)]
        servers = [make(house, find, folder, free_port()) for make in (Nginx, Apache, Node, Gunicorn)]
        gateways = [Gateway(house, torwart, folder, server.name, free_port(), server.port) for server in servers]
        for listener in judges + gateways + servers:
            differential.wait_for(listener.port)
        inputs = [(case.name, case.sends) for case in differential.corpus()] + list(ambiguous())
        with concurrent.futures.ThreadPoolExecutor() as pool:
            shares = pool.map(lambda number: [strictly_read(judges[number].port, recorders[number], *one)
                                              for one in inputs[number::JUDGES]], range(JUDGES))
            # Dealt out in turns, and taken up again in turns.
            turns = itertools.zip_longest(*shares)
            sent_on = list(itertools.islice(itertools.chain.from_iterable(turns), len(inputs)))
            checks = pool.map(lambda pair: check(pair[0], pair[1].port, inputs, sent_on), zip(servers, gateways))
            faults = list(itertools.chain.from_iterable(checks))
        assert not faults, f"{len(faults)} of {len(inputs)} inputs:\n" + "\n".join(faults)[:8000]
    finally:
        for recorder in recorders:
            recorder.end()


def strictly_read(port, recorder, name, sends):
    """The requests that the gateway sends on, and how many answers the client gets before it ends its side."""
    _, answers = play(port, sends, None)
    requests = []
    for text in recorder.taken():
        try:
            request, rest = read(text)
        except Doubt as doubt:
            raise AssertionError(f"{name}: {doubt}") from None
        assert not rest, f"{name}: bytes behind a request: {rest[:200]}"
        if request:
            requests.append(request)
    return requests, answers


def check(server, port, inputs, sent_on):
    """The faults of one server."""
    faults, count = [], 0
    for number, ((name, sends), (requests, answers)) in enumerate(zip(inputs, sent_on)):
        play(port, sends, answers)
        marker = f"/marker/{number}"
        answer, _ = play(port, f"GET {marker} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode(), 1)
        seen = server.seen_before(marker)
        if not re.match(rb"HTTP/1\.1 20[04] ", answer):
            faults.append(f"{server.name}: {name}: the next client gets {bytes(answer[:60])}")
        unexpected = list(seen)
        count += len(seen)
        for request in requests:
            if unexpected and server.is_this(unexpected[0], request):
                unexpected.pop(0)
        if unexpected:
            faults.append(f"{server.name}: {name}: sent on {[(r.method, r.target, len(r.body)) for r in requests]}, "
                          f"seen {seen}")
    sent = sum(request.is_complete for requests, _ in sent_on for request in requests)
    if count < 0.8 * sent:
        faults.append(f"{server.name}: only {count} of {sent} requests were seen; this proves nothing")
    return faults


def play(port, sends, answers):
    """Sends it all and waits for these answers, or until it is quiet where nobody knows; then ends our side. What came,
    and how many answers had come by then."""
    received, before = bytearray(), 0
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
        try:
            link.sendall(sends)
            if answers is None or not answers:
                link.settimeout(QUIET)
            while answers is None or len(differential.statuses(received)) < answers:
                data = link.recv(1 << 16)
                if not data:
                    break
                received += data
        except OSError:
            pass  # quiet, or refused before all of it was sent
        before = len(differential.statuses(received))
        try:
            link.settimeout(PATIENCE)
            link.shutdown(socket.SHUT_WR)
            while data := link.recv(1 << 16):
                received += data
        except OSError:
            pass
    return received, before


def ambiguous():
    ""
    "Lengths and codings in every spelling that some reader takes for another, each with a request hidden behind it."
    ""
    chunked, sized = "3\r\nabc\r\n0\r\n\r\n", "abc"
    for name, length in itertools.product(CODING_NAMES, (None, "3", "0")):
        yield post(f"name {name!r}", [f"{name}: chunked"], length, chunked)
    for coding, length in itertools.product(CODINGS, (None, "3", "13", "0")):
        yield post(f"coding {coding!r}", [f"Transfer-Encoding: {coding}"], length, chunked)
        yield post(f"coding {coding!r} last", [f"Transfer-Encoding: {coding}"], length, chunked, is_coding_last=True)
        yield post(f"coding {coding!r} and chunked", [f"Transfer-Encoding: {coding}", "Transfer-Encoding: chunked"],
                   length, chunked)
    for length, body in itertools.product(LENGTHS, (sized, "")):
        yield post(f"length {length!r}", [f"Content-Length: {length}"], None, body)
        yield post(f"length {length!r} and 3", [f"Content-Length: {length}"], "3", body)
    for size in SIZES:
        yield post(f"chunk size {size!r}", ["Transfer-Encoding: chunked"], None, f"{size}\r\nabc\r\n0\r\n\r\n")
    for end in CHUNK_ENDS:
        yield post(f"chunk end {end!r}", ["Transfer-Encoding: chunked"], None, f"3\r\nabc{end}0\r\n\r\n")
        yield post(f"last chunk {end!r}", ["Transfer-Encoding: chunked"], None, f"3\r\nabc\r\n0{end}{end}")
    for trailer in TRAILERS:
        yield post(f"trailer {trailer!r}", ["Transfer-Encoding: chunked"], None, f"3\r\nabc\r\n0\r\n{trailer}\r\n\r\n")
    for line in LINES:
        yield f"line {line!r}", f"{line}\r\nHost: a.test\r\n\r\n{SMUGGLED}".encode("latin-1")
    for field in FIELDS:
        yield f"field {field!r}", f"GET / HTTP/1.1\r\nHost: a.test\r\n{field}\r\n\r\n{SMUGGLED}".encode("latin-1")


def post(name, fields, length, body, is_coding_last=False):
    fields = list(fields)
    if length is not None:
        fields.insert(0 if is_coding_last else len(fields), f"Content-Length: {length}")
    head = "".join(f"{field}\r\n" for field in ["POST /form HTTP/1.1", "Host: a.test", *fields])
    return f"{name}, length {length}", f"{head}\r\n{body}{SMUGGLED}".encode("latin-1")


class Gateway:
    """One gateway with one core, so that links are reused as much as can be."""

    def __init__(self, house, torwart, folder, name, port, upstream):
        self.port = port
        file = folder / f"{name}.toml"
        file.write_text(f"""
workers = 1

[listen]
http = "127.0.0.1:{port}"

[log]
access = "{folder}/{name}.access.log"

[site."*"]
body_limit = "{differential.MOST_BODY}B"
upstreams = "http://127.0.0.1:{upstream}"
""")
        house.start([torwart, "serve", "--config", file], f"behind-{name}.log")


class Server:
    """A server that notes each request it has taken, as a line of JSON or of fields between tabs."""

    def __init__(self, folder, port):
        self.port = port
        self.notes = folder / f"{self.name}.notes"
        self.notes.touch()
        self.notes.chmod(0o666)
        self.read_to = 0

    def seen_before(self, marker):
        """What was noted since the last time, once the marker is there."""
        until = time.monotonic() + PATIENCE
        while True:
            with self.notes.open("rb") as file:
                file.seek(self.read_to)
                text = file.read()
            lines = text.splitlines(keepends=True)
            noted = [self.noted(line.decode("latin-1").rstrip("\n")) for line in lines if line.endswith(b"\n")]
            if any(note[1] == marker for note in noted):
                self.read_to += sum(map(len, lines))
                return [note for note in noted if note[1] != marker]
            assert time.monotonic() < until, f"{self.name} has not seen {marker}, but {noted[-3:]}"
            time.sleep(0.002)

    def is_this(self, note, request):
        """Whether a note is about this request."""
        body = note[2] is None or note[2] == len(request.body)
        return (note[0], note[1]) == (request.method.decode(), request.target.decode()) and body

    def noted(self, line):
        method, target, body = json.loads(line)
        return method, target, body


class LogServer(Server):
    """Its own log is the note: a request line and a status. What it refuses itself is no request."""

    def noted(self, line):
        request, status = line.rsplit("\t", 1)
        method, _, rest = request.partition(" ")
        refused = int(status) >= 400
        return (method, rest.rsplit(" ", 1)[0], None) if not refused else ("refused", None, None)

    def seen_before(self, marker):
        return [note for note in super().seen_before(marker) if note[0] != "refused"]


class Nginx(LogServer):
    name = "nginx"

    def __init__(self, house, find, folder, port):
        super().__init__(folder, port)
        file = folder / "behind-nginx.conf"
        file.write_text(textwrap.dedent(f"""
            daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit; events {{}}
            http {{
              log_format note escape=none "$request\t$status"; access_log {self.notes} note;
              client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
              uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; large_client_header_buffers 4 64k;
              server {{ listen 127.0.0.1:{port}; client_max_body_size 0; location / {{ return 204; }} }}
            }}
        """))
        house.start([find("nginx"), "-p", folder, "-c", file], "behind-nginx.log")


class Apache(LogServer):
    name = "apache"

    def __init__(self, house, find, folder, port):
        super().__init__(folder, port)
        modules = pathlib.Path("/usr/lib/apache2/modules")
        file = folder / "apache.conf"
        file.write_text(textwrap.dedent(f"""
            ServerRoot {folder}
            PidFile {folder}/apache.pid
            DefaultRuntimeDir {folder}
            Listen 127.0.0.1:{port}
            ServerName a.test
            LoadModule mpm_event_module {modules}/mod_mpm_event.so
            LoadModule authz_core_module {modules}/mod_authz_core.so
            LoadModule rewrite_module {modules}/mod_rewrite.so
            User nobody
            Group nogroup
            ErrorLog {folder}/apache-error.log
            LogFormat "%r\t%>s" note
            CustomLog {self.notes} note
            KeepAlive On
            MaxKeepAliveRequests 0
            LimitRequestFieldSize 65536
            LimitRequestLine 65536
            AllowEncodedSlashes On
            RewriteEngine On
            RewriteRule ^ - [R=204,L]
        """))
        house.start([find("apache2"), "-f", file, "-D", "FOREGROUND"], "behind-apache.log")


class Node(Server):
    name = "node"

    def __init__(self, house, find, folder, port):
        super().__init__(folder, port)
        file = folder / "server.js"
        file.write_text(textwrap.dedent(f"""
            const fs = require("fs");
            const server = require("http").createServer({{ maxHeaderSize: 1 << 17 }}, (request, response) => {{
              let size = 0;
              request.on("data", data => size += data.length);
              request.on("error", () => {{}});
              request.on("end", () => {{
                fs.appendFileSync("{self.notes}", JSON.stringify([request.method, request.url, size]) + "\\n");
                response.writeHead(204).end();
              }});
            }});
            server.keepAliveTimeout = 60000;
            server.listen({port}, "127.0.0.1");
        """))
        house.start([find("node"), file], "behind-node.log")


class Gunicorn(Server):
    """It writes methods in capitals, however they came."""

    name = "gunicorn"

    def is_this(self, note, request):
        return super().is_this(note, dataclasses.replace(request, method=request.method.upper()))

    def __init__(self, house, find, folder, port):
        super().__init__(folder, port)
        (folder / "behind_app.py").write_text(textwrap.dedent(f"""
            import json
            def app(environ, start_response):
                body = environ["wsgi.input"].read()
                length = environ.get("CONTENT_LENGTH")
                if not length or int(length) == len(body):
                    note = [environ["REQUEST_METHOD"], environ["RAW_URI"], len(body)]
                    with open("{self.notes}", "a") as file:
                        file.write(json.dumps(note) + "\\n")
                start_response("204 No Content", [])
                return []
        """))
        house.start([find("gunicorn"), "--chdir", folder, "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
                     "--threads", "4", "--keep-alive", "60", "--limit-request-line", "0",
                     "--limit-request-fields", "500", "--limit-request-field_size", "0",
                     "behind_app:app"], "behind-gunicorn.log")


CODING_NAMES = [
    "Transfer-Encoding", "transfer-encoding", "TRANSFER-ENCODING", "Transfer_Encoding", "Transfer-Encoding ",
    "Transfer-Encoding\t", " Transfer-Encoding", "\tTransfer-Encoding", "Transfer-Encoding\x00",
    "Transfer-Encoding\x0b",
    "X-A: b\rTransfer-Encoding", "X-A: b\nTransfer-Encoding", "X-A: b\r\n Transfer-Encoding",
    "X-A: b\x00\r\nTransfer-Encoding", "Transfer\xadEncoding", "Transfer-Enc\xf6ding", "Transfer.Encoding",
    "X-Transfer-Encoding", "Transfer-Encoding-X", "Content-Transfer-Encoding", "TE", "\x00Transfer-Encoding",
    "Transfer-Encoding:",
]
CODINGS = [
    "chunked", "Chunked", "CHUNKED", "xchunked", "chunkedx", "x-chunked", "chunked,", ",chunked", ", chunked ,",
    "chunked, chunked", "chunked,identity", "identity", "identity, chunked", "gzip", "gzip, chunked", "chunked, gzip",
    "chunked;a=b", "chunked ;", "\"chunked\"", "'chunked'", "\tchunked", "chunked\t", "\x0bchunked", "\x0cchunked",
    "chunked\x0b", "\x00chunked", "chunked\x00", "chunked\x00, identity", "chun\x00ked", "chunked\r", "\rchunked",
    "\nchunked", "\r\n chunked", "chunked\r\n , identity", "ch\xfcnked", "\xa0chunked", "\x85chunked", "chunked\x1f",
    "c hunked", "cow", "", " ", "0", "chunked:chunked", "{chunked}",
]
LENGTHS = [
    "3", "03", "+3", "-3", "-0", "+0", "0x3", "3x", "x3", "3 ", "3\t", "\t3", "3,3", "3, 3", "3,4", "3;a", "3 3",
    "3.0", "3e0",
    "3_0", "0_3", "", " ", "three", "\x003", "3\x00", "\x0b3", "3\x0b", "\xa03", "\xb3", "3\r", "\r3", "3\r\n ",
    "\r\n 3",
    "4294967299", "18446744073709551615", "18446744073709551616", "18446744073709551619", "9223372036854775807",
    "9223372036854775808", "99999999999999999999999999999999", "00000000000000000000000000000003", "\"3\"", "(3)",
    "0b11",
]
SIZES = [
    "3", "03", "+3", "-3", "0x3", "3x", "3h", "3;", "3;a", "3;a=b", "3; a = \"b\"", "3;\"", "3 ;a", "3\t;a", "3 ",
    "3\t", " 3",
    "\t3", "\x003", "3\x00", "3\x0b", "3,3", "3.", "3\r", "3\n", "\n3", "3;\n", "3;a\n", "3;a\rb", "3;a\x00b",
    "3;a=\"\r\n\"",
    "", ";", ";a", "g", "00000000000000003", "0000000000000000000000000000000003", "100000003", "10000000000000003",
    "ffffffffffffffff", "8000000000000003", "fffffffffffffffd", "\xb3", "3\xa0", "3 0", "3_",
]
CHUNK_ENDS = [
    "\r\n", "\n", "\r", "", "\n\r", "\r\r\n", "\r\n\r\n", " \r\n", "\r\n ", "\x00\r\n", "XX", ";\r\n", "\x0b\r\n",
]
TRAILERS = [
    "X-A: b", "Content-Length: 3", "Transfer-Encoding: chunked", "Host: evil.test", "X-A : b", " X-A: b", "X-A",
    ": b", "X-A: b\x00",
    "X-A: b\rX-C: d", "X-A: b\nX-C: d", "X-A: b\r\n c", "GET /trailer HTTP/1.1", "Connection: close", "X-A: \xff",
]
LINES = [
    "GET /a HTTP/1.1", "GET http://evil.test/a HTTP/1.1", "GET //evil.test/a HTTP/1.1",
    "GET http://a.test@evil.test/ HTTP/1.1",
    "GET /a?b=c\x0bHTTP/1.1 HTTP/1.1", "GET /a\xa0HTTP/1.1 HTTP/1.1", "GET /a\x85b HTTP/1.1", "GET /a\tHTTP/1.1",
    "GET\x0b/a HTTP/1.1", "GET\x0c/a HTTP/1.1", "get /a HTTP/1.1", "G\x00T /a HTTP/1.1", "GET /a%0d%0aX:%20y HTTP/1.1",
    "GET /a HTTP/1.1\x00", "GET /a HTTP/1.1\x0b", "GET /a HTTP/1.1\r\n", "GET /a HTTP/1.0", "GET /a HTTP/1.1 HTTP/1.0",
    "GET /a http/1.1", "GET /a HTTP/1.2", "GET /a HTTP/3.0", "GET /a HTTP/\xb9.1", "HEAD /a HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "GET * HTTP/1.1", "TRACE /a HTTP/1.1", "CONNECT evil.test:80 HTTP/1.1", "PRI * HTTP/2.0",
    "X-Y_Z!#$%&'*+.^`|~ /a HTTP/1.1",
    "GET /%2e%2e/a HTTP/1.1", "GET /a/..;/b HTTP/1.1", "GET /a\\..\\b HTTP/1.1", "GET /a#b HTTP/1.1",
    "GET /\xff HTTP/1.1",
]
FIELDS = [
    "Host: evil.test", "host: evil.test", "Host : evil.test", " Host: evil.test", "X-A: b\rHost: evil.test",
    "X-A: b\nHost: evil.test",
    "Host\x00: evil.test", "X-Forwarded-Host: evil.test", "Connection: Host", "Connection: close, Host, X-A",
    "Connection: Content-Length, Transfer-Encoding", "Expect: 100-continue",
    "Expect: 100-continue\r\nContent-Length: 3",
    "Expect: 200-ok", "Expect:", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAAA",
    "Upgrade: websocket\r\nConnection: Upgrade", "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3",
    "X-A: \xff\xfe",
    "X-A: \x80", "X-A: b\x00c", "X-A: b\x7f", "X A: b", "X-A", ": b", "X-A:b:c", "X-A: b\r\n c", "X-A: b\r\n\tc",
    "\r", "\n",
    "X-A: b\r", "X-A: b\r\r", "X-A\r\n: b", "\xffX-A: b", "(X-A): b", "X/A: b", "X-A: b\n", "GET /line HTTP/1.1",
    "Content_Length: 3",
    "Content-Length : 3", "Content-Length: 3\r\nContent_Length: 4", "Max-Forwards: 0", "Trailer: Content-Length",
]
