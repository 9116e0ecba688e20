"""Requests as nginx reads them and as the gateway does: `requests.toml`, byte for byte, to both of them.

Behind each stands a recorder. What nginx refuses the gateway refuses too; what both accept reaches the upstream as the
same requests; what the gateway forwards is beyond doubt for a strict parser. Where the two differ, the corpus says why.
"""

import dataclasses
import pathlib
import re
import socket
import time
import tomllib

from recorder import Doubt, Recorder, check_hop_by_hop, read

CORPUS = pathlib.Path(__file__).resolve().parent / "requests.toml"
PATIENCE = 5


@dataclasses.dataclass
class Case:
    """One input of the corpus: how many requests of it nginx and the gateway accept, how many the gateway sends on."""

    name: str
    sends: bytes
    by_nginx: int
    by_gateway: int
    sent_on: int
    is_read_alike: bool


@dataclasses.dataclass
class Outcome:
    """What became of one input: the final statuses that came back, and what each connection to the upstream carried."""

    statuses: list
    sent_on: list

    def accepted(self):
        return sum(status < 400 for status in self.statuses)

    def refusals(self):
        return [status for status in self.statuses if status >= 400]


def compare(house, nginx, torwart, nginx_port, torwart_port):
    """Sends the whole corpus to both and tells every disagreement that is not listed."""
    recorders = Recorder(), Recorder()
    folder = house.folder / "differential"
    folder.mkdir()
    folder.chmod(0o755)
    try:
        house.start([nginx, "-p", folder, "-c", nginx_config(folder, nginx_port, recorders[0].port)], "nginx2.log")
        house.start([torwart, "serve", "--config", plan(folder, torwart_port, recorders[1].port)], "torwart2.log")
        wait_for(nginx_port)
        wait_for(torwart_port)
        faults, count = [], 0
        for case in corpus():
            count += 1
            by_nginx, by_gateway = None, None
            try:
                by_nginx = outcome(case, nginx_port, recorders[0], 0)
                by_gateway = outcome(case, torwart_port, recorders[1], by_nginx.accepted())
                judge(case, by_nginx, by_gateway)
            except (AssertionError, Doubt) as fault:
                faults.append(f"{case.name}: {fault or type(fault)}\n  nginx   {by_nginx}\n  gateway {by_gateway}")
        assert not faults, f"{len(faults)} of {count} requests:\n" + "\n".join(fault[:2000] for fault in faults)
    finally:
        for recorder in recorders:
            recorder.end()


def judge(case, by_nginx, by_gateway):
    """The rules of this test."""
    # HTTP/0.9 has no status: with nginx, which reads bodies first, accepted is what is sent on.
    accepted = len(by_nginx.sent_on), by_gateway.accepted()
    assert accepted == (case.by_nginx, case.by_gateway), f"nginx and the gateway accept {accepted}: not so listed"
    refusals = by_gateway.refusals()
    assert refusals == by_gateway.statuses[case.by_gateway:] and len(refusals) <= 1, "a refusal is the last answer"
    assert all(status < 500 or status in (501, 505) for status in refusals), "the client is at fault"
    if accepted == (0, 0) and by_nginx.refusals():
        assert refusals, "nginx says that it refuses; so must the gateway"
    requests = [undoubted(text) for text in by_gateway.sent_on]
    # A body that breaks off in its middle may be under way already. It must not look whole then.
    whole = [request for request in requests if request and request.is_complete]
    assert len(whole) == case.sent_on, f"{len(whole)} whole requests were sent on"
    assert len(requests) <= case.sent_on + len(refusals), "more was sent on than was answered"
    if case.is_read_alike and case.by_nginx == case.by_gateway:
        nginx_read = [read(text)[0] for text in by_nginx.sent_on]
        assert list(map(essence, nginx_read)) == list(map(essence, whole)), "they read different requests"
        for theirs, ours in zip(map(host, nginx_read), map(host, whole)):
            assert theirs in (ours, NO_HOST), f"they read different hosts: {theirs} {ours}"


def undoubted(text):
    """The one request that a connection from the gateway carried."""
    request, rest = read(text)
    if rest:
        raise Doubt(f"bytes behind a request: {rest[:200]}")
    if request:
        check_hop_by_hop(request)
    return request


def essence(request):
    return request.method, request.target, request.body


def host(request):
    """As nginx writes it: without port and final dot, in small letters."""
    return re.sub(rb"\.?(:\d*)?$", b"", request.all(b"host")[0]).lower()


