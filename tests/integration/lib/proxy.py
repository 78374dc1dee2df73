# SPDX-License-Identifier: Apache-2.0
"""A proxy between regbot and a real registry that writes down every request,
so that a test can say what was sent and what was not."""
import http.client

from .server import Handler, Server

HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te",
       "trailer", "proxy-authorization"}
CHUNK = 64 * 1024


class Seen:
    def __init__(self, method, path, authorization, sent):
        self.method, self.path = method, path
        self.authorization, self.sent = authorization, sent
        self.status, self.received, self.left = None, 0, False

    def __repr__(self):
        return "%s %s -> %s" % (self.method, self.path, self.status)


class ProxyHandler(Handler):
    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        seen = Seen(self.command, self.path,
                    self.headers.get("Authorization"), size)
        self.server.enter(seen)
        try:
            self.forward(seen, size)
        finally:
            self.server.leave(seen)

    def forward(self, seen, size):
        upstream = http.client.HTTPConnection(self.server.upstream,
                                              timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True,
                                skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP and name.lower() != "expect":
                    upstream.putheader(name, value)
            body = None
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                body = self.read_chunked()
                upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders()
            if body is not None:
                upstream.send(body)
            while size > 0:
                data = self.rfile.read(min(size, CHUNK))
                if not data:
                    self.close_connection = True
                    return
                upstream.send(data)
                size -= len(data)
            self.give_back(upstream.getresponse(), seen)
        finally:
            upstream.close()

    def give_back(self, answer, seen):
        seen.status = answer.status
        self.send_response_only(answer.status)
        length = answer.headers.get("Content-Length")
        for name, value in answer.headers.items():
            if name.lower() not in HOP:
                self.send_header(name, value)
        chunked = length is None and self.command != "HEAD" and \
            answer.status not in (204, 304)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        if self.command == "HEAD":
            self.server.leave(seen)
            self.end_headers()
            return
        data = answer.read(CHUNK)
        if not data:
            self.server.leave(seen)
        self.end_headers()
        while data:
            following = answer.read(CHUNK)
            if not following:
                self.server.leave(seen)
            seen.received += len(data)
            if chunked:
                data = b"%x\r\n%s\r\n" % (len(data), data)
            self.wfile.write(data)
            data = following
        if chunked:
            self.wfile.write(b"0\r\n\r\n")


class Proxy(Server):
    """Stands in front of a Registry; tests name proxy.host instead."""

    handler = ProxyHandler

    def __init__(self, registry):
        self.upstream = registry.host
        self.seen, self.now, self.most = [], 0, 0
        super().__init__()

    def enter(self, seen):
        with self.lock:
            self.seen.append(seen)
            self.now += 1
            self.most = max(self.most, self.now)

    def leave(self, seen):
        """Before the last byte of the answer goes out: whoever waits for it
        may ask again before this thread runs on."""
        with self.lock:
            if not seen.left:
                seen.left = True
                self.now -= 1

    def forget(self):
        with self.lock:
            self.seen, self.most = [], 0

    def methods(self):
        with self.lock:
            return {one.method for one in self.seen}

    def writes(self):
        """Requests that can change something."""
        with self.lock:
            return [one for one in self.seen
                    if one.method not in ("GET", "HEAD")]
