"""PHP as it stands behind a web server: php-fpm with a shop's files, and every way in which it can fail.

One gateway of its own stands before three pools of php-fpm: one that works, one with a single worker, and one that is
not there. What goes wrong must be named in the access log as exactly as for HTTP.
"""

import hashlib
import json
import os
import pathlib
import socket
import subprocess
import textwrap
import time

SCRIPTS = {
    "index.php": """<?php header('X-Script: ' . $_SERVER['SCRIPT_NAME']);
        echo 'front ', $_SERVER['REQUEST_URI'], ' ', $_SERVER['QUERY_STRING'];""",
    "environment.php": """<?php header('Content-Type: application/json');
        echo json_encode(array_intersect_key($_SERVER, array_flip(['SCRIPT_FILENAME', 'SCRIPT_NAME', 'PATH_INFO',
          'DOCUMENT_ROOT', 'REMOTE_ADDR', 'HTTPS', 'HTTP_HOST', 'HTTP_PROXY', 'HTTP_X_A', 'APP_ENV',
          'SERVER_NAME', 'SERVER_PORT', 'REQUEST_METHOD'])));""",
    "upload.php": """<?php $body = file_get_contents('php://input');
        echo strlen($body), ' ', sha1($body), ' ', $_SERVER['CONTENT_LENGTH'];""",
    "form.php": """<?php echo $_POST['name'] ?? '', ' ', isset($_FILES['f']) ? $_FILES['f']['size'] : '';""",
    "fault.php": """<?php ini_set('display_errors', '0'); undefined_function_of_the_shop();""",
    "complains.php": """<?php error_log('the shop is worried'); echo 'well';""",
    "dies.php": """<?php exec('kill -9 ' . getmypid());""",
    "dies_late.php": """<?php echo str_repeat('x', 100000); flush(); exec('kill -9 ' . getmypid());""",
    "length.php": """<?php header('Content-Length: 5'); echo 'hello';""",
    "wrong_length.php": """<?php header('Content-Length: 50'); echo 'hello';""",
    "redirect.php": """<?php header('Location: /elsewhere');""",
    "nothing.php": """<?php http_response_code(204);""",
    "large.php": """<?php for ($i = 0; $i < 400; $i++) echo str_repeat(chr(97 + $i % 26), 8192);""",
    "sleep.php": """<?php sleep(4); echo 'slept';""",
    "admin/index.php": """<?php echo 'admin';""",
}


