# SPDX-License-Identifier: Apache-2.0
"""A proxy between regbot and a registry that breaks what a Plan says: it hands
a request to a fault, which decides what becomes of it and of its answer."""
import http.client
import socket
import struct
import threading
import time

from lib.server import Handler

HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te",
       "trailer", "proxy-authorization", "content-length"}


class Answer:
    """An answer that is whole: status, [(name, value)], body."""

    def __init__(self, status, headers=(), body=b""):
        self.status, self.headers, self.body = status, list(headers), body

    def get(self, name, default=""):
        return next((v for n, v in self.headers
                     if n.lower() == name.lower()), default)

    def without(self, name):
        return Answer(self.status, [(n, v) for n, v in self.headers
                                    if n.lower() != name.lower()], self.body)

    def put(self, name, value):
        made = self.without(name)
        made.headers.append((name, value))
        return made

    def head(self, length=None):
        lines = ["HTTP/1.1 %d %s" % (self.status, http.client.responses.get(
            self.status, "Status"))]
        lines += ["%s: %s" % pair for pair in self.headers]
        if self.status != 204:
            lines.append("Content-Length: %s" % (
                len(self.body) if length is None else length))
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Exchange(Handler):
    """One request. Faults use body(), ask(), send(), raw(), reset(), fin()."""

    timeout = 200

    def answer(self):
        self.data = None
        self.proxy = self.server
        if self.path.startswith("/token"):
            self.body()
            self.send(Answer(200, [("Content-Type", "application/json")],
                             b'{"token":"t","expires_in":300}'))
            return
        fault = self.proxy.plan.take(self)
        if fault:
            fault(self)
        else:
            self.send(self.ask())

    def repo(self):
        path = self.path.split("?")[0].split("/")
        for word in ("tags", "manifests", "blobs", "referrers"):
            if word in path[3:]:
                return "/".join(path[2:path.index(word, 3)])
        return ""

    def body(self):
        if self.data is None:
            self.data = self.read_body() or b""
        return self.data

    def ask(self):
        """The registry's answer to this request."""
        body = self.body()
        upstream = http.client.HTTPConnection(self.proxy.upstream, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True,
                                skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP and name.lower() not in (
                        "expect", "authorization"):
                    upstream.putheader(name, value)
            if self.command not in ("GET", "HEAD"):
                upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders()
            if body:
                upstream.send(body)
            got = upstream.getresponse()
            answer = Answer(got.status, [
                (n, v) for n, v in got.headers.items()
                if n.lower() not in HOP], got.read())
            answer.length = got.headers.get("Content-Length")
        finally:
            upstream.close()
        self.proxy.plan.answered(self, answer)
        return answer

    def send(self, answer, length=None):
        """A well-formed answer, unless length says something else."""
        self.body()
        if self.command == "HEAD":
            length = getattr(answer, "length", None) or length or "0"
            self.raw(answer.head(length))
        else:
            self.raw(answer.head(length) + answer.body)

    def raw(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def fin(self):
        self.hang_up()

    def reset(self):
        """Ends the connection with RST."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        # finish() must not shut it down in an orderly way first.
        self.proxy.resets.add(self.connection)


class FaultProxy:
    """Listens on a port of the kernel's choice, which it keeps during an
    outage. side is "src" or "dst"."""

    def __init__(self, side, upstream, plan):
        self.side, self.upstream, self.plan = side, upstream, plan
        self.lock, self.open, self.resets = threading.Lock(), set(), set()
        self.over = threading.Event()
        self.guard = self.bound(0)
        self.port = self.guard.getsockname()[1]
        self.host = "127.0.0.1:%d" % self.port
        self.listen()

    @staticmethod
    def bound(port):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        return made

    def listen(self):
        if self.over.is_set():
            return
        self.listener = self.bound(self.port)
        self.listener.listen(128)
        threading.Thread(target=self.accept, args=(self.listener,),
                         daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                connection, address = listener.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(connection)
            threading.Thread(target=self.serve, args=(connection, address),
                             daemon=True).start()

    def serve(self, connection, address):
        try:
            Exchange(connection, address, self)
        except OSError:
            pass
        with self.lock:
            self.open.discard(connection)
            reset = connection in self.resets
            self.resets.discard(connection)
        try:
            if not reset:
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()

    def outage(self, seconds):
        """Connections are cut, and refused for so long."""
        self.close_all()
        timer = threading.Timer(seconds, self.listen)
        timer.daemon = True
        timer.start()

    def close_all(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            left = list(self.open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.over.set()
        self.close_all()
        self.guard.close()


def pause(exchange, seconds):
    """The server is slow: until so many seconds are over, or the run is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if exchange.proxy.over.wait(min(0.05, seconds)):
            return
