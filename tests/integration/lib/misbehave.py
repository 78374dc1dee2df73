# SPDX-License-Identifier: Apache-2.0
"""Actions for FakeRegistry.on(): the ways in which a registry misbehaves.
Each is a function of the handler; False lets the registry answer after all."""
import json

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head>" \
    b"<body><p>Please sign in.</p></body></html>"


def reply(status, headers=None, body=b""):
    def action(handler):
        handler.read_body()
        handler.reply(status, headers, body)
    return action


def html(status=200):
    return reply(status, {"Content-Type": "text/html"}, HTML)


def data(body, kind="application/json", **headers):
    return reply(200, {"Content-Type": kind, **headers}, body)


def too_many(after=None):
    return reply(429, {"Retry-After": after} if after else {},
                 b"too many requests\n")


def unauthorized(challenge):
    return reply(401, {"WWW-Authenticate": challenge}, b"{}")


def redirect(url, status=307):
    def action(handler):
        handler.read_body()
        handler.reply(status, {
            "Location": url(handler) if callable(url) else url})
    return action


def truncate(body, sent, kind="application/octet-stream", headers=None):
    """Promises all of body, sends its first `sent` bytes, hangs up."""
    def action(handler):
        handler.reply(200, {"Content-Type": kind,
                            "Content-Length": str(len(body)),
                            **(headers or {})}, body[:sent])
        handler.hang_up()
    return action


def cut_upload(after):
    """Reads `after` bytes of the request's body, then hangs up."""
    def action(handler):
        handler.read_body(after)
        handler.hang_up()
    return action


def hang_up():
    return lambda handler: handler.hang_up()


def hang(seen=None):
    """Answers nothing until the fake is stopped. `seen` is an Event."""
    def action(handler):
        if seen:
            seen.set()
        handler.server.released.wait()
        handler.hang_up()
    return action


def hold(gate, seen=None, seconds=60, came=None):
    """Waits for the Event `gate`, then lets the registry answer. Whether
    the gate was opened in time is appended to `came`."""
    def action(handler):
        if seen:
            seen.set()
        opened = gate.wait(seconds)
        if came is not None:
            came.append(opened)
        return False
    return action


def stall(body, sent, seen=None, kind="application/octet-stream"):
    """Sends the first `sent` bytes of body and then nothing more."""
    def action(handler):
        handler.reply(200, {"Content-Type": kind,
                            "Content-Length": str(len(body))}, body[:sent])
        handler.wfile.flush()
        if seen:
            seen.set()
        handler.server.released.wait()
        handler.hang_up()
    return action


def drip(text, gate):
    """Sends text again and again, a byte at a time, until gate is set."""
    def action(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while not gate.wait(0.01) and not handler.server.released.is_set():
            handler.wfile.write(b"1\r\n" + text[:1] + b"\r\n")
            handler.wfile.flush()
        handler.hang_up()
    return action


def huge_headers(size):
    return reply(200, {"Content-Type": "application/json",
                       **{"X-Filler-%d" % i: "f" * 8000
                          for i in range(size // 8000 + 1)}}, b"{}")


def huge_body(size, start=b'{"name":"x","tags":["', kind="application/json"):
    """A body of size bytes, sent in pieces."""
    def action(handler):
        handler.reply(200, {"Content-Type": kind,
                            "Content-Length": str(size)}, start)
        left = size - len(start)
        while left > 0:
            piece = min(left, 65536)
            handler.wfile.write(b"a" * piece)
            left -= piece
    return action


def endless_tags(repo, per_page=2):
    """Pages of tags that always have a next page."""
    count = [0]

    def action(handler):
        count[0] += 1
        tags = ["t%d-%d" % (count[0], i) for i in range(per_page)]
        handler.reply(200, {
            "Content-Type": "application/json",
            "Link": '</v2/%s/tags/list?page=%d>; rel="next"' % (
                repo, count[0])},
            json.dumps({"name": repo, "tags": tags}).encode())
    return action
