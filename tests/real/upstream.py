"""The server behind the gateway in these tests: standard library only, one thread per connection.

/hello text · /page a page whose script talks over a WebSocket · /socket echoes WebSocket messages · /upload answers the
digest of what it was sent · /script the page that a test has laid down · /slow drips for three seconds · /error answers 503 with a body of its own · /headers
says which fields came.
"""

import base64
import hashlib
import http.server
import socketserver
import struct
import threading
import time

PAGE = """<!doctype html><meta charset=utf-8><title>shop</title><p id=said>nothing yet</p><script>
const socket = new WebSocket(location.protocol.replace("http", "ws") + "//" + location.host + "/socket");
socket.onopen = () => socket.send("a".repeat(70000) + " Grüße");
socket.onmessage = event => {
  document.getElementById("said").textContent = "heard " + event.data.length + " " + event.data.slice(-5);
  socket.send("bye");
};
</script><img src=/after-bye alt="">"""
# A page is loaded once its image is, and that waits until the script has heard its echo, or has said what it found.
SAID_BYE = threading.Event()
SAID = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="text/plain; charset=utf-8", **fields):
        data = body.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        if self.path == "/page":
            SAID_BYE.clear()
            self.answer(200, PAGE, "text/html; charset=utf-8")
        elif self.path == "/socket":
            self.echo()
        elif self.path == "/after-bye":
            SAID_BYE.wait(15)
            self.answer(204, "")
        elif self.path == "/script":
            SAID.clear()
            self.answer(200, self.server.script, "text/html; charset=utf-8")
        elif self.path == "/said":
            SAID.set()
            self.answer(204, "")
        elif self.path == "/after-said":
            SAID.wait(30)
            self.answer(204, "")
        elif self.path == "/error":
            self.answer(503, "the shop is being painted", Retry_After="7")
        elif self.path == "/slow":
            self.drip()
        elif self.path == "/headers":
            self.answer(200, str(self.headers))
        else:
            self.answer(200, f"hello {self.path} {self.headers['Host']} {self.headers['X-Forwarded-For']}\n")

    do_HEAD = do_GET

    def drip(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(6):
            data = f"data: {number}\n\n".encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            time.sleep(0.5)
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        digest = hashlib.sha256()
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                digest.update(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            digest.update(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.answer(200, digest.hexdigest())

    do_PUT = do_POST

    def echo(self):
        """RFC 6455, as much as an echo needs: text and close, any length, no fragments."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            first, second = self.rfile.read(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self.rfile.read(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self.rfile.read(8))
            mask = self.rfile.read(4)
            masked = self.rfile.read(size)
            data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(masked))
            if data == b"bye":
                SAID_BYE.set()
                continue
            if first & 0x0F == 8:
                return
            head = struct.pack("!BBQ", first, 127, size) if size > 65535 else struct.pack("!BBH", first, 126, size)
            self.wfile.write((head if size > 125 else struct.pack("!BB", first, size)) + data)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass
