"""A gRPC service, and a client that calls it: bytes as messages, so that no schema is needed. Debian's python3-grpcio.

    grpc_echo.py serve PORT          answers until it is ended
    grpc_echo.py call HOST:PORT      makes one call of each kind and says what came of each, one line of JSON
"""

import concurrent.futures
import json
import sys
import time

import grpc


class Echo(grpc.GenericRpcHandler):
    def __init__(self):
        self.given_up = 0

    def service(self, call):
        kinds = {
            "/echo/unary": grpc.unary_unary_rpc_method_handler(lambda request, _: request[::-1]),
            "/echo/down": grpc.unary_stream_rpc_method_handler(self.down),
            "/echo/up": grpc.stream_unary_rpc_method_handler(lambda requests, _: b"".join(requests)),
            "/echo/both": grpc.stream_stream_rpc_method_handler(lambda requests, _: (one[::-1] for one in requests)),
            "/echo/error": grpc.unary_unary_rpc_method_handler(self.error),
            "/echo/slow": grpc.unary_unary_rpc_method_handler(self.slow),
            "/echo/endless": grpc.unary_stream_rpc_method_handler(self.endless),
            "/echo/given_up": grpc.unary_unary_rpc_method_handler(lambda _, __: str(self.given_up).encode()),
        }
        return kinds.get(call.method)

    @staticmethod
    def down(request, _):
        for number in range(5):
            yield request + str(number).encode()

    @staticmethod
    def error(_, context):
        context.set_trailing_metadata((("x-reason", "painted"),))
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the shop is being painted – 100 %")

    @staticmethod
    def slow(request, _):
        time.sleep(3)
        return request

    def endless(self, request, context):
        def give_up():
            self.given_up += 1

        context.add_callback(give_up)
        while context.is_active():
            yield request * 1000


def serve(port):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((Echo(),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


def call(address):
    said = {}
    with grpc.insecure_channel(address, options=[("grpc.enable_retries", 0)]) as channel:

        def attempt(name, ask):
            try:
                said[name] = ask()
            except grpc.RpcError as error:
                trailers = {key: value for key, value in error.trailing_metadata() or ()}
                said[name] = [error.code().name, error.details(), trailers.get("x-reason")]

        large = bytes(3_000_000)
        attempt("unary", lambda: channel.unary_unary("/echo/unary")(b"abc", timeout=10).decode())
        attempt("large", lambda: len(channel.unary_unary("/echo/unary")(large, timeout=20)))
        attempt("down", lambda: [one.decode() for one in channel.unary_stream("/echo/down")(b"n", timeout=10)])
        attempt("up", lambda: channel.stream_unary("/echo/up")(iter([b"a", b"b", b"c"]), timeout=10).decode())
        attempt("both", lambda: ping_pong(channel))
        attempt("error", lambda: channel.unary_unary("/echo/error")(b"", timeout=10).decode())
        attempt("missing", lambda: channel.unary_unary("/echo/missing")(b"", timeout=10).decode())
        attempt("slow", lambda: channel.unary_unary("/echo/slow")(b"", timeout=0.5).decode())
        attempt("stalled", lambda: stalled(channel))
        attempt("given_up", lambda: given_up(channel))
        attempt("nobody", lambda: channel.unary_unary("/nobody/unary")(b"", timeout=10).decode())
    print(json.dumps(said))


def stalled(channel):
    """A stream that nobody reads holds up none of the others on its connection."""
    unread = channel.unary_stream("/echo/endless")(b"x", timeout=20)
    next(unread)
    answers = [channel.unary_unary("/echo/unary")(b"ab", timeout=5) for _ in range(20)]
    unread.cancel()
    return len(answers)


def given_up(channel):
    """Whoever works on a call hears that it was given up; the one before was, too."""
    call = channel.unary_stream("/echo/endless")(b"x", timeout=20)
    next(call)
    call.cancel()
    for _ in range(100):
        count = int(channel.unary_unary("/echo/given_up")(b"", timeout=5))
        if count >= 2:
            break
        time.sleep(0.05)
    return count


def ping_pong(channel):
    """Each message is sent only when the one before was answered: nothing on the way may hold them back."""
    answers = []

    def requests():
        for number in range(4):
            while len(answers) < number:
                time.sleep(0.005)
            yield f"m{number}".encode()

    for one in channel.stream_stream("/echo/both")(requests(), timeout=10):
        answers.append(one.decode())
    return answers


if __name__ == "__main__":
    {"serve": serve, "call": call}[sys.argv[1]](sys.argv[2])
