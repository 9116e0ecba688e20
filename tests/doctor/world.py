"""A small world of its own for one broken (or healthy) set-up: a network namespace, files, processes.

Every set-up runs in fresh network and mount namespaces, so ports, names and packet filters are its own: `lo` is up,
/etc/hosts and /etc/resolv.conf are private, and everything ends with the process that made the world.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

TORWART = os.environ.get("TORWART") or str(
    pathlib.Path(os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).resolve().parents[2] / "target"))
    / "release/torwart"
)
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Missing(Exception):
    """A program this set-up needs is not installed."""


def program(name):
    found = shutil.which(name, path=PATH)
    if found is None:
        raise Missing(name)
    return found


def shell(command, **options):
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True,
                          env={**os.environ, "PATH": PATH}, **options)


class World:
    """Files and processes of one set-up. To be made inside fresh namespaces; see `run`."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="torwart-doctor-"))
        os.chmod(self.folder, 0o755)
        self.processes = []
        shell("ip link set lo up")
        self.hosts("127.0.0.1 localhost shop.example www.shop.example")
        self.mount("resolv.conf", "/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")

    def mount(self, name, over, text):
        path = self.write(name, text)
        shell(f"mount --bind {path} {over}")
        return path

    def hosts(self, *lines):
        text = "\n".join(lines) + "\n"
        path = self.folder / "hosts"
        if path.exists():
            path.write_text(text)
        else:
            self.mount("hosts", "/etc/hosts", text)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def start(self, command, **options):
        log = open(self.folder / f"process-{len(self.processes)}.log", "wb")
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   env={**os.environ, "PATH": PATH}, **options)
        self.processes.append(process)
        return process

    def until(self, holds, what, within=10):
        deadline = time.monotonic() + within
        while not holds():
            if time.monotonic() > deadline:
                logs = "\n".join(path.read_text(errors="replace")[-600:] for path in self.folder.glob("*.log"))
                raise RuntimeError(f"{what} did not come\n{logs}")
            time.sleep(0.05)

    def wait_port(self, port, address="127.0.0.1"):
        def is_open():
            try:
                socket.create_connection((address, port), 1).close()
                return True
            except OSError:
                return False
        self.until(is_open, f"port {port}")

    def app(self, body, port=3000, wait=True):
        """A server in Python: `body` is the code of `serve(connection, number)`; `request` is read before."""
        code = textwrap.dedent('''
            import socket, threading, time, sys, os, itertools
            def read_head(c):
                data = b""
                while b"\\r\\n\\r\\n" not in data:
                    more = c.recv(65536)
                    if not more: return data
                    data += more
                return data
            def answer(c, body=b"ok", status="200 OK", fields=""):
                c.sendall(("HTTP/1.1 %s\\r\\nContent-Length: %d\\r\\n%s\\r\\n" % (status, len(body), fields)).encode() + body)
        ''') + textwrap.dedent(body) + textwrap.dedent(f'''
            listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("0.0.0.0", {port})); listener.listen(64)
            def run(c, n):
                try: serve(c, n)
                except OSError: pass
                try: c.close()
                except OSError: pass
            for n in itertools.count():
                c, _ = listener.accept()
                threading.Thread(target=run, args=(c, n), daemon=True).start()
        ''')
        self.start([sys.executable, self.write(f"app-{port}.py", code)])
        if wait:
            self.wait_port(port)

    def healthy_app(self, port=3000):
        """Answers every request with 200 and keeps connections for a minute."""
        self.app('''
            def serve(c, n):
                c.settimeout(70)
                while read_head(c): answer(c, b"<h1>shop</h1>")
        ''', port)

    def nginx(self, http, name="nginx", port=80, user="www-data"):
        """nginx with this `http` block; returns the configuration file."""
        logs = self.folder / name
        logs.mkdir(exist_ok=True)
        shutil.chown(logs, user)
        conf = self.write(f"{name}.conf", f"""
            user {user};
            worker_processes 1;
            pid {self.folder}/{name}.pid;
            error_log {logs}/error.log info;
            events {{ worker_connections 512; }}
            http {{
                access_log {logs}/access.log;
                client_body_temp_path {logs}/body; proxy_temp_path {logs}/proxy; fastcgi_temp_path {logs}/fastcgi;
                uwsgi_temp_path {logs}/uwsgi; scgi_temp_path {logs}/scgi;
            {textwrap.indent(textwrap.dedent(http), "                ").strip()}
            }}
        """)
        shell(f"{program('nginx')} -t -c {conf}")
        self.start([program("nginx"), "-c", conf, "-g", "daemon off;"])
        self.wait_port(port)
        return conf

    def shop(self, location, before="", port=80):
        """nginx for shop.example with one location."""
        return self.nginx(f"""
            {before}
            server {{
                listen {port};
                server_name shop.example;
                location / {{ {location} }}
            }}
        """, port=port)

    def haproxy(self, text, port=80):
        conf = self.write("haproxy.cfg", text)
        shell(f"{program('haproxy')} -c -f {conf}")
        self.start([program("haproxy"), "-db", "-f", conf])
        self.wait_port(port)
        return conf

    def certificate(self, name, days=90, names=("shop.example",), authority=None, start=None):
        """Chain and key as PEM files, self-signed or by an authority made here (name of its files)."""
        key, chain = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        san = ",".join(f"IP:{one}" if one[0].isdigit() else f"DNS:{one}" for one in names)
        openssl = program("openssl")
        self.write(f"{name}.ext", f"subjectAltName={san}\nbasicConstraints={'CA:TRUE' if name == 'ca' or name.startswith('ca-') else 'CA:FALSE'}\n")
        shell(f"{openssl} req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {key}"
              f" -out {self.folder}/{name}.csr -subj '/CN={names[0]}'")
        signer = (f"-CA {self.folder}/{authority}.pem -CAkey {self.folder}/{authority}.key -CAcreateserial"
                  if authority else f"-signkey {key}")
        if days >= 0:
            shell(f"{openssl} x509 -req -in {self.folder}/{name}.csr {signer} -out {chain} -days {days}"
                  f" -extfile {self.folder}/{name}.ext")
        else:
            # Dates in the past are for `openssl ca` alone.
            self.write("index.txt", "")
            self.write("serial", "01\n")
            conf = self.write("ca.cnf", f"""
                [ca]
                default_ca = own
                [own]
                database = {self.folder}/index.txt
                serial = {self.folder}/serial
                new_certs_dir = {self.folder}
                default_md = sha256
                policy = any
                unique_subject = no
                [any]
                commonName = supplied
            """)
            shell(f"{openssl} ca -batch -config {conf} -in {self.folder}/{name}.csr -out {chain} -notext"
                  f" -keyfile {self.folder}/{authority or name}.key"
                  + (f" -cert {self.folder}/{authority}.pem" if authority else " -selfsign")
                  + f" -startdate 20240101000000Z -enddate 20250101000000Z -extfile {self.folder}/{name}.ext")
        os.chmod(key, 0o644)
        return chain, key

    def doctor(self, arguments, deadline=30):
        """Runs the doctor; its exit code, its findings' ids best first, and the seconds it took."""
        import json
        begin = time.monotonic()
        done = subprocess.run([TORWART, "doctor", *map(str, arguments), "--format", "json", "--deadline", f"{deadline}s"],
                              capture_output=True, text=True, timeout=deadline + 30,
                              env={"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"})
        took = time.monotonic() - begin
        try:
            report = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(f"no JSON (exit {done.returncode}): {done.stdout[-800:]}\n{done.stderr[-1500:]}")
        return done.returncode, report, took

    def end(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
