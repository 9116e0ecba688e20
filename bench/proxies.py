"""The proxies under test: started from the configuration files here, measured from the outside.

A proxy is a process tree pinned to its own cores. CPU time is read from the scheduler's own account (schedstat,
nanoseconds) of every thread, memory as the sum of PSS over the tree. Nothing here knows a workload.
"""

import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")) / "release"
HARNESS = TARGET / "torwart-bench"
# Another build than the usual one, to compare two of them.
TORWART = pathlib.Path(os.environ.get("TORWART", TARGET / "torwart"))


class Unfit(Exception):
    """The machine or the tree is not ready for a measurement; the text says what to do."""


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


def two_cores():
    """The proxy's core, and the core of everything else."""
    cores = sorted(os.sched_getaffinity(0))
    return [cores[0]], [cores[-1]]


def find(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise Unfit(f"{program} is missing: run scripts/install-tools")
    return path


def pinned(cores, command):
    return [find("taskset"), "-c", ",".join(str(core) for core in cores), *map(str, command)]


def tree(root):
    """The process and its descendants."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                children = pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text()
                waiting.extend(int(child) for child in children.split())
        except OSError:
            continue
    return found


def cpu_nanoseconds(root):
    total = 0
    for pid in tree(root):
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(task.read_text().split()[0])
    return total


def pss_kib(root):
    total = 0
    for pid in tree(root):
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))
    return total


def rss_kib(root):
    total = 0
    for pid in tree(root):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        total += int(re.search(r"^VmRSS:\s+(\d+)", status, re.M).group(1))
    return total


def certificates(directory):
    """Makes a certificate for `localhost`: its file, that of its key, and one of both."""
    chain, key, pair = (directory / name for name in ("chain.pem", "key.pem", "pair.pem"))
    subprocess.run(
        [find("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", chain, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"],
        check=True, capture_output=True,
    )
    pair.write_bytes(chain.read_bytes() + key.read_bytes())
    return chain, key, pair


class Bench:
    """A temporary folder with certificates, the origin, and whatever was started in it; everything ends with it."""

    def __init__(self, proxy_cores, other_cores, logs=False, http3=False):
        self.proxy_cores, self.other_cores, self.logs, self.http3 = proxy_cores, other_cores, logs, http3
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="torwart-bench-"))
        self.running = []
        self.origin_port = free_port()
        if not HARNESS.exists():
            raise Unfit("build first: cargo build --release -p torwart -p torwart-bench")

    def __enter__(self):
        try:
            self.chain, _, _ = certificates(self.directory)
            self.instrument("origin", "--listen", f"127.0.0.1:{self.origin_port}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def stop(self, proxy, within=60):
        """An orderly end, waited for. A wrapper is not asked to end: it does so with what it runs."""
        wrapped = tree(proxy.pid)[1 if proxy.is_wrapped else 0]
        os.kill(wrapped, signal.SIGTERM)
        proxy.process.wait(within)

    def __exit__(self, *_):
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                for pid in reversed(tree(process.pid)):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                process.wait(5)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, cores, command, **options):
        """A process whose output goes to a file, unless `options` sends it elsewhere."""
        with open(self.directory / f"{len(self.running)}.log", "wb") as log:
            process = subprocess.Popen(
                pinned(cores, command), **{"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL, **options}
            )
        self.running.append(process)
        return process

    def instrument(self, *arguments, **options):
        """One of the harness' programs, once it says that it is ready."""
        process = self.start(self.other_cores, [HARNESS, *arguments], stdout=subprocess.PIPE, **options)
        if process.stdout.readline().strip() != b"ready":
            raise Unfit(f"{process.args} did not start:\n{self.log(process)}")
        return process

    def log(self, process):
        file = self.directory / f"{self.running.index(process)}.log"
        return file.read_text(errors="replace")[-2000:]

    def fill(self, template, ports, variant):
        """A configuration file from its template; a variant of a proxy differs in a word or two."""
        http, https = (f"127.0.0.1:{port}" for port in ports)
        log = self.directory / "access.log"
        words = {
            "WORKERS": len(self.proxy_cores), "DIRECTORY": self.directory, "FILES": 20000, "CONNECTIONS": 7900,
            # One process alone, where its instructions are counted.
            "NGINX_MASTER": "off" if variant == "plain" else "on",
            "NGINX_LOG": f"{log}.nginx json" if self.logs else "off",
            "HAPROXY_LOG_TO": "log stdout format raw local0" if self.logs else "",
            "HAPROXY_LOG": "log global\n    option httplog" if self.logs else "no log",
            # `splice-auto` never splices this load; `splice-response` does, and no default configuration has it.
            "HAPROXY_SPLICE": "option splice-response" if variant == "splice" else "option splice-auto",
            # Without TLS, so that a count of instructions has no cryptography in it.
            "TORWART_HTTPS": "" if variant == "plain" else f'https = "{https}"',
            "TORWART_CERTIFICATE": "" if variant == "plain" else
            f'certificate = {{ chain = "{self.chain}", key = "{self.directory}/key.pem" }}',
            "TORWART_HTTP3": str(self.http3).lower(),
            "HTTP_PORT": ports[0], "HTTPS_PORT": ports[1],
            "TORWART_LOG": f'"{log}.torwart"' if self.logs else "false",
            "ORIGIN": f"127.0.0.1:{self.origin_port}", "HTTP": http, "HTTPS": https, "CHAIN": self.chain,
            "KEY": self.directory / "key.pem", "PAIR": self.directory / "pair.pem", "ADMIN": f"127.0.0.1:{free_port()}",
        }
        text = (HERE / template).read_text()
        text = re.sub(r"@([A-Z0-9_]+)@", lambda word: str(words[word.group(1)]), text)
        file = self.directory / f"{len(self.running)}-{template.removesuffix('.in')}"
        file.write_text(text)
        return file

    def proxy(self, name, wrapper=()):
        return Proxy(self, name, wrapper)

    def load(self, proxy, requests, options, within=60):
        """Sends exactly so many requests through a proxy; complains where one of them went wrong."""
        if "h2" in options:
            return self._load_http2(proxy, requests, [option for option in options if option != "h2"], within)
        if "h3" in options:
            options = ["tls", "--http3", *(option for option in options if option != "h3")]
        report = subprocess.run(
            pinned(self.other_cores, [HARNESS, "load", "--requests", requests, "--within", within,
                                      *proxy.target(options)]),
            check=True, capture_output=True, text=True, timeout=within + 10,
        ).stdout
        good = int(re.search(r'"good": (\d+)', report).group(1))
        if good != requests:
            raise Unfit(f"{proxy.name}: {good} of {requests} requests went well with {options}: {report.strip()}")
        return float(re.search(r'"seconds": ([\d.]+)', report).group(1))


    def _load_http2(self, proxy, requests, options, within):
        """The same over HTTP/2 and TLS, by `h2load`; the last option is the path."""
        *options, path = options
        is_grpc = "grpc" in options
        if is_grpc:
            # A call with a message of 128 bytes, behind its length.
            message = self.directory / "message"
            message.write_bytes(bytes([0, 0, 0, 0, 128]) + b"x" * 128)
            options = [option for option in options if option != "grpc"]
            options += ["-d", message, "-H", "content-type: application/grpc", "-H", "te: trailers"]
        report = subprocess.run(
            pinned(self.other_cores, [find("h2load"), "-n", requests, *options, f"--connect-to=127.0.0.1:{proxy.https}",
                                      f"https://localhost{path}"]),
            check=True, capture_output=True, text=True, timeout=within + 10,
        ).stdout
        good = int(re.search(r"status codes: (\d+) 2xx", report).group(1))
        # A call that fails has the same status, but no message.
        data = int(re.search(r"\((\d+)\) data", report).group(1))
        if good != requests or is_grpc and data != requests * (5 + 128):
            raise Unfit(f"{proxy.name}: {good} of {requests} requests went well over HTTP/2: {report.strip()}")
        seconds = re.search(r"finished in ([\d.]+)(ms|s)", report)
        return float(seconds.group(1)) / (1000 if seconds.group(2) == "ms" else 1)


class Proxy:
    """One proxy, running on its cores; `wrapper` is a command that runs it, such as strace's."""

    def __init__(self, bench, name, wrapper=()):
        self.bench, self.name, self.is_wrapped = bench, name, bool(wrapper) and "strace" in str(wrapper[0])
        self.http, self.https = free_port(), free_port()
        cores = bench.proxy_cores
        kind, _, variant = name.partition("+")
        file = {"nginx": "nginx.conf.in", "haproxy": "haproxy.cfg.in", "torwart": "torwart.toml.in",
                "caddy": "Caddyfile.in"}.get(kind)
        config = bench.fill(file, (self.http, self.https), variant) if file else None
        command = {
            "nginx": lambda: [find("nginx"), "-p", bench.directory, "-c", config],
            "haproxy": lambda: [find("haproxy"), "-db", "-f", config],
            "torwart": lambda: [TORWART, "serve", "--config", config],
            "caddy": lambda: ["env", f"GOMAXPROCS={len(cores)}", f"HOME={bench.directory}", find("caddy"), "run",
                              "--adapter", "caddyfile", "--config", config],
            "floor": lambda: [HARNESS, "floor", "--listen", f"127.0.0.1:{self.http}",
                              "--to", f"127.0.0.1:{bench.origin_port}"],
        }[kind]()
        self.process = bench.start(cores, [*wrapper, *command])
        self._wait()

    def _wait(self, within=60.0):
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Unfit(f"{self.name} did not start:\n{self.bench.log(self.process)}")
            try:
                socket.create_connection(("127.0.0.1", self.http), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Unfit(f"{self.name} does not listen:\n{self.bench.log(self.process)}")

    @property
    def pid(self):
        return self.process.pid

    def target(self, options):
        """Arguments of the load generator for this proxy; `tls` in the options asks for the other door."""
        options = list(options)
        if "tls" in options:
            options.remove("tls")
            return ["--to", f"127.0.0.1:{self.https}", "--trust", self.bench.chain, *options]
        return ["--to", f"127.0.0.1:{self.http}", *options]
