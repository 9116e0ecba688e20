"""Real servers that speak HTTP/2 behind the gateway: nginx, node, nghttpd, and a gRPC service.

One gateway of its own stands before all of them, each a site; clients ask it by HTTP/1.1, and the gRPC client by HTTP/2.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import textwrap

import differential

HERE = pathlib.Path(__file__).resolve().parent

# Debian's own interpreter: it is the one that has its package of gRPC.
PYTHON = "/usr/bin/python3"

NODE = """
const http2 = require("node:http2"), crypto = require("node:crypto");
const server = http2.createServer({ settings: { enableConnectProtocol: true } });
server.on("stream", (stream, headers) => {
  const path = headers[":path"];
  stream.on("error", () => {});
  if (path === "/reset") return stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  if (path === "/cut") {
    stream.respond({ ":status": 200, "content-length": "1000000" });
    stream.write(Buffer.alloc(100000));
    return setTimeout(() => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 300);
  }
  if (path === "/leave") stream.session.close();
  if (path === "/trailers") {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "7" }));
    return stream.end("body");
  }
  if (path === "/early") {
    stream.additionalHeaders({ ":status": 103, link: "</a.css>" });
    stream.respond({ ":status": 200 });
    return stream.end("late");
  }
  const digest = crypto.createHash("sha256");
  stream.on("data", piece => digest.update(piece));
  stream.on("end", () => {
    stream.respond({ ":status": 200, "x-authority": headers[":authority"] });
    stream.end(digest.digest("hex"));
  });
});
server.listen(Number(process.argv[1]), "127.0.0.1");
"""


class Servers:
    """The servers, and the gateway before them."""

    def __init__(self, house, find, torwart, free_port):
        self.house, self.folder = house, house.folder / "over_http2"
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.files = self.folder / "files"
        self.files.mkdir()
        self.large = os.urandom(5 << 20)
        (self.files / "large.bin").write_bytes(self.large)
        ports = [free_port() for _ in range(7)]
        self.clear, self.sealed, self.node, self.nghttpd, self.grpc, self.gateway, nobody = ports
        self.start_nginx(find)
        (self.folder / "server.js").write_text(NODE)
        house.start([find("node"), "-e", NODE, self.node], "over_http2/node.log")
        house.start([find("nghttpd"), "-d", self.files, "--address", "127.0.0.1", self.nghttpd,
                     house.folder / "key.pem", house.folder / "chain.pem"], "over_http2/nghttpd.log")
        house.start([PYTHON, HERE / "grpc_echo.py", "serve", self.grpc], "over_http2/grpc.log")
        sites = "".join(textwrap.dedent(f"""
            [site."{name}.test"]
            upstreams = "{url}"
            protocol = "{protocol}"
            {more}
            """) for name, url, protocol, more in [
                ("clear", f"http://127.0.0.1:{self.clear}", "http2", ""),
                ("sealed", f"https://127.0.0.1:{self.sealed}", "auto", self.trust()),
                ("node", f"http://127.0.0.1:{self.node}", "http2", ""),
                ("nghttpd", f"https://127.0.0.1:{self.nghttpd}", "http2", self.trust()),
                ("127.0.0.1", f"http://127.0.0.1:{self.grpc}", "http2", ""),
            ]).replace('"127.0.0.1.test"', '"127.0.0.1"')
        (self.folder / "torwart.toml").write_text(textwrap.dedent(f"""
            [listen]
            http = "127.0.0.1:{self.gateway}"
            [log]
            access = "{self.folder}/access.log"
            """) + sites + textwrap.dedent(f"""
            [[site."127.0.0.1".route]]
            path = "/nobody/"
            upstreams = "http://127.0.0.1:{nobody}"
            """))
        house.start([torwart, "serve", "--config", self.folder / "torwart.toml"], "over_http2/torwart.log")
        for port in ports[:-1]:
            differential.wait_for(port)

    def trust(self):
        return f'tls = {{ ca = "{self.house.folder}/chain.pem", name = "shop.test" }}'

    def start_nginx(self, find):
        own = "".join(f"{kind}_temp_path {self.folder}/{kind};\n"
                      for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
daemon off; pid {self.folder}/nginx.pid; error_log stderr error; events {{}}
http {{ access_log off; {own} root {self.files}; client_max_body_size 100m; keepalive_requests 20;
ssl_certificate {self.house.folder}/chain.pem; ssl_certificate_key {self.house.folder}/key.pem;
server {{ listen 127.0.0.1:{self.clear} http2; location /taken {{ return 200 taken; }} }}
server {{ listen 127.0.0.1:{self.sealed} ssl http2; }} }}
""")
        self.house.start([find("nginx"), "-p", self.folder, "-c", self.folder / "nginx.conf"], "over_http2/nginx.log")

    def curl(self, site, path, *arguments, text=True):
        return self.house.curl(*arguments, "--connect-to", f"{site}.test:80:127.0.0.1:{self.gateway}",
                               f"http://{site}.test{path}", text=text)

    def log_lines(self):
        return [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]


