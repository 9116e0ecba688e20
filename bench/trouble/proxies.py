"""The gateways under trouble: each with the configuration a careful operator would write, one for all scenarios.

A proxy is a process on a free port that is given upstreams by port. Torwart runs with its defaults; nginx and HAProxy with
what their documentation recommends (kept links, failover, no floorless ejection).
"""

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target")) / "release"
TORWART = pathlib.Path(os.environ.get("TORWART", TARGET / "torwart"))


def free_port():
    """A port below the range from which the system takes those of outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def is_open(port):
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def torwart(folder, port, upstreams, extra):
    listed = ", ".join(f'"http://{up}"' for up in upstreams)
    (folder / "torwart.toml").write_text(
        f'[listen]\nhttp = "127.0.0.1:{port}"\n\n[site."trouble.test"]\nupstreams = [{listed}]\n'
        + extra.get("torwart", "")
    )
    return [TORWART, "serve", "--config", folder / "torwart.toml"]


def nginx(folder, port, upstreams, extra):
    passed = "" if "nginx" in extra else "proxy_pass http://pool;"
    servers = "\n".join(f"    server {up} max_fails=0;" for up in upstreams if ".test" not in up)
    servers = servers or "    server 127.0.0.1:9;"
    (folder / "nginx.conf").write_text(f"""
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {extra.get("nginx_http", "")}
  upstream pool {{
{servers}
    keepalive 64;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      {passed}
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream error timeout invalid_header http_502 http_503;
      proxy_connect_timeout 3s;
      {extra.get("nginx", "")}
    }}
  }}
}}
""")
    return [find("nginx"), "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "nginx.log"]


def haproxy(folder, port, upstreams, extra):
    options = extra.get("haproxy_server", "")
    servers = "\n".join(f"  server s{n} {up} {options}" for n, up in enumerate(upstreams))
    (folder / "haproxy.cfg").write_text(f"""
global
  maxconn 4000
  nbthread 2
{extra.get("haproxy_global", "")}
defaults
  mode http
  timeout connect 3s
  timeout client 75s
  timeout server 60s
  retries 3
  option redispatch
  retry-on all-retryable-errors
  http-reuse safe
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  balance {extra.get("haproxy_balance", "leastconn")}
  {extra.get("haproxy", "")}
{servers}
""")
    return [find("haproxy"), "-W", "-db", "-f", folder / "haproxy.cfg", "-S", folder / "master.sock"]


MAKE = {"torwart": torwart, "nginx": nginx, "haproxy": haproxy}


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def installed():
    if not TORWART.exists():
        raise SystemExit(f"{TORWART} is missing: cargo build --release -p torwart, or name one by TORWART")
    return ["torwart", *(name for name in ("nginx", "haproxy") if find(name))]


class Proxy:
    def __init__(self, kind, folder, upstreams, extra=None):
        """`upstreams` are ports, or `host:port`."""
        self.kind, self.folder, self.port = kind, folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        upstreams = [str(up) if ":" in str(up) else f"127.0.0.1:{up}" for up in upstreams]
        self.command = MAKE[kind](folder, self.port, upstreams, extra or {})
        self.process = self._start()
        until = time.monotonic() + 10
        while not is_open(self.port):
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{kind} does not start: see {folder}")
            time.sleep(0.02)

    def _start(self):
        log = open(self.folder / "output.log", "ab")
        environment = {**os.environ, "LANG": "C"}
        return subprocess.Popen(
            [str(part) for part in self.command],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=environment,
        )

    def reload(self):
        """As the operator reloads it: a signal that all three know the meaning of."""
        self.process.send_signal(signal.SIGUSR2 if self.kind == "haproxy" else signal.SIGHUP)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM if self.kind != "nginx" else signal.SIGQUIT)
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


class Upstream:
    """One scripted upstream, as a process of its own."""

    def __init__(self, folder, port=None, **options):
        self.port = port or free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"upstream-{self.port}-{options.get('host', '')}.log"
        self.options = options
        self.start()

    def start(self):
        command = ["python3", HERE / "upstream.py", self.port, self.log]
        command += [f"{key}={value}" for key, value in self.options.items()]
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ready(self):
        self.process.stdout.readline()
        return self

    def order(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def terminate(self):
        """The careful end."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(5)

    def seen(self):
        """What was executed: (id, method), in order."""
        if not self.log.exists():
            return []
        return [tuple(line.split(" ")[:2]) for line in self.log.read_text().splitlines()]
