"""the name of the only upstream moves to another address

A name server on loopback answers with a time to live of one second. The new upstream is there before the name moves; the
old one ends at that moment, with care, so that its address is good for nothing as long as it is remembered.
"""

import asyncio
import socket
import struct

import load
import proxies
import tally

GOAL = "in flight only: at most 2 failures"


class Names(asyncio.DatagramProtocol):
    """A name server that knows one address for every name."""

    def __init__(self, address):
        self.address = address

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        ident, _, count = struct.unpack(">HHH", data[:6])
        at = 12
        while data[at]:
            at += data[at] + 1
        kind = struct.unpack(">H", data[at + 1 : at + 3])[0]
        question = data[12 : at + 5]
        answer = struct.pack(">HHHLH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(self.address) if kind == 1 else b""
        head = struct.pack(">HHHHHH", ident, 0x8580, count, 1 if answer else 0, 0, 0)
        self.transport.sendto(head + question + answer, sender)


async def run(bench):
    loop = asyncio.get_running_loop()
    name_port = proxies.free_port()
    transport, names = await loop.create_datagram_endpoint(
        lambda: Names("127.0.0.1"), local_addr=("127.0.0.1", name_port)
    )
    [old] = bench.upstreams(1, delay=0.01)
    [new] = bench.upstreams(1, port=old.port, host="127.0.0.2", delay=0.01)
    where = f"up.trouble.test:{old.port}"
    proxy = bench.proxy(
        [where],
        torwart=f'\n[resolver]\nservers = "127.0.0.1:{name_port}"\n',
        nginx_http=f"resolver 127.0.0.1:{name_port} valid=1s ipv6=off;",
        nginx=f'set $up "{where}"; proxy_pass http://$up;',
        haproxy_global=f"resolvers names\n  nameserver one 127.0.0.1:{name_port}\n  hold valid 1s\n",
        haproxy_server="resolvers names resolve-prefer ipv4 init-addr libc,none check inter 500ms",
    )
    client = load.Client(proxy.port)

    async def move():
        await asyncio.sleep(3)
        names.address = "127.0.0.2"
        old.terminate()

    moving = asyncio.create_task(move())
    # HAProxy resolves after its start only.
    await asyncio.sleep(2)
    outcomes = await load.steady(client, 200, 8)
    await moving
    transport.close()
    bad = [one.due for one in outcomes if not one.is_good]
    seconds = max(bad) - min(bad) if bad else 0
    return [("the name moves", f"{tally.summary(outcomes)}; errors for {seconds:.2f} s; {len(new.seen())} at the new one")]