def compare(house, find, torwart, free_port):
    """Asks all of them for all that they can do."""
    servers = Servers(house, find, torwart, free_port)
    files_come_whole(servers)
    announced_ends_cost_nothing(servers)
    node_is_told_and_tells(servers)
    grpc_works_as_if_nobody_stood_between(servers)


def files_come_whole(servers):
    for site in ("clear", "sealed", "nghttpd"):
        assert servers.curl(site, "/large.bin", text=False) == servers.large, site
        part = servers.curl(site, "/large.bin", "-r", "100-299", text=False)
        assert part in (servers.large[100:300], servers.large), site
        assert "404" in servers.curl(site, "/missing", "-o", "/dev/null", "-w", "%{http_code}"), site
        assert servers.curl(site, "/large.bin", "-I").startswith("HTTP/1.1 200"), site
    assert servers.curl("clear", "/taken", "-d", "a=b") == "taken"


def announced_ends_cost_nothing(servers):
    """nginx ends its connections after twenty requests here."""
    for site in ("clear", "sealed"):
        statuses = servers.curl(site, "/large.bin?[1-70]", "-Z", "--parallel-max", "8", "-o", "/dev/null",
                                "-w", "%{http_code}\\n").split()
        assert statuses == ["200"] * 70, (site, statuses)


def node_is_told_and_tells(servers):
    data = os.urandom(3 << 20)
    (servers.folder / "upload").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    for more in ([], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"]):
        assert servers.curl("node", "/", *more, "--data-binary", f"@{servers.folder}/upload") == digest, more
    assert "x-authority: node.test" in servers.curl("node", "/", "-i").lower()
    trailers = servers.curl("node", "/trailers", "-i", "--raw", "-H", "TE: trailers")
    assert "x-sum: 7" in trailers and "body" in trailers, trailers
    early = servers.curl("node", "/early", "-i")
    assert "HTTP/1.1 103" in early and early.endswith("late"), early
    assert servers.curl("node", "/reset", "-o", "/dev/null", "-w", "%{http_code}") == "502"
    cut = subprocess.run(["curl", "-sS", "--max-time", "10", "-o", "/dev/null", "--connect-to",
                          f"node.test:80:127.0.0.1:{servers.gateway}", "http://node.test/cut"], capture_output=True)
    assert cut.returncode != 0, "a cut answer looks whole"
    for _ in range(5):
        assert "200" in servers.curl("node", "/leave", "-o", "/dev/null", "-w", "%{http_code}")
    causes = [line["cause"] for line in servers.log_lines() if line["host"] == "node.test" and line["cause"]]
    # Whether node ends the stream before it resets it is its own affair; either way the body is short.
    assert causes[0] == "stream_reset" and causes[1] in ("stream_reset", "body_cut") and len(causes) == 2, causes


def grpc_works_as_if_nobody_stood_between(servers):
    done = subprocess.run([PYTHON, str(HERE / "grpc_echo.py"), "call", f"127.0.0.1:{servers.gateway}"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["unary"] == "cba" and said["large"] == 3_000_000, said
    assert said["down"] == ["n0", "n1", "n2", "n3", "n4"] and said["up"] == "abc", said
    assert said["both"] == ["0m", "1m", "2m", "3m"], said
    assert said["error"] == ["FAILED_PRECONDITION", "the shop is being painted – 100 %", "painted"], said
    assert said["missing"][0] == "UNIMPLEMENTED", said
    assert said["slow"][0] == "DEADLINE_EXCEEDED", said
    assert said["stalled"] == 20 and said["given_up"] == 2, said
    assert said["nobody"][0] == "UNAVAILABLE" and said["nobody"][1], said
