"""A real client that speaks HTTP/3 to the gateway: Chromium. It is the only one in Debian: its curl, nghttp2 and node
know no QUIC.

The browser is told which origin to ask by QUIC at once, and whose key to trust; without `Alt-Svc` in between, a page that
loads is proof. What it loads says by a script what came of a large download, an upload and many requests at once.
"""

import base64
import hashlib
import html
import json
import re
import subprocess

SCRIPT = """<!doctype html><meta charset=utf-8><title>shop</title><p id=said>nothing yet</p><script>
const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, "0")).join("");
const digest = async bytes => hex(await crypto.subtle.digest("SHA-256", bytes));
const text = async (path, options) => (await fetch(path, options)).text();
(async () => {
  const said = {};
  const large = await (await fetch("/files/large.bin")).arrayBuffer();
  said.download = await digest(large);
  said.upload = await text("/upload", { method: "POST", body: large });
  const many = [];
  for (let n = 0; n < 300; n += 20) {
    many.push(...await Promise.all(Array.from({ length: 20 }, (_, m) => text("/by-http3?" + (n + m)))));
  }
  said.many = many.every((one, n) => one.startsWith("hello /by-http3?" + n + " "));
  const head = await fetch("/hello", { method: "HEAD" });
  said.head = head.status === 200 && (await head.text()) === "";
  const failed = await fetch("/nobody/by-http3");
  said.failed = [failed.status, (failed.headers.get("proxy-status") || "").includes("connection_refused")];
  const gone = new AbortController();
  const given_up = fetch("/slow", { signal: gone.signal }).then(answer => answer.text()).catch(error => error.name);
  setTimeout(() => gone.abort(), 300);
  said.given_up = await given_up;
  said.slow = (await text("/slow")).includes("data: 5");
  said.spoken = [...new Set(performance.getEntriesByType("resource").map(one => one.nextHopProtocol))];
  document.getElementById("said").textContent = JSON.stringify(said);
  fetch("/said");
})();
</script><img src=/after-said alt="">"""


def check(house):
    """Has the browser load the page; then the log must say that it was HTTP/3."""
    house.server.script = SCRIPT
    pin = ["--ignore-certificate-errors-spki-list=" + fingerprint(house)]
    page = house.browse(f"https://shop.test:{house.https}/script", arguments=[
        *pin, f"--origin-to-force-quic-on=shop.test:{house.https}", "--host-resolver-rules=MAP shop.test 127.0.0.1",
    ])
    found = re.search(r'<p id="?said"?>(.*?)</p>', page)
    assert found and found[1].startswith("{"), page[:2000]
    said = json.loads(html.unescape(found[1]))
    expected = hashlib.sha256((house.folder / "files/large.bin").read_bytes()).hexdigest()
    assert said == {
        "download": expected, "upload": expected, "many": True, "head": True, "failed": [502, True],
        "given_up": "AbortError", "slow": True, "spoken": ["h3"],
    }, said
    lines = [line for line in house.log_lines() if (line["path"] or "").startswith("/by-http3")]
    assert len(lines) == 300 and {line["protocol"] for line in lines} == {"HTTP/3"}, lines[:3]


def fingerprint(house):
    """What Chromium calls a key: the digest of its public half (RFC 7469)."""
    public = subprocess.run(["openssl", "x509", "-in", house.folder / "chain.pem", "-pubkey", "-noout"],
                            check=True, capture_output=True).stdout
    der = base64.b64decode(b"".join(public.splitlines()[1:-1]))
    return base64.b64encode(hashlib.sha256(der).digest()).decode()
