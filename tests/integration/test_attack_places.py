# SPDX-License-Identifier: Apache-2.0
"""A registry that tries to send us, or what we know, to other places."""
import base64
import re
import socket
import threading
import urllib.parse

from lib import images, misbehave
from lib.case import Case
from lib.client import digest
from lib.run import PASSWORD, USER, creds

# Ways to write an address of this machine, or one that only it can reach.
LOCAL = [
    "127.0.0.1", "localhost", "localhost.", "LOCALHOST", "a.localhost",
    "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "017700000001", "127.0.0.1.", "0.0.0.0", "0", "[::1]", "[::]",
    "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]",
    "%31%32%37.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "169.254.169.254",
    "0xa9fea9fe", "[::ffff:169.254.169.254]", "[fe80::1]",
    "[fe80::1%25lo]", "u:p@127.0.0.1", "127.0.0.1#@x.example",
    "x.example\\@127.0.0.1", "127.0.0.1%00.example",
]
MARKS = [PASSWORD, base64.b64encode(PASSWORD.encode()).decode(),
         base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode(),
         urllib.parse.quote(PASSWORD, safe=""),
         urllib.parse.quote(PASSWORD)]


def own_address():
    """An address of this machine that is not local to it, or None."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
    except OSError:
        return None
    finally:
        probe.close()
    return None if address.startswith(("127.", "169.254.", "0.")) else address


class ToThisMachine(Case):
    """A registry elsewhere must not send us to what listens here."""

    def setUp(self):
        super().setUp()
        address = own_address()
        if address is None:
            self.skipTest("this machine has no address but loopback")
        self.reg = self.fake(address=address)
        self.reg.add("x/y", "v1", images.image("p"))
        self.trap = self.fake()
        self.port = self.trap.server_address[1]

    def ask(self, call='tag.ls("%s/x/y")', host=None):
        result = self.once(
            [creds(self.reg.host, user=USER, password=PASSWORD)],
            {"t": call % self.reg.host, "next": 'log "alive"'})
        self.assertEqual(result.messages("next"), ["alive"])
        for mark in MARKS:
            self.assertNotIn(mark, result.err)
        self.assertEqual(self.trap.requests, [], (host, result))
        return result

    def urls(self):
        for host in LOCAL:
            for form in ("http://%s:%d/v2/z", "//%s:%d/v2/z",
                         "hTTp://%s:%d/v2/z#f"):
                yield (form % (host, self.port)).encode().decode("latin-1")

    def test_redirect(self):
        for url in self.urls():
            with self.subTest(url=url):
                self.reg.rules.clear()
                self.reg.on("GET", "/tags/list", misbehave.redirect(url))
                self.failed(self.ask(host=url), r"x/y")

    def test_realm(self):
        for host in LOCAL:
            url = ("http://%s:%d/t" % (host, self.port)).encode().decode(
                "latin-1")
            with self.subTest(url=url):
                self.reg.rules.clear()
                self.reg.on("GET", "/tags/list", misbehave.unauthorized(
                    'Bearer realm="%s",service="s"' % url))
                self.failed(self.ask(host=url), r"x/y")

    def test_upload_location(self):
        layer = images.noise(5000, "l")
        source = self.fake()
        source.add("x/y", "v1", images.image(raw_layers=[layer]))
        for host in LOCAL[:20]:
            with self.subTest(host=host):
                self.reg.rules.clear()
                self.reg.on("POST", "/uploads/", misbehave.reply(202, {
                    "Location": ("http://%s:%d/v2/x/y/blobs/uploads/1" % (
                        host, self.port)).encode().decode("latin-1")}))
                result = self.once([source, creds(self.reg.host)], (
                    'image.copy("%s/x/y:v1", "%s/x/n:v1")' % (
                        source.host, self.reg.host)))
                self.failed(result, r"x/n")
                self.assertEqual(self.trap.requests, [])

    def test_not_named(self):
        """A reference alone names no host on this machine."""
        for host in ("127.0.0.1", "localhost", "127.1", "[::1]", "0.0.0.0",
                     "[::ffff:127.0.0.1]", "2130706433"):
            with self.subTest(host=host):
                result = self.begin([], 'tag.ls("%s:%d/x/y")' % (
                    host, self.port)).wait(20)
                self.assertEqual(result.code, 1, result)
                self.assertEqual(self.trap.requests, [], result)


class Passwords(Case):
    """The registry is at 127.0.0.1, named, and others are at 127.0.0.2."""

    def setUp(self):
        super().setUp()
        self.reg = self.fake()
        self.layer = images.noise(3000, "l")
        self.reg.add("x/y", "v1", images.image(raw_layers=[self.layer]))
        self.other = self.fake(address="127.0.0.2")
        self.other.on("*", ".", misbehave.data(b'{"token":"stolen"}'))

    def ask(self, call='tag.ls("HOST/x/y")', *flags, **more):
        result = self.once(
            [creds(self.reg.host, user=USER, password=PASSWORD, **more)],
            call.replace("HOST", self.reg.host), *flags)
        for request in self.other.requests:
            text = "%s %s" % (request.path, request.headers)
            self.assertNotIn("Authorization", text)
            for mark in MARKS:
                self.assertNotIn(mark, text)
        for mark in MARKS:
            self.assertNotIn(mark, result.err)
        return result

    def basic(self, then=None):
        """Wants Basic credentials; then: what who has them gets."""
        def check(handler):
            if handler.headers.get("Authorization", "").startswith("Basic"):
                return then(handler) if then else False
            handler.read_body()
            handler.reply(401, {"WWW-Authenticate": 'Basic realm="r"'})
        return check

    def test_realms(self):
        other = self.other.host
        here, port = self.reg.host.split(":")
        for realm in ("http://%s/t" % other, "//%s/t" % other,
                      "http://%s@%s/t" % (self.reg.host, other),
                      "http://%s:%s@%s/t" % (here, port, other),
                      "http://%s#@%s/t" % (other, self.reg.host),
                      "http://%s?@%s/t" % (other, self.reg.host),
                      "http://%s\\@%s/t" % (other, self.reg.host),
                      "http://%s/t\r\nX: y" % other,
                      "http://2130706434:%s/t" % other.split(":")[1],
                      "ftp://%s/t" % self.reg.host, "https:///t",
                      "http://%s.%s/t" % (here, "example"),
                      "http://xn--127-0/t"):
            with self.subTest(realm=realm):
                self.reg.rules.clear()
                self.reg.on("*", ".", misbehave.unauthorized(
                    'Bearer realm="%s",service="s"' % realm.replace(
                        "\\", "\\\\").replace("\r\n", "\r\n ")))
                self.failed(self.ask(), r"x/y")
                self.assertEqual(self.other.requests, [])

    def test_realm_that_redirects(self):
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status=status):
                self.reg.rules.clear()
                self.other.requests.clear()
                self.reg.on("*", "^/token", misbehave.redirect(
                    "http://%s/steal" % self.other.host, status))
                self.reg.on("*", "/v2/", misbehave.unauthorized(
                    'Bearer realm="/token",service="s"'))
                self.ask()
                self.assertTrue(self.other.requests)

    def test_refresh_token_stays(self):
        """Neither a redirect nor another realm gets it."""
        self.reg.on("POST", "^/token", misbehave.redirect(
            "http://%s/steal" % self.other.host))
        self.reg.on("*", "^/token", misbehave.redirect(
            "http://%s/steal" % self.other.host))
        self.reg.on("*", "/v2/", misbehave.unauthorized(
            'Bearer realm="/token",service="s"'))
        result = self.once(
            [creds(self.reg.host, token="Refresh-Marker-1234")],
            'tag.ls("%s/x/y")' % self.reg.host)
        self.assertNotIn("Refresh-Marker", result.err)
        for request in self.other.requests:
            self.assertEqual(request.method, "GET")
            self.assertNotIn("Refresh", "%s %s" % (
                request.path, request.headers))

    def test_challenge_by_another_host(self):
        self.reg.on("*", ".", self.basic(misbehave.redirect(
            "http://%s/v2/x/y/tags/list" % self.other.host)))
        for challenge in ('Basic realm="r"', 'Bearer realm="http://%s/t"'
                          % self.other.host):
            self.other.rules.clear()
            self.other.on("*", ".", misbehave.unauthorized(challenge))
            self.failed(self.ask(), r"x/y")
            self.assertTrue(self.other.requests)

    def test_redirects_of_every_kind(self):
        for status in (301, 302, 303, 307, 308):
            for form in ("http://%s/a", "//%s/a", "HTTP://%s/a#b"):
                with self.subTest(status=status, form=form):
                    self.reg.rules.clear()
                    self.other.requests.clear()
                    self.reg.on("*", ".", self.basic(misbehave.redirect(
                        form % self.other.host, status)))
                    self.ask()
                    self.assertTrue(self.other.requests)

    def test_secret_echoed(self):
        """Whatever it repeats of what it was told, the log has none of it."""
        def tell(make):
            def action(handler):
                handler.read_body()
                if "Authorization" not in handler.headers:
                    handler.reply(401, {"WWW-Authenticate":
                                        'Basic realm="r"'})
                    return
                make(handler, handler.headers["Authorization"])
            return action

        def status(code, *more):
            def make(handler, line):
                text = " ".join([line] + MARKS + list(more))
                handler.reply(code, {"Content-Type": "text/plain"},
                              text.encode())
            return make

        def header(name, code=418, form="%s"):
            def make(handler, line):
                handler.reply(code, {name: [form % mark for mark in MARKS]})
            return make

        makes = [status(c) for c in (400, 403, 404, 418, 500)] + [
            header(n) for n in ("Server", "Warning", "Content-Type",
                                "Docker-Content-Digest", "Retry-After")]
        makes += [header("Warning", form='299 - "%s"'),
                  header("WWW-Authenticate", 401, 'Digest realm="%s"'),
                  header("WWW-Authenticate", 401, "%s"),
                  header("WWW-Authenticate", 401, 'Bearer realm="%s"'),
                  header("WWW-Authenticate", 401,
                         'Bearer realm="http://127.0.0.1:1/%s"'),
                  header("Content-Type", 200)]
        for place in ("/%s", "http://%s.example/", "http://127.0.0.1:1/%s",
                      "http://127.0.0.1:1/?%s", "http://x:%s@h/", "//%s/",
                      "ftp://%s", "//127.0.0.2:1/%s"):
            makes.append(header("Location", 307, place))
        for i, make in enumerate(makes):
            with self.subTest(number=i):
                self.reg.rules.clear()
                self.reg.on("*", "/tags/list", tell(make))
                result = self.ask('tag.ls("HOST/x/y")', "-v", "trace")
                for mark in MARKS:
                    self.assertNotIn(mark.lower(), result.err.lower())

    def test_token_echoed(self):
        token = "Opaque-Token-Marker-99"

        def registry(handler):
            handler.read_body()
            line = handler.headers.get("Authorization", "")
            if not line.startswith("Bearer"):
                handler.reply(401, {"WWW-Authenticate":
                                    'Bearer realm="/token",service="s"'})
                return
            handler.reply(403, {
                "Server": line, "Docker-Content-Digest": token,
                "Warning": '299 - "%s"' % token}, line.encode())
        self.reg.on("*", "^/token", misbehave.data(
            b'{"token":"%s"}' % token.encode()))
        self.reg.on("*", "/tags/list", registry)
        result = self.ask('tag.ls("HOST/x/y")', "-v", "trace")
        self.assertNotIn(token, result.err)

        def away(handler):
            if "Authorization" not in handler.headers:
                return registry(handler)
            return misbehave.redirect("/v2/" + token)(handler)
        self.reg.rules.clear()
        self.reg.on("*", "^/token", misbehave.data(
            b'{"token":"%s"}' % token.encode()))
        self.reg.on("*", "/tags/list", away)
        self.reg.on("*", "/v2/" + token, misbehave.reply(404))
        result = self.ask('tag.ls("HOST/x/y")', "-v", "trace")
        self.assertNotIn(token, result.err)
