"""Real clients that speak HTTP/2 to the gateway: curl, nghttp, h2load, node, and Chromium with a WebSocket over a stream."""

import hashlib
import json
import os
import re
import subprocess
import textwrap

NODE = """
const http2 = require("node:http2"), fs = require("node:fs");
const [url, authority] = process.argv.slice(1);
const ca = fs.readFileSync(process.env.CA);
const session = http2.connect(url, { ca, servername: "shop.test", settings: { enablePush: false } });
session.on("error", error => { console.log("session", error.message); process.exit(1); });

function ask(headers, body, after) {
  return new Promise(done => {
    const stream = session.request({ ":authority": authority, ...headers }, { endStream: body === undefined && !after });
    let status = 0, said = "";
    stream.on("response", fields => { status = fields[":status"]; if (after) after(stream); });
    stream.setEncoding("utf8");
    stream.on("data", piece => said += piece);
    stream.on("error", () => {});
    stream.on("close", () => done({ status, said, code: stream.rstCode }));
    if (body !== undefined) stream.end(body);
  });
}

(async () => {
  const many = await Promise.all(Array.from({ length: 500 }, (_, n) => ask({ ":path": "/hello?" + n })));
  console.log("many", many.every((one, n) => one.status === 200 && one.said.startsWith("hello /hello?" + n + " ")));
  // Whoever leaves a page gives up what it has asked for.
  for (let n = 0; n < 80; n++) {
    const stream = session.request({ ":authority": authority, ":path": "/slow" });
    stream.on("error", () => {});
    setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), 50);
  }
  await new Promise(done => setTimeout(done, 300));
  const still = await ask({ ":path": "/hello" });
  console.log("still", still.status === 200);
  const head = await ask({ ":path": "/hello", ":method": "HEAD" });
  console.log("head", head.status === 200 && head.said === "");
  const [small, slow] = await Promise.all([ask({ ":path": "/hello" }), ask({ ":path": "/slow" })]);
  console.log("slow", small.status === 200 && slow.said.includes("data: 5"));
  const chat = await ask({ ":path": "/socket", ":method": "CONNECT", ":protocol": "websocket",
    "sec-websocket-version": "13" }, undefined, stream => {
      // A text of two letters, masked with nothing, and a farewell.
      stream.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 104, 105]));
      setTimeout(() => stream.end(Buffer.from([0x88, 0x80, 0, 0, 0, 0])), 100);
    });
  console.log("chat", chat.status === 200 && chat.said.includes("hi"));
  session.close(() => process.exit(0));
})();
"""


def check(house, find):
    """Asks by every client; then the log must say that it was HTTP/2."""
    curl_gets_and_sends(house)
    an_offer_of_h2c_is_let_be(house)
    nghttp_is_content(house, find)
    h2load_meets_no_error(house, find)
    node_does_all_it_can(house, find)
    a_browser_speaks_over_a_websocket(house)
    spoken = {line["protocol"] for line in house.log_lines() if (line["path"] or "").startswith("/by-http2")}
    assert spoken == {"HTTP/2"}, spoken


def curl_gets_and_sends(house):
    expected = (house.folder / "files/large.bin").read_bytes()
    digest = hashlib.sha256(expected).hexdigest()
    doors = [
        ("--http2-prior-knowledge", house.url("")),
        ("--http2", f"https://127.0.0.1:{house.https}"),
    ]
    for version, base in doors:
        def curl(path, *arguments, text=True):
            return house.curl("-k", version, *arguments, base + path, text=text)
        assert curl("/by-http2", "-o", "/dev/null", "-w", "%{http_version}") == "2", version
        assert curl("/files/large.bin", text=False) == expected, version
        assert curl("/upload", "--data-binary", f"@{house.folder}/files/large.bin") == digest, version
        expecting = ("-H", "Expect: 100-continue", "-T", house.folder / "files/large.bin")
        assert curl("/upload", *expecting, "-X", "POST") == digest, version
        assert "data: 5" in curl("/slow"), version
        head = curl("/hello", "-I").lower()
        assert head.startswith("http/2 200") and "connection:" not in head, head
        failed = curl("/nobody/by-http2", "-i").lower()
        assert failed.startswith("http/2 502") and "error=connection_refused" in failed, failed
        fields = curl("/headers").lower()
        assert re.search(r"^via: 2 ", fields, re.M) and "transfer-encoding" not in fields, fields


def an_offer_of_h2c_is_let_be(house):
    said = house.curl("--http2", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", house.url("/hello"))
    assert said == "1.1 200", said


def nghttp_is_content(house, find):
    done = subprocess.run([find("nghttp"), "-v", "-n", "-m", "20", house.url("/by-http2/nghttp")],
                          capture_output=True, text=True, timeout=30)
    assert done.stdout.count(":status: 200") == 20 and "RST_STREAM" not in done.stdout, done.stdout[-3000:]
    assert "error_code" not in done.stdout or "NO_ERROR" in done.stdout, done.stdout[-3000:]


def h2load_meets_no_error(house, find):
    for base in (house.url(""), f"https://127.0.0.1:{house.https}"):
        done = subprocess.run([find("h2load"), "-n", "20000", "-c", "10", "-m", "50", f"{base}/files/small.txt"],
                              capture_output=True, text=True, timeout=90)
        assert "20000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout
        assert "status codes: 20000 2xx" in done.stdout, done.stdout


def node_does_all_it_can(house, find):
    done = subprocess.run(
        [find("node"), "-e", textwrap.dedent(NODE), f"https://127.0.0.1:{house.https}", "shop.test"],
        env={**os.environ, "CA": str(house.folder / "chain.pem")}, capture_output=True, text=True, timeout=60,
    )
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    expected = {word: "true" for word in ("many", "still", "head", "slow", "chat")}
    assert said == expected, json.dumps(said) + done.stderr


def a_browser_speaks_over_a_websocket(house):
    page = house.browse(f"https://127.0.0.1:{house.https}/page", arguments=["--ignore-certificate-errors"])
    assert "heard 70006 Grüße" in page, page
    sockets = [line for line in house.log_lines() if line["path"] == "/socket" and line["protocol"] == "HTTP/2"]
    assert sockets, "Chromium opens a WebSocket over the connection that it has"
