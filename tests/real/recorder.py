"""An upstream that keeps every byte it is sent, one request per connection, and answers 204.

`read` is a parser of its own, as small and as strict as can be: what a gateway writes must be beyond any doubt, so
whatever a second reader could take differently is a `Doubt`. It shares nothing with the gateway's own code.
"""

import dataclasses
import re
import socket
import threading

REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP/1\.1")
VALUE = rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?"
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?(" + VALUE + rb")")
HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+;=-]+(:\d*)?|\[[0-9a-fA-F:.]+\](:\d*)?")
# Fields that end at the gateway (RFC 9110 §7.6.1), whether the client names them or not. The corpus names `x-hop…`.
HOP_BY_HOP = {b"keep-alive", b"proxy-connection", b"proxy-authorization", b"http2-settings"}
PATIENCE = 5


class Doubt(Exception):
    """What arrived could be read in two ways, or in none."""


@dataclasses.dataclass
class Request:
    method: bytes
    target: bytes
    fields: list
    body: bytes = b""
    is_complete: bool = False

    def all(self, name):
        return [value for key, value in self.fields if key == name]


def read(text):
    """The request at the front of the bytes, and what follows it. An incomplete one is the beginning of one; `None` if
    not even its head is complete."""
    head, blank_line, rest = text.partition(b"\r\n\r\n")
    if not blank_line:
        return None, b""
    first, *lines = head.split(b"\r\n")
    start = REQUEST_LINE.fullmatch(first)
    if not start:
        raise Doubt(f"request line {first[:200]}")
    fields = []
    for line in lines:
        match = FIELD_LINE.fullmatch(line)
        if not match:
            raise Doubt(f"field line {line[:200]}")
        fields.append((match[1].lower(), match[2]))
    request = Request(start[1], start[2], fields)
    check_host(request)
    lengths, codings = request.all(b"content-length"), request.all(b"transfer-encoding")
    if len(lengths) + len(codings) > 1:
        raise Doubt(f"framing stated more than once: {lengths} {codings}")
    if codings:
        if codings != [b"chunked"]:
            raise Doubt(f"coding {codings}")
        return request, read_chunks(request, rest)
    length = lengths[0] if lengths else b"0"
    if not re.fullmatch(rb"0|[1-9][0-9]{0,17}", length):
        raise Doubt(f"length {length}")
    request.body, rest = rest[:int(length)], rest[int(length):]
    request.is_complete = len(request.body) == int(length)
    return request, rest


def check_host(request):
    hosts = request.all(b"host")
    if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
        raise Doubt(f"hosts {hosts}")


def check_hop_by_hop(request):
    """Whether fields are left that were meant for the connection before."""
    options = {option.strip().lower() for value in request.all(b"connection") for option in value.split(b",")}
    if not options <= {b"te", b"upgrade", b"close", b"keep-alive"}:
        raise Doubt(f"connection options {options}")
    for name, value in request.fields:
        is_left_over = name in HOP_BY_HOP or name.startswith(b"x-hop")
        if is_left_over or (name in (b"te", b"upgrade") and name not in options):
            raise Doubt(f"hop-by-hop field {name}: {value}")
        if name == b"te" and value != b"trailers" or name == b"upgrade" and b"h2c" in value.lower():
            raise Doubt(f"{name}: {value}")


def read_chunks(request, rest):
    """Reads chunks and trailers; what follows them."""
    body, at = [], 0
    while True:
        line_end = rest.find(b"\r\n", at)
        size = rest[at:line_end if line_end >= 0 else None]
        if not re.fullmatch(rb"[0-9a-fA-F]{1,16}" if line_end >= 0 else rb"[0-9a-fA-F]{0,16}\r?", size):
            raise Doubt(f"chunk line {size[:200]}")
        if line_end < 0:
            break
        at, size = line_end + 2, int(size, 16)
        if size == 0:
            request.body = b"".join(body)
            return read_trailers(request, rest, at)
        body.append(rest[at:at + size])
        at += size + 2
        if not b"\r\n".startswith(rest[at - 2:at]):
            raise Doubt(f"data is followed by {rest[at - 2:at]}")
        if len(rest) < at:
            break
    request.body = b"".join(body)
    return b""


def read_trailers(request, rest, at):
    while (line_end := rest.find(b"\r\n", at)) >= 0:
        line, at = rest[at:line_end], line_end + 2
        if not line:
            request.is_complete = True
            return rest[at:]
        if not FIELD_LINE.fullmatch(line):
            raise Doubt(f"trailer line {line[:200]}")
    return b""


class Recorder:
    """Listens until `end`. After `settle`, `taken` has everything that was sent to it before."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.kept = []
        self.threads = {}
        self.accepted = threading.Condition()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                link, peer = self.listener.accept()
            except OSError:
                return
            text = bytearray()
            thread = threading.Thread(target=self.record, args=(link, text), daemon=True)
            thread.start()
            with self.accepted:
                self.kept.append(text)
                self.threads[peer] = thread
                self.accepted.notify_all()

    def record(self, link, text):
        """Answers a request once it is complete or in doubt, and reads on: bytes behind it would be a second one."""
        is_answered, is_awaited = False, False
        with link:
            link.settimeout(PATIENCE)
            try:
                while data := link.recv(1 << 16):
                    text += data
                    if is_answered:
                        continue
                    try:
                        request, _ = read(bytes(text))
                    except Doubt:
                        request = None
                    else:
                        if request is None or not request.is_complete:
                            if request and request.all(b"expect") and not is_awaited:
                                is_awaited = True
                                link.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                            continue
                    is_answered = True
                    link.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                    link.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # cut by the other side, or too late: what has come is kept

    def settle(self):
        """Waits until everything that was connected before has come to its end: connections are accepted in order."""
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            name = last.getsockname()
            with self.accepted:
                if not self.accepted.wait_for(lambda: name in self.threads, PATIENCE):
                    raise AssertionError("the recorder accepts no connection")
                before = list(self.threads.items())
        for peer, thread in before:
            thread.join(2 * PATIENCE)
            with self.accepted:
                self.threads.pop(peer, None)

    def taken(self):
        """What each connection has carried since the last time, in the order of their beginnings."""
        self.settle()
        with self.accepted:
            kept, self.kept = self.kept, []
        return [bytes(text) for text in kept if text]

    def end(self):
        self.listener.close()