class Pools:
    """php-fpm, the files, and the gateway before them."""

    def __init__(self, house, find, torwart, free_port, listens, wait_until):
        self.house, self.torwart = house, torwart
        self.folder = house.folder / "php"
        self.root = self.folder / "www"
        for sub in ("admin", "uploads", "empty"):
            (self.root / sub).mkdir(parents=True)
        for name, text in SCRIPTS.items():
            (self.root / name).write_text(textwrap.dedent(text))
        (self.root / "style.css").write_text("body {}")
        (self.root / "uploads" / "x.jpg").write_text("<?php echo 'hacked';")
        (self.root / "notes.php.bak").write_text("<?php $password = 'secret';")
        for path in [self.folder, *self.folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.port = free_port()
        self.fpm = find("php-fpm8.2") if has("php-fpm8.2") else find("php-fpm")
        self.working = self.pool(house, "working", f"127.0.0.1:{free_port()}", 4)
        self.single = self.pool(house, "single", self.folder / "single.sock", 1)
        wait_until(lambda: (self.folder / "single.sock").exists(), "php-fpm listens on its socket")
        wait_until(lambda: listens(int(self.working.rsplit(":", 1)[1])), "php-fpm listens on its port")
        config = self.folder / "torwart.toml"
        config.write_text(f"""
[listen]
http = "127.0.0.1:{self.port}"

[log]
access = "{self.folder}/access.log"

[pool.working]
upstreams = "fastcgi://{self.working}"

[pool.single]
upstreams = "fastcgi://unix:{self.single}"
deadline = {{ first_byte = "1s" }}

[pool.kept]
upstreams = "fastcgi://{self.working}"
idle = {{ links = 2 }}

[pool.nobody]
upstreams = "fastcgi://unix:{self.folder}/nobody.sock"

[site."shop.test"]
pool = "working"
files = {{ root = "www", try = ["{{path}}", "{{path}}/", "/index.php"] }}
script = {{ variables = {{ APP_ENV = "production" }} }}

[site."single.test"]
pool = "single"
script = {{ root = "{self.root}", front = "/index.php" }}

[site."kept.test"]
pool = "kept"
files = "www"

[site."nobody.test"]
pool = "nobody"
script = {{ root = "{self.root}" }}
""")
        self.config = config
        self.gateway = house.start([torwart, "serve", "--config", config], "php/torwart.log")
        wait_until(lambda: listens(self.port), "the gateway before php-fpm listens")

    def pool(self, house, name, listen, workers):
        (self.folder / f"{name}.conf").write_text(textwrap.dedent(f"""
            [global]
            error_log = {self.folder}/{name}.log
            daemonize = no
            [{name}]
            user = www-data
            group = www-data
            listen = {listen}
            listen.mode = 0666
            listen.backlog = 2
            pm = static
            pm.max_children = {workers}
            php_admin_flag[log_errors] = on
            php_admin_value[memory_limit] = 64M
            php_admin_value[cgi.fix_pathinfo] = 1
            """))
        house.start([self.fpm, "-n", "-F", "-y", self.folder / f"{name}.conf"], f"php/{name}.out")
        return str(listen)

    def ask(self, target, *more, host="shop.test", within=15):
        """Status and body as curl sees them; status 0 where the answer is cut."""
        command = ["curl", "-s", "--max-time", str(within), "-o", "-", "-w", "\n%{http_code} %{size_download}",
                   "--path-as-is", "-H", f"Host: {host}", *more, f"http://127.0.0.1:{self.port}{target}"]
        done = subprocess.run(command, capture_output=True, timeout=within + 5)
        body, _, last = done.stdout.rpartition(b"\n")
        status = int(last.split()[0])
        return (0 if done.returncode in (18, 52, 56) and status == 200 else status), body.decode(errors="replace")

    def record(self, path, host="shop.test"):
        """The last record of a path."""
        for _ in range(100):
            lines = (self.folder / "access.log").read_text().splitlines()
            found = [record for record in map(json.loads, lines)
                     if record["path"].split("?")[0] == path and record["host"] == host]
            if found:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"no record of {path}")

    def fails(self, path, status, cause, host="shop.test", within=15):
        found, body = self.ask(path, host=host, within=within)
        record = self.record(path, host)
        assert found == status and record["cause"] in cause.split("|"), (path, found, record, body[:200])
        return record


def has(program):
    return any((pathlib.Path(folder) / program).exists() for folder in ("/usr/sbin", "/usr/bin", "/usr/local/sbin"))


def check(house, find, torwart, free_port, listens, wait_until):
    pools = Pools(house, find, torwart, free_port, listens, wait_until)
    answers(pools)
    bodies(pools)
    attacks(pools)
    failures(pools)
    exhausted(pools)
    checked(pools, torwart)


def answers(pools):
    assert pools.ask("/style.css") == (200, "body {}")
    assert pools.ask("/?a=b") == (200, "front /?a=b a=b")
    assert pools.ask("/2024/hello-world/?p=1") == (200, "front /2024/hello-world/?p=1 p=1")
    assert pools.ask("/admin/") == (200, "admin")
    assert pools.ask("/admin")[0] == 308
    assert pools.ask("/length.php") == (200, "hello")
    assert pools.ask("/redirect.php")[0] == 302
    assert pools.ask("/nothing.php") == (204, "")
    status, body = pools.ask("/large.php")
    assert (status, len(body)) == (200, 400 * 8192)
    status, body = pools.ask("/environment.php/more%20path?x", "-H", "Proxy: evil", "-H", "X_A: no", "-H", "X-A: yes")
    told = json.loads(body)
    root = str(pools.root.resolve())
    assert told == {
        "SCRIPT_FILENAME": f"{root}/environment.php", "SCRIPT_NAME": "/environment.php", "PATH_INFO": "/more path",
        "DOCUMENT_ROOT": root, "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "shop.test", "HTTP_X_A": "yes",
        "APP_ENV": "production", "SERVER_NAME": "shop.test", "SERVER_PORT": "80", "REQUEST_METHOD": "GET",
    }, told
    for _ in range(20):
        assert pools.ask("/length.php", host="kept.test") == (200, "hello")
    status, body = pools.ask("/complains.php")
    assert (status, body) == (200, "well")
    assert "the shop is worried" in pools.record("/complains.php")["attempts"][0]["stderr"]


def bodies(pools):
    large = os.urandom(3 << 20)
    file = pools.folder / "upload.bin"
    file.write_bytes(large)
    plain = ("-H", "Content-Type: application/octet-stream")
    size, digest = len(large), hashlib.sha1(large).hexdigest()
    got = pools.ask("/upload.php", *plain, "--data-binary", f"@{file}")
    assert got == (200, f"{size} {digest} {size}"), (got[0], got[1][:300], pools.record("/upload.php"))
    assert pools.ask("/form.php", "-F", "name=shop", "-F", f"f=@{file}")[1].startswith("shop ")
    chunked = (*plain, "-H", "Transfer-Encoding: chunked", "--data-binary")
    assert pools.ask("/upload.php", *chunked, "hello")[1].startswith("5 ")
    assert pools.ask("/upload.php", *chunked, f"@{file}")[0] == 413


def attacks(pools):
    for path in ("/uploads/x.jpg/evil.php", "/uploads/x.jpg/.php", "/uploads/x.jpg%00.php", "/uploads/x.jpg/../x.jpg/a.php",
                 "/uploads/x.jpg%2fevil.php", "/notes.php.bak", "/..%2f..%2fetc/passwd"):
        status, body = pools.ask(path)
        assert "hacked" not in body and "password" not in body, (path, status, body)
        status, body = pools.ask(path, host="single.test")
        assert "hacked" not in body and "password" not in body, (path, status, body)


def failures(pools):
    record = pools.fails("/fault.php", 500, "upstream_said_so")
    assert "undefined_function_of_the_shop" in record["attempts"][0]["stderr"], record
    assert "undefined_function" not in pools.ask("/fault.php")[1]
    # What the worker had not read yet makes its end a reset.
    pools.fails("/dies.php", 502, "closed_before_head|reset_before_head")
    record = pools.fails("/dies_late.php", 0, "body_cut")
    assert record["status"] == 200 and not record["complete"], record
    pools.fails("/wrong_length.php", 502, "body_cut")
    pools.fails("/index.php", 502, "socket_missing", host="nobody.test")
    assert pools.fails("/missing.php", 404, "file_missing", host="kept.test")["attempts"] == []


def exhausted(pools):
    """The only worker sleeps, on after the gateway gave up: whoever comes waits in its queue, and is refused where that
    is full."""
    pools.fails("/sleep.php", 504, "head_timed_out", host="single.test")
    record = pools.fails("/index.php", 503, "upstream_full", host="single.test")
    assert record["attempts"][0]["first_byte_ms"] > 900, record
    # Connections that nobody takes fill the queue of the socket.
    waiting = []
    for _ in range(8):
        one = socket.socket(socket.AF_UNIX)
        one.setblocking(False)
        try:
            one.connect(pools.single)
        except BlockingIOError:
            pass
        waiting.append(one)
    pools.fails("/full.php", 503, "upstream_full", host="single.test")
    for one in waiting:
        one.close()


def checked(pools, torwart):
    done = subprocess.run([torwart, "check", pools.config, "--lang", "en", "--timeout", "2s"], capture_output=True,
                          text=True, timeout=60)
    assert "socket_missing" in done.stdout and done.returncode != 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "fastcgi://127.0.0.1" in line]
    assert lines and all("answers" in line for line in lines), done.stdout
