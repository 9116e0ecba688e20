"""An open-loop client: requests leave when they are due, whether or not others were answered.

A request that hangs is a failure, and latency counts from the moment at which the request was due. Connections are
kept and reused like a browser's. Every request carries an id (`X-Trouble`) by which the upstreams' logs can be counted.
"""

import asyncio
import dataclasses
import itertools
import time


@dataclasses.dataclass
class Outcome:
    ident: str
    method: str
    due: float
    took: float
    # The status, or what went wrong: "timeout", "closed", "cut", "connect".
    status: object
    fields: dict

    @property
    def is_good(self):
        return self.status == 200


class Client:
    def __init__(self, port, timeout=5.0, name="r"):
        self.port, self.timeout = port, timeout
        self.idle = []
        self.numbers = itertools.count()
        self.name = name

    async def request(self, method="GET", path="/", due=None, headers=""):
        due = due or time.monotonic()
        ident = f"{self.name}{next(self.numbers)}"
        fields = {}
        try:
            status, fields = await asyncio.wait_for(self._exchange(method, path, ident, headers), self.timeout)
        except (asyncio.TimeoutError, TimeoutError):
            status = "timeout"
        except asyncio.IncompleteReadError:
            status = "cut"
        except ConnectionRefusedError:
            status = "connect"
        except (OSError, ValueError):
            status = "closed"
        return Outcome(ident, method, due, time.monotonic() - due, status, fields)

    async def _exchange(self, method, path, ident, headers):
        body = b"a=1" if method == "POST" else b""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        text = f"{method} {path} HTTP/1.1\r\nHost: trouble.test\r\nX-Trouble: {ident}\r\n{headers}{length}\r\n"
        reader, writer = await self._connection()
        is_kept = False
        try:
            writer.write(text.encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
            fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
            if fields.get("transfer-encoding") == "chunked":
                while size := int(await reader.readline(), 16):
                    await reader.readexactly(size + 2)
                await reader.readline()
            elif "content-length" in fields:
                await reader.readexactly(int(fields["content-length"]))
            else:
                await reader.read()
                fields["connection"] = "close"
            is_kept = fields.get("connection", "").lower() != "close"
            return status, fields
        finally:
            if is_kept:
                self.idle.append((reader, writer))
            else:
                writer.close()

    async def _connection(self):
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)

    def close(self):
        for _, writer in self.idle:
            writer.close()
        self.idle.clear()


async def steady(client, rate, seconds, method=lambda n: "GET", path=lambda n: "/", headers=lambda n: ""):
    """`rate` requests a second for so long; all outcomes."""
    begun = time.monotonic()
    tasks = []
    for n in range(int(rate * seconds)):
        due = begun + n / rate
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(client.request(method(n), path(n), due, headers(n))))
    return await asyncio.gather(*tasks)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")