def corpus():
    """The lists of `requests.toml` as cases."""
    lists = tomllib.loads(CORPUS.read_text())
    for name, entry in lists.pop("pipelines").items():
        count = entry["accepted"]
        yield Case(f"pipelines: {name}", bytes_of(entry["sends"]), count, count, count, True)
    for group, (by_nginx, by_gateway) in GROUPS.items():
        is_agreed = group.startswith("both")
        for theme, entries in lists.pop(group).items():
            for name, entry in entries.items():
                if is_agreed:
                    entry = {"sends": entry, "because": "RFC"}
                assert re.search("RFC|limit", entry["because"]), f"{name} has no reason"
                theirs, ours = entry.get("by_nginx", by_nginx), entry.get("by_gateway", by_gateway)
                yield Case(f"{group}: {theme}: {name}", bytes_of(entry["sends"]), theirs, ours,
                           entry.get("sent_on", ours), group != "read_differently")
    assert not lists, f"unknown lists: {list(lists)}"


def bytes_of(sends):
    """A text is its bytes, a list its parts one after the other; a pair in it is a part and how often it comes."""
    if isinstance(sends, str):
        return sends.encode("latin-1")
    return b"".join(bytes_of(part) if isinstance(part, str) else bytes_of(part[0]) * part[1] for part in sends)


def outcome(case, port, recorder, answers):
    return Outcome(play(port, case.sends, answers), recorder.taken())


def play(port, sends, answers):
    """Sends it all, waits for the answers that should come, then ends our side and reads to the end. Not earlier: after
    a client's FIN the gateway takes no further request."""
    received = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
        try:
            link.sendall(sends)
            while len(statuses(received)) < answers and (data := link.recv(1 << 16)):
                received += data
            if sends.count(b" HTTP/") > 1:
                time.sleep(0.02)  # a request hidden in another must get its chance to be seen
            link.shutdown(socket.SHUT_WR)
        except TimeoutError:
            pass  # fewer answers than expected: they are counted below
        except OSError:
            pass  # refused before all of it was sent; the answer may be there nevertheless
        try:
            while data := link.recv(1 << 16):
                received += data
        except TimeoutError:
            raise AssertionError(f"the connection stays open after {bytes(received[:300])}") from None
        except OSError:
            pass  # a reset: what was refused need not be read
    return statuses(received)


def statuses(received):
    """The final statuses, in order. Our upstream's answers have no body; those to HEAD have none either."""
    found, rest = [], bytes(received)
    while match := re.match(rb"HTTP/1\.[01] (\d\d\d)[^\r\n]*\r\n(.*?\r\n)??\r\n", rest, re.S):
        status, rest = int(match[1]), rest[match.end():]
        if status >= 200:
            found.append(status)
        length = re.search(rb"(?im)^content-length: *(\d+)", match[2] or b"")
        if status >= 300 and length and not rest.startswith(b"HTTP/1."):
            rest = rest[int(length[1]):]
    return found


def wait_for(port):
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < until, f"nobody listens on {port}"
            time.sleep(0.05)


def nginx_config(folder, port, upstream):
    """A proxy that reads bodies whole and stays when the client ends its side, as the gateway does."""
    file = folder / "nginx.conf"
    file.write_text(f"""
daemon off; pid {folder}/nginx.pid; error_log stderr error; events {{}}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_header_buffer_size 32k; client_max_body_size {MOST_BODY}; client_body_buffer_size 256k;
  server {{
    listen 127.0.0.1:{port}; server_name {NO_HOST.decode()};
    location / {{
      proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1;
      proxy_set_header Host $host; proxy_set_header Connection "";
      proxy_ignore_client_abort on; proxy_next_upstream off;
    }}
  }}
}}
""")
    return file


def plan(folder, port, upstream):
    file = folder / "torwart.toml"
    file.write_text(f"""
[listen]
http = "127.0.0.1:{port}"

[log]
access = "{folder}/access.log"

[site."*"]
body_limit = "{MOST_BODY}B"
upstreams = "http://127.0.0.1:{upstream}"
""")
    return file


# How many requests nginx and the gateway accept of what stands in a list, if it does not say otherwise.
GROUPS = {
    "both_accept": (1, 1),
    "both_refuse": (0, 0),
    "torwart_is_stricter": (1, 0),
    "nginx_is_stricter": (0, 1),
    "read_differently": (1, 1),
}
# What nginx calls a request without a host.
NO_HOST = b"none.invalid"
MOST_BODY = 200_000
