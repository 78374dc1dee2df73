# SPDX-License-Identifier: Apache-2.0
"""HTTP that is odd, slow, or wrong, byte for byte."""
import gzip
import hashlib
import json
import threading
import time

from lib import images, misbehave
from lib.case import Case
from lib.client import Client, digest
from lib.run import PASSWORD, USER, creds
from lib.server import Handler, Server

TAGS = b'{"name":"x/y","tags":["v1"]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def raw(*parts, keep=False, pause=0):
    """Sends parts as they are; hangs up unless told to keep."""
    def action(handler):
        handler.read_body()
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            if pause:
                time.sleep(pause)
        if not keep:
            handler.hang_up()
    return action


class Answers(Case):
    def setUp(self):
        super().setUp()
        self.reg = self.fake()
        self.reg.add("x/y", "v1", images.image("w"))

    def tags(self, action, times=None, seconds=30, **more):
        self.reg.rules.clear()
        self.reg.requests.clear()
        self.reg.on("GET", "/tags/list", action, times=times)
        result = self.begin([creds(self.reg.host, **more)], {
            "t": 'log(tag.ls("%s/x/y")[1])' % self.reg.host,
            "next": 'log "alive"'}).wait(seconds)
        self.assertEqual(result.messages("next"), ["alive"], result)
        return result

    def good(self, *args, **more):
        result = self.succeeded(self.tags(*args, **more))
        self.assertEqual(result.messages("t"), ["v1"])
        return result

    def bad(self, *patterns, **more):
        def check(action):
            return self.failed(self.tags(action, **more), r"x/y", *patterns)
        return check

    def test_lines_end_in_lf_only(self):
        self.good(raw(b"HTTP/1.1 200 OK\nContent-Type: application/json\n"
                      b"Content-Length: %d\n\n%s" % (len(TAGS), TAGS)))

    def test_space_after_values(self):
        self.good(raw(b"HTTP/1.1 200 OK\r\nContent-Type:application/json  \t"
                      b"\r\nContent-Length: %d  \r\n\r\n%s" % (
                          len(TAGS), TAGS)))
        self.good(raw(b"HTTP/1.1 307 X\r\nLocation: /v2/x/y/tags/list?a=b "
                      b"\t\r\nContent-Length: 0\r\n\r\n", keep=True), times=1)

    def test_no_length_at_all(self):
        self.good(raw(HEAD + b"\r\n" + TAGS))

    def test_http_1_0(self):
        self.good(raw(b"HTTP/1.0 200 OK\r\nContent-Type: application/json"
                      b"\r\n\r\n" + TAGS))

    def test_http_0_9_is_none(self):
        self.bad()(raw(TAGS))

    def test_shorter_than_said(self):
        self.bad(r"EOF")(raw(HEAD + b"Content-Length: 100\r\n\r\n" + TAGS))

    def test_longer_than_said(self):
        """What follows is no answer to the next request."""
        self.good(raw(HEAD + b"Content-Length: %d\r\n\r\n%s" % (
            len(TAGS), TAGS) + HEAD + b"Content-Length: 2\r\n\r\n{}",
            keep=True))

    def test_two_lengths(self):
        self.tags(raw(HEAD + b"Content-Length: %d\r\nContent-Length: 5\r\n"
                      b"\r\n%s" % (len(TAGS), TAGS)))

    def test_negative_and_huge_length(self):
        for n in (b"-1", b"99999999999999999999", b"9223372036854775807",
                  b"abc", b""):
            with self.subTest(n=n):
                self.tags(raw(HEAD + b"Content-Length: " + n + b"\r\n\r\n" +
                              TAGS))

    def test_chunks_that_are_none(self):
        te = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        for body in (b"zz\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n",
                     b"5\r\nab", b"\r\n\r\n", b"1c\r\n" + TAGS + b"XX"):
            with self.subTest(body=body):
                self.bad()(raw(te + body))

    def test_flood_of_interim_answers(self):
        self.bad(r"headers")(raw(*[b"HTTP/1.1 103 Early Hints\r\n"
                                   b"Link: </x>; rel=preload\r\n\r\n"] * 9000))
        ok = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(TAGS), TAGS)
        self.good(raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 X\r\n\r\n" +
                      ok))

    def test_switching_protocols(self):
        self.bad()(raw(b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n" + TAGS))

    def test_other_statuses(self):
        for status in (201, 202, 204, 205, 206, 300, 304, 305, 306, 399, 999,
                       600, 100):
            with self.subTest(status=status):
                self.bad()(raw(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n"
                               % status))

    def test_status_lines_within_headers(self):
        self.tags(raw(b"HTTP/1.1 404 X\r\nHTTP/1.1 200 OK\r\nContent-Type: "
                      b"application/json\r\nContent-Length: %d\r\n\r\n%s" % (
                          len(TAGS), TAGS)))
        self.tags(raw(b"HTTP/1.1 200 X\r\nHTTP/1.1 100 OK\r\nContent-Type: "
                      b"application/json\r\nContent-Length: %d\r\n\r\n%s" % (
                          len(TAGS), TAGS)))

    def test_odd_header_lines(self):
        self.good(raw(HEAD + b": x\r\n folded: x\r\nA:\r\n\x80: \xff"
                      b"\r\nLink:\r\nRetry-After: \r\nContent-Length: %d"
                      b"\r\n\r\n%s" % (len(TAGS), TAGS)))

    def test_nul_in_headers(self):
        self.tags(raw(HEAD + b"X: a\0b\r\nContent-Length: %d\r\n\r\n%s" % (
            len(TAGS), TAGS)))

    def test_packed_body(self):
        packed = gzip.compress(TAGS)
        self.bad()(raw(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d"
                       b"\r\n\r\n%s" % (len(packed), packed)))

    def test_bomb(self):
        packed = gzip.compress(b"a" * (200 << 20))
        for name in (b"Content-Encoding", b"Transfer-Encoding"):
            self.bad()(raw(HEAD + name + b": gzip\r\n" + (
                b"" if name[0] == 84 else b"Content-Length: %d\r\n" %
                len(packed)) + b"\r\n" + packed))

    def test_endless_chunks(self):
        def action(handler):
            handler.wfile.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            while True:
                handler.wfile.write(b"10000\r\n" + b"a" * 65536 + b"\r\n")
        self.bad(r"larger than")(action)

    def test_endless_error_body(self):
        def action(handler):
            handler.wfile.write(b"HTTP/1.1 403 X\r\n"
                                b"Transfer-Encoding: chunked\r\n\r\n")
            while True:
                handler.wfile.write(b"10000\r\n" + b"a" * 65536 + b"\r\n")
        error = self.bad(r"403")(action)
        self.assertLess(len(error), 2000)

    def test_keep_alive_that_ends(self):
        """Connections that close between requests are no failure."""
        def action(handler):
            handler.close_connection = True
            return False
        self.reg.on("*", ".", action)
        result = self.once([self.reg], (
            'for i = 1, 20 do image.config("%s/x/y:v1") end log "done"'
            % self.reg.host))
        self.assertEqual(result.messages(), ["done"], result)

    def test_connection_closed_with_the_request_on_the_way(self):
        """The server closes an idle connection when the next request comes:
        that is repeated at once, writes too."""
        def action(handler):
            if getattr(handler, "served", False):
                handler.hang_up()
                return None
            handler.served = True
            return False
        self.reg.on("*", ".", action)
        begun = time.monotonic()
        result = self.once([self.reg], (
            'for i = 1, 6 do image.config("%s/x/y:v1") end\n'
            'tag.delete("%s/x/y:v1") log "done"' % (
                self.reg.host, self.reg.host)))
        self.assertEqual(result.messages(), ["done"], result)
        self.assertLess(time.monotonic() - begun, 3)

    def test_retry_after(self):
        for value in ("0", "-5", "abc", "1e9", "99999999999999999999999",
                      "Thu, 01 Jan 1970 00:00:00 GMT", "0.5", "", " "):
            with self.subTest(value=value):
                self.good(misbehave.reply(429, {"Retry-After": value}),
                          times=2)
        soon = time.strftime("%a, %d %b %Y %H:%M:%S GMT",
                             time.gmtime(time.time() + 2))
        begun = time.monotonic()
        self.good(misbehave.reply(503, {"Retry-After": soon}), times=1)
        self.assertGreater(time.monotonic() - begun, 0.5)

    def test_retry_after_is_bounded_by_the_timeout(self):
        self.reg.on("GET", "/tags/list", misbehave.too_many("86400"))
        running = self.begin([self.reg], [{
            "name": "t", "timeout": "2s",
            "script": 'tag.ls("%s/x/y")' % self.reg.host}])
        self.failed(running.wait(8), r"timeout of \S+ reached")

    def test_storm_of_429(self):
        """Four scripts at a registry that wants to be left alone: none
        fails, and it is not asked more often for that."""
        for i in range(4):
            self.reg.add("x/r%d" % i, "v1", images.image("w"))
        self.reg.on("GET", "/manifests/", misbehave.too_many("1"), times=6)
        result = self.once([self.reg], {
            "s%d" % i: 'image.config("%s/x/r%d:v1") log "done"' % (
                self.reg.host, i) for i in range(4)},
            defaults={"parallel": 4})
        self.succeeded(result)
        self.assertLessEqual(len(self.reg.find("GET", "/manifests/")), 10)

    def test_503_then_well(self):
        self.good(misbehave.reply(503), times=3)


class Uploads(Case):
    def setUp(self):
        super().setUp()
        self.source, self.target = self.fake(), self.fake(mounts=False)
        self.layer = images.noise(3 << 20, "up")
        self.made = images.image("up", raw_layers=[self.layer])
        self.source.add("x/y", "v1", self.made)

    def copy(self, **more):
        result = self.once([creds(self.source.host),
                            creds(self.target.host, **more)], (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                self.source.host, self.target.host)))
        return result

    def well(self, **more):
        self.succeeded(self.copy(**more))
        self.same_image(self.made, Client(self.target.host), "x/y", "v1")
        self.no_uploads(self.target)

    def say_no_continue(self):
        """The server says what it thinks before, or only after the body."""
        old = Handler.handle_expect_100
        Handler.handle_expect_100 = lambda handler: True
        self.addCleanup(setattr, Handler, "handle_expect_100", old)

    def test_expectation_failed(self):
        self.say_no_continue()

        def refuse(handler):
            if handler.headers.get("Expect"):
                handler.reply(417)
                handler.hang_up()
                return None
            return False
        self.target.on("PUT", "/uploads/", refuse)
        self.well()

    def test_no_word_about_expect(self):
        """A server that waits for the body instead."""
        self.say_no_continue()
        self.well()

    def test_redirect_instead_of_continue(self):
        """The body is not spent on a redirect; where it leads to, no
        password goes."""
        other = self.fake(address="127.0.0.2")
        other.uploads["u"] = b""

        def away(handler):
            if "Authorization" not in handler.headers:
                return misbehave.unauthorized('Basic realm="r"')(handler)
            handler.reply(307, {"Location": "http://%s/v2/x/y/blobs/uploads/"
                                "u?%s" % (other.host,
                                          handler.path.split("?")[1])})
            return handler.hang_up()
        self.say_no_continue()
        self.target.on("PUT", "/uploads/upload-", away)
        self.copy(user=USER, password=PASSWORD)
        self.assertTrue(other.find("PUT", "."))
        for request in other.requests:
            self.assertNotIn("Authorization", request.headers)

    def test_cut_at_every_point(self):
        for cut in (0, 1, 65536, 1 << 20, (3 << 20) - 1):
            with self.subTest(cut=cut):
                self.target.rules.clear()
                self.target.repos.clear()
                self.target.on("PUT", "/uploads/", misbehave.cut_upload(cut),
                               times=2)
                self.well()

    def test_locations(self):
        for form in ("/v2/x/y/blobs/uploads/%s?state=s#frag",
                     "%s?a=b&c=%%2F", "./%s", "//HOST/v2/x/y/blobs/uploads/%s",
                     "http://HOST/v2/x/y/blobs/uploads/%s"):
            with self.subTest(form=form):
                self.target.rules.clear()
                self.target.repos.clear()

                def post(handler, form=form):
                    handler.read_body()
                    fake = handler.server
                    with fake.lock:
                        fake.counter += 1
                        ident = "upload-%d" % fake.counter
                        fake.uploads[ident] = b""
                    handler.reply(202, {"Location": (form % ident).replace(
                        "HOST", fake.host)})
                self.target.on("POST", "/uploads/", post)
                self.well()

    def test_created_without_a_mount(self):
        """201 to a POST that wanted no mount is no upload and no blob."""
        self.target.on("POST", "/uploads/", misbehave.reply(201, {
            "Location": "/v2/x/y/blobs/" + digest(self.layer)}))
        result = self.copy()
        self.assertEqual(result.code, 1, result)
        self.assertEqual(self.target.repo("x/y")["tags"], {})

    def test_long_answer_to_what_was_written(self):
        """The blob and the manifest are there, whatever else it says."""
        body = b"x" * 100000

        def wordy(handler):
            old, fake = handler.reply, handler.server

            def reply(status, headers=None, body_=b""):
                old(status, headers, body if status == 201 else body_)
            handler.reply = reply
            fake.serve(handler)
            del handler.reply
        self.target.on("PUT", ".", wordy)
        self.well()

    def test_token_that_ends_in_the_middle(self):
        count = [0]

        def challenge(handler):
            count[0] += 1
            handler.read_body(1 << 20)
            handler.reply(401, {"WWW-Authenticate": 'Basic realm="r"'})
            handler.hang_up()
        self.target.on("PUT", "/uploads/", challenge, times=2)
        self.well(user=USER, password=PASSWORD)


class Bodies(Case):
    """What is spoiled on its way, once, is asked for again, once."""

    def setUp(self):
        super().setUp()
        self.reg, self.target = self.fake(), self.fake(mounts=False)
        self.layer = images.noise(1 << 20, "body")
        self.made = images.image("body", raw_layers=[self.layer])
        self.reg.add("x/y", "v1", self.made)

    @staticmethod
    def spoil(handler):
        """The right length and type, and one wrong byte."""
        old, fake = handler.reply, handler.server

        def reply(status, headers=None, body=b""):
            old(status, headers, body[:-1] + b"?")
        handler.reply = reply
        fake.serve(handler)
        del handler.reply

    @staticmethod
    def shorten(handler):
        """Half of it, as if that were all."""
        old, fake = handler.reply, handler.server

        def reply(status, headers=None, body=b""):
            old(status, headers, body[:len(body) // 2])
        handler.reply = reply
        fake.serve(handler)
        del handler.reply

    def test_reads(self):
        for what in ("/manifests/", "/blobs/"):
            for action in (self.spoil, self.shorten):
                with self.subTest(what=what, action=action.__name__):
                    self.reg.rules.clear()
                    self.reg.on("GET", what, action, times=1)
                    result = self.once([self.reg], (
                        'image.config("%s/x/y:v1") log "done"' %
                        self.reg.host))
                    self.succeeded(result)
                    self.assertEqual(self.reg.rules[0].left, 0)

    def test_it_is_asked_for_twice_at_most(self):
        config = "/blobs/" + digest(self.made.blobs[0])
        layer = "/blobs/" + digest(self.layer)
        read, copy = 'image.config("%s/x/y:v1")' % self.reg.host, (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                self.reg.host, self.target.host))
        place = self.target.repo("x/y")
        for script, what in ((read, "/manifests/v1"), (read, config),
                             (copy, "/manifests/sha256:"), (copy, config),
                             (copy, layer)):
            for action in (self.spoil, self.shorten):
                with self.subTest(script, what=what, action=action.__name__):
                    self.reg.rules.clear()
                    self.reg.requests.clear()
                    place["blobs"].clear()
                    self.reg.on("GET", what, action)
                    self.failed(self.once([self.reg, self.target], script),
                                "digest mismatch|bytes that blob")
                    self.assertEqual(len(self.reg.find("GET", what)), 2)
        self.no_uploads(self.target)
        self.assertEqual(place["manifests"], {})

    def test_a_layer_that_is_short(self):
        self.reg.on("GET", "/blobs/" + digest(self.layer), self.shorten,
                    times=1)
        self.succeeded(self.once([self.reg, self.target], (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                self.reg.host, self.target.host))))
        self.same_image(self.made, Client(self.target.host), "x/y", "v1")
        self.no_uploads(self.target)


class Slow(Case):
    """What drips takes a script's time and nothing else."""

    def test_drips(self):
        reg = self.fake()
        reg.add("x/y", "v1", images.image("w"))
        gate = threading.Event()
        self.addCleanup(gate.set)

        def headers(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not gate.wait(0.05):
                handler.wfile.write(b"X: y\r\n")
        for action in (headers, misbehave.drip(b" ", gate)):
            reg.rules.clear()
            reg.on("GET", "/tags/list", action)
            running = self.begin([creds(reg.host)], [
                {"name": "slow", "timeout": "3s",
                 "script": 'tag.ls("%s/x/y")' % reg.host},
                {"name": "other", "script":
                 'image.config("%s/x/y:v1") log "done"' % reg.host}],
                defaults={"parallel": 2})
            result = running.wait(15)
            self.assertEqual(result.messages("other"), ["done"], result)
            self.failed(result, r"timeout of \S+ reached")
