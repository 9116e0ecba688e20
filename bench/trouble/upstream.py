#!/usr/bin/env python3
"""An upstream that can be told to misbehave: one process, so that it can be killed like a real one.

Usage: upstream.py PORT LOG [key=value ...]. Every request is written to LOG (`id method at`) before it is answered, so
that what was executed is known even after a SIGKILL. Orders come line by line on standard input (`mode hang`);
SIGTERM ends it as a careful server ends: no new connection, requests under way are finished, idle connections closed.
Standard library only, loopback only.
"""

import asyncio
import os
import random
import signal
import socket
import struct
import sys
import threading
import time

BODY = b"x" * 1024


class Upstream:
    def __init__(self, port, log, options):
        self.port = port
        self.host = options.get("host", "127.0.0.1")
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        # What it does with a request: ok, slow, hang, close, reset, garbage, cut, status, refuse.
        self.mode = options.get("mode", "ok")
        self.share = float(options.get("share", 1.0))
        self.delay = float(options.get("delay", 0.005))
        # Seconds after which an idle connection is closed, what is announced, and by how much it may be sooner.
        self.idle = float(options.get("idle", 60))
        self.jitter = float(options.get("jitter", 0))
        self.announce = options.get("announce")
        # Field lines that every answer carries.
        self.fields = options.get("fields")
        # How many requests it works on at once; the rest queue.
        self.places = asyncio.Semaphore(int(options.get("places", 100_000)))
        self.idling = set()
        self.running = 0
        self.ending = False
        self.server = None

    async def listen(self):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.host, self.port))
        sock.listen(4096)
        self.server = await asyncio.start_server(self.serve, sock=sock, limit=1 << 20)

    async def order(self, line):
        key, _, value = line.strip().partition(" ")
        if key == "mode":
            if value == "refuse" and self.server:
                self.server.close()
                self.server = None
                for writer in list(self.idling):
                    writer.transport.abort()
            elif self.mode == "refuse" and not self.server:
                await self.listen()
            self.mode = value
        elif key in ("share", "delay", "idle", "jitter"):
            setattr(self, key, float(value))

    async def end(self):
        self.ending = True
        if self.server:
            self.server.close()
        for writer in list(self.idling):
            writer.close()
        while self.running:
            await asyncio.sleep(0.005)
        os._exit(0)

    async def serve(self, reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while not self.ending and await self.one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.idling.discard(writer)
            writer.close()

    async def one(self, reader, writer):
        """One request; whether another one may follow."""
        self.idling.add(writer)
        patience = self.idle - random.random() * self.jitter
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), patience)
        except (asyncio.TimeoutError, TimeoutError):
            return False
        finally:
            self.idling.discard(writer)
        self.running += 1
        try:
            return await self.answer(head, reader, writer)
        finally:
            self.running -= 1

    async def answer(self, head, reader, writer):
        lines = head.decode("latin-1").split("\r\n")
        method, target = lines[0].split(" ")[:2]
        fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        length = int(fields.get("content-length", 0))
        if length:
            await reader.readexactly(length)
        ident = fields.get("x-trouble", target)
        os.write(self.log, f"{ident} {method} {time.time():.4f}\n".encode())
        mode = self.mode if random.random() < self.share else "ok"
        if mode == "hang":
            await asyncio.sleep(3600)
        if mode in ("close", "refuse"):
            return False
        if mode == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return False
        if mode == "garbage":
            writer.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
            return False
        async with self.places:
            await asyncio.sleep(self.delay * (10 if mode == "slow" else 1))
        if mode == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + BODY[:512])
            return False
        status = "503 Service Unavailable" if mode == "status" else "200 OK"
        extra = f"Keep-Alive: timeout={self.announce}\r\n" if self.announce else ""
        extra += f"{self.fields}\r\n" if self.fields else ""
        extra += "Connection: close\r\n" if self.ending else ""
        start = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n{extra}Content-Length: {len(BODY)}\r\n\r\n"
        writer.write(start.encode() + (b"" if method == "HEAD" else BODY))
        await writer.drain()
        return not self.ending


async def main():
    port, log, *rest = sys.argv[1:]
    upstream = Upstream(int(port), log, dict(item.split("=", 1) for item in rest))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: loop.create_task(upstream.end()))
    if upstream.mode != "refuse":
        await upstream.listen()

    def orders():
        for line in sys.stdin:
            asyncio.run_coroutine_threadsafe(upstream.order(line), loop)

    threading.Thread(target=orders, daemon=True).start()
    print("ready", flush=True)
    await asyncio.sleep(3600)


asyncio.run(main())
