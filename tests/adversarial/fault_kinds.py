# SPDX-License-Identifier: Apache-2.0
"""The faults, each a function of an Exchange. What must happen is said beside
each: with `retried`, regbot gets over one of them without an error."""
import re
import signal

from fault_proxy import Answer, pause
from lib.misbehave import HTML

READS, WRITES = ("GET", "HEAD"), ("PUT", "POST", "PATCH", "DELETE")
CONTENT = r"/(manifests|blobs)/[^/]+$"
FAULTS = {}


class Fault:
    def __init__(self, act, methods, path, retried, slow):
        self.act, self.name = act, act.__name__
        self.methods, self.path = methods, re.compile(path)
        self.retried, self.slow = retried, slow

    def fits(self, exchange):
        return exchange.command in self.methods and \
            self.path.search(exchange.path.split("?")[0]) is not None


def fault(methods=READS + WRITES, path="", retried=True, slow=False):
    def add(act):
        FAULTS[act.__name__] = Fault(act, methods, path, retried, slow)
        return act
    return add


# Connections.

@fault()
def refused(x):
    x.proxy.outage(0.25)


@fault()
def reset_before(x):
    x.reset()


@fault(methods=("PUT", "PATCH"))
def reset_in_request(x):
    x.read_body(int(x.headers.get("Content-Length") or 0) // 2)
    x.reset()


@fault()
def reset_after(x):
    x.ask()
    x.reset()


@fault()
def fin_before(x):
    x.fin()


@fault()
def fin_after(x):
    x.ask()
    x.fin()


@fault()
def cut_headers(x):
    head = x.ask().head()
    x.raw(head[:head.index(b"\r\n") + 2 + len(head) // 3])
    x.fin()


@fault()
def cut_status_line(x):
    x.ask()
    x.raw(b"HTTP/1.1 20")
    x.fin()


@fault(methods=("GET",))
def cut_body(x):
    answer = x.ask()
    x.raw(answer.head() + answer.body[:len(answer.body) // 2])
    x.fin()


# Bodies.

def changed(answer, body):
    return Answer(answer.status, answer.headers, body)


@fault(methods=("GET",), path=CONTENT)
def corrupted(x):
    answer = x.ask()
    at = len(answer.body) // 2
    x.send(changed(answer, answer.body[:at] + bytes(
        [answer.body[at] ^ 1]) + answer.body[at + 1:])
        if answer.body else answer)


@fault(methods=("GET",), path=CONTENT)
def short(x):
    answer = x.ask()
    x.send(changed(answer, answer.body[:-7]))


@fault(methods=("GET",), path=CONTENT, retried=False)
def longer(x):
    answer = x.ask()
    x.send(changed(answer, answer.body + b"\n\n\n"))


@fault(methods=("GET",), path=CONTENT)
def length_too_small(x):
    """The last bytes are left on the connection."""
    answer = x.ask()
    x.send(answer, max(len(answer.body) - 9, 0))


@fault(methods=("GET",), slow=True)
def stalled(x):
    answer = x.ask()
    x.raw(answer.head() + answer.body[:len(answer.body) // 2])
    pause(x, 130)
    x.fin()


@fault(methods=READS, slow=True, retried=False)
def silent(x):
    """A write may take its ten minutes."""
    x.body()
    pause(x, 130)
    x.fin()


@fault(methods=READS, slow=True, retried=False)
def dripped_for_ever(x):
    x.raw(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    for _ in range(650):
        x.raw(b"x")
        pause(x, 0.2)
    x.fin()


@fault()
def in_pieces(x):
    answer = x.ask()
    data = answer.head(answer.length if x.command == "HEAD" else None)
    for i in range(0, len(data), 40):
        x.raw(data[i:i + 40])
        pause(x, 0.01)
    if x.command != "HEAD":
        x.raw(answer.body)


# Answers.

def says(status, headers=(), body=b"{}"):
    def act(x):
        x.send(Answer(status, headers, body))
    return act


@fault()
def too_many(x):
    says(429)(x)


@fault()
def too_many_retry_after(x):
    says(429, [("Retry-After", "1")])(x)


@fault()
def error_500(x):
    says(500)(x)


@fault()
def error_502_html(x):
    says(502, [("Content-Type", "text/html")], HTML)(x)


@fault()
def error_503(x):
    says(503, [("Retry-After", "0")])(x)


@fault()
def error_504_after(x):
    x.ask()
    says(504)(x)


@fault(retried=False)
def html_200(x):
    says(200, [("Content-Type", "text/html")], HTML)(x)


@fault()
def challenge(x):
    """The token, if there was one, is no longer good."""
    says(401, [("WWW-Authenticate", 'Bearer realm="http://%s/token",'
                'service="s",scope="repository:%s:pull,push"' % (
                    x.proxy.host, x.repo()))])(x)


@fault(retried=False)
def redirect_to_nowhere(x):
    says(307, [("Location", "http://127.0.0.1:1/v2/")])(x)


def extra(x):
    """Another answer of this kind, which nobody asked for."""
    other = x.proxy.plan.earlier(x)
    return other and other.head(other.length) + (
        b"" if x.command == "HEAD" else other.body) or b""


@fault(methods=READS)
def extra_at_once(x):
    answer = x.ask()
    x.raw(answer.head(answer.length) + (
        b"" if x.command == "HEAD" else answer.body) + extra(x))


@fault(methods=READS, retried=False)
def extra_later(x):
    """Perhaps when the next request is under way: then it cannot be told from
    that one's answer."""
    x.send(x.ask())
    pause(x, 0.003)
    x.raw(extra(x))


@fault(retried=False)
def headers_twice(x):
    answer = x.ask()
    answer.headers += [pair for pair in answer.headers]
    x.send(answer)


@fault(methods=READS + ("PUT",), path="/manifests/", retried=False)
def wrong_digest_header(x):
    x.send(x.ask().put("Docker-Content-Digest", "sha256:" + "5" * 64))


@fault(methods=("HEAD",), path="/blobs/")
def blob_denied(x):
    says(404)(x)


# Uploads.

@fault(methods=("PUT", "PATCH"), path="/uploads/", retried=False)
def session_lost(x):
    x.body()
    x.proxy.plan.end_upload(x)
    says(404, (), b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')(x)


@fault(methods=("POST",), retried=False)
def no_location(x):
    x.send(x.ask().without("Location"))


@fault(methods=("PUT",), path="/uploads/", retried=False)
def stored_not(x):
    """Says that the blob is there, and forgets it."""
    x.body()
    x.proxy.plan.end_upload(x)
    says(201, [("Location", "/v2/")], b"")(x)


@fault(methods=("PUT",), path="/manifests/sha256:", retried=False)
def child_stored_not(x):
    x.body()
    says(201, [("Location", "/v2/")], b"")(x)


@fault(methods=("PUT",), path="^(?!.*/old/).*/manifests/")
def blob_unknown(x):
    """What docker's registry says while somebody uploads the blob again."""
    says(400, (), b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}')(x)


@fault(methods=("PUT",), path="/old/manifests/", slow=True, retried=False)
def slow_put_and_sigterm(x):
    """The registry takes 7 s for the PUT of a tag deletion, and regbot is
    told to end."""
    x.body()
    x.proxy.plan.kill("supervisor", signal.SIGTERM)
    pause(x, 7)
    x.send(x.ask())
