# SPDX-License-Identifier: Apache-2.0
"""Token servers and challenges that are hostile, and what limits hold."""
import threading
import time

from lib import images, misbehave
from lib.case import Case
from lib.run import PASSWORD, USER, creds, program


def sanitized():
    with open(program("regbot-broker"), "rb") as file:
        return b"__asan_init" in file.read()


class Tokens(Case):
    """The registry is its own token server, at /token."""

    def setUp(self):
        super().setUp()
        self.reg = self.fake()
        self.reg.add("x/y", "v1", images.image("w"))
        self.wanted = "good"
        self.challenge = 'Bearer realm="/token",service="s"'
        self.reply = b'{"token":"good"}'

    def serve(self, handler):
        handler.read_body()
        if handler.path.startswith("/token"):
            if callable(self.reply):
                return self.reply(handler)
            return handler.reply(200, {"Content-Type": "application/json"},
                                 self.reply)
        line = handler.headers.get("Authorization", "")
        if line == "Bearer " + self.wanted:
            return False
        challenge = self.challenge
        return handler.reply(401, {"WWW-Authenticate": challenge(handler)
                                   if callable(challenge) else challenge})

    def ask(self, script='log(tag.ls("HOST/x/y")[1])', seconds=30, **more):
        self.reg.rules.clear()
        self.reg.requests.clear()
        self.reg.on("*", ".", self.serve)
        more = more or dict(user=USER, password=PASSWORD)
        return self.begin([creds(self.reg.host, **more)], {
            "t": script.replace("HOST", self.reg.host),
            "next": 'log "alive"'}).wait(seconds)

    def good(self, **more):
        result = self.succeeded(self.ask(**more))
        self.assertEqual(result.messages("t"), ["v1"])
        return result

    def bad(self, most=20, **more):
        result = self.ask(**more)
        self.failed(result, r"x/y")
        self.assertEqual(result.messages("next"), ["alive"])
        self.assertLess(len(self.reg.requests), most)
        self.assertNotIn(PASSWORD, result.err)
        return result

    def test_replies_that_are_fine(self):
        for more in (b'"expires_in":0', b'"expires_in":-1', b'"expires_in":'
                     b'99999999999999999999999', b'"expires_in":1e400',
                     b'"expires_in":"x"', b'"expires_in":null',
                     b'"expires_in":NaN', b'"issued_at":"0000-00-00T00:00:00Z"',
                     b'"issued_at":"2999-01-01T00:00:00Z","expires_in":60',
                     b'"issued_at":"1999-01-01T00:00:00Z","expires_in":60',
                     b'"issued_at":7', b'"issued_at":"9999999-01-01T00:00:00Z"',
                     b'"refresh_token":7', b'"refresh_token":"a\\nb"',
                     b'"token":"second"', b'"":{}', b'"x":"' + b"y" * 99999 +
                     b'"'):
            with self.subTest(more=more[:60]):
                self.reply = b'{"access_token":"good",' + more + b"}"
                self.good()

    def test_replies_that_are_none(self):
        for reply in (b"", b"null", b"[]", b'"good"', b"good", b"{}", b"\0",
                      b'{"token":""}', b'{"token":null}', b'{"token":["good"]}',
                      b'{"token":"a b"}', b'{"token":"a\\r\\nX-Evil: 1"}',
                      b'{"token":"a\\u0000b"}', b'{"token":"\xc3\xa4"}',
                      b'{"token":"' + b"t" * 70000 + b'"}',
                      b'{"token":"' + b"t" * 400000 + b'"}',
                      b'{"token":"good"} trailing', b'{"token":"good"',
                      b'{"token":"good","a":' + b"[" * 5000 + b"]" * 5000 +
                      b"}", b'{"token":"good"}\0', misbehave.HTML):
            with self.subTest(reply=reply[:60]):
                self.reply = reply
                self.bad()
        for request in self.reg.requests:
            self.assertNotIn("X-Evil", request.headers)

    def test_statuses(self):
        for status in (201, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405):
            with self.subTest(status=status):
                self.reply = lambda h, s=status: h.reply(
                    s, {}, b'{"token":"good"}')
                self.bad()

    def test_token_that_is_never_good(self):
        self.reply = b'{"token":"other"}'
        self.bad(most=8)

    def test_realm_that_changes(self):
        count = [0]

        def challenge(_handler):
            count[0] += 1
            return 'Bearer realm="/token%d",service="s%d"' % (
                count[0], count[0])
        self.challenge, self.reply = challenge, b'{"token":"other"}'
        self.bad(most=16)

    def test_scopes_that_grow(self):
        count = [0]

        def challenge(_handler):
            count[0] += 1
            return 'Bearer realm="/token",service="s",scope="%s"' % " ".join(
                "repository:%sx/y:pull,a%d" % ("p/" * i, count[0])
                for i in range(count[0] * 3))
        self.challenge, self.reply = challenge, b'{"token":"other"}'
        self.bad(most=16)
        self.challenge = 'Bearer realm="/token",scope="repository:x/y:' + \
            ",".join("a%d" % i for i in range(2000)) + '"'
        self.bad(most=16)

    def test_scopes_of_other_repositories(self):
        """What is asked for is what is needed, whatever a challenge says."""
        self.challenge = 'Bearer realm="/token",service="s",scope="' \
            'repository:x/y:pull,push,delete repository:other:* ' \
            'registry:catalog:*"'
        self.good()
        for request in self.reg.find("*", "^/token"):
            self.assertNotIn("delete", request.path)
            self.assertNotIn("other", request.path)
            self.assertNotIn("catalog", request.path)

    def test_loop_between_schemes(self):
        count = [0]

        def challenge(_handler):
            count[0] += 1
            return ['Basic realm="r"', 'Bearer realm="/token"',
                    'Bearer realm="/token2",Basic realm="q"'][count[0] % 3]
        self.challenge, self.reply = challenge, b'{"token":"other"}'
        self.bad(most=16)

    def test_redirect_loop(self):
        self.reply = misbehave.redirect("/token?again")
        self.bad(most=40)

    def test_hanging_token_server_costs_others_nothing(self):
        """It takes no place among the registry's requests, and ends with
        the script's time."""
        self.reg.add("x/z", "v1", images.image("w"))
        came = threading.Event()

        def hang(handler):
            came.set()
            self.reg.released.wait(20)
            handler.hang_up()

        def serve(handler):
            if handler.path.startswith("/token"):
                return hang(handler)
            if "x/z" in handler.path:
                return False
            return handler.reply(401, {"WWW-Authenticate": self.challenge})
        self.reg.on("*", ".", serve)
        running = self.begin(
            [creds(self.reg.host, user=USER, password=PASSWORD,
                   reqConcurrent=2, repoAuth=True)],
            [{"name": "stuck%d" % i, "timeout": "4s",
              "script": 'tag.ls("%s/x/y%d")' % (self.reg.host, i)}
             for i in range(3)] +
            [{"name": "other", "script": 'for i = 1, 20 do '
              'tag.ls("%s/x/z") end log "done"' % self.reg.host}],
            defaults={"parallel": 4})
        self.assertTrue(came.wait(10))
        running.wait_for("message=done", 10)
        result = running.wait(15)
        self.assertEqual(len(result.lines("Error running script")), 3)

    def test_many_scripts_ask_for_one_token_once(self):
        scripts = {"s%d" % i: 'tag.ls("%s/x/y") log "done"' % self.reg.host
                   for i in range(6)}
        self.reg.on("*", ".", self.serve)
        self.succeeded(self.begin(
            [creds(self.reg.host, user=USER, password=PASSWORD)], scripts,
            defaults={"parallel": 6}).wait(30))
        self.assertLessEqual(len(self.reg.find("*", "^/token")), 2)


class Limits(Case):
    def busy(self, scripts, **more):
        """Runs scripts; the most requests at once, the times of starts."""
        fake = self.fake()
        now, most, starts = [0], [0], []
        lock = threading.Lock()
        for i in range(8):
            fake.add("x/r%d" % i, "v1", images.image("l%d" % i))

        def action(handler):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
                starts.append(time.monotonic())
            time.sleep(0.02)
            old, reply = handler.reply, []
            handler.reply = lambda *a, **k: reply.append((a, k))
            handler.server.serve(handler)
            del handler.reply
            with lock:
                now[0] -= 1
            for args, kinds in reply:
                old(*args, **kinds)
        fake.on("*", ".", action)
        self.succeeded(self.begin(
            [creds(fake.host, **more)],
            {"s%d" % i: scripts.replace("HOST", fake.host).replace(
                "N", str(i)) for i in range(8)},
            defaults={"parallel": 8}).wait(60))
        return most[0], starts

    def test_concurrent(self):
        for limit in (1, 2, 5):
            with self.subTest(limit=limit):
                most, _ = self.busy(
                    'for i = 1, 5 do image.config("HOST/x/rN:v1") end '
                    'image.copy("HOST/x/rN:v1", "HOST/y/rN:v1")',
                    reqConcurrent=limit)
                self.assertLessEqual(most, limit)
                self.assertGreater(most, limit // 2)

    def test_per_second(self):
        _, starts = self.busy('for i = 1, 3 do tag.ls("HOST/x/rN") end',
                              reqPerSec=20, reqConcurrent=8)
        self.assertGreater(starts[-1] - starts[0],
                           0.9 * (len(starts) - 1) / 20)

    def test_fraction_of_a_second(self):
        fake = self.fake()
        fake.add("x/y", "v1", images.image("l"))
        begun = time.monotonic()
        self.succeeded(self.once(
            [creds(fake.host, reqPerSec=1.5)],
            'for i = 1, 4 do tag.ls("%s/x/y") end' % fake.host))
        self.assertGreater(time.monotonic() - begun, 1.8)


class Memory(Case):
    """Answers at their limits do not make a broker large."""

    def peak(self, path, action, script, scripts):
        fake = self.fake()
        fake.on("GET", path, action)
        running = self.begin([fake], {
            "s%d" % i: script.replace("HOST", fake.host)
            for i in range(scripts)}, defaults={"parallel": scripts})
        most = 0
        while running.process.poll() is None:
            for pid in running.children("regbot-broker"):
                try:
                    with open("/proc/%d/status" % pid) as file:
                        for line in file:
                            if line.startswith("VmHWM:"):
                                most = max(most, int(line.split()[1]))
                except (FileNotFoundError, ProcessLookupError):
                    pass
            time.sleep(0.01)
        self.succeeded(running.wait())
        return most

    def setUp(self):
        super().setUp()
        if sanitized():
            self.skipTest("memory is not what it would be")

    def test_bodies(self):
        body = b'{"name":"x/y","tags":["' + b"a" * ((8 << 20) - 40) + b'"]}'
        for scripts in (1, 6):
            with self.subTest(scripts=scripts):
                self.assertLess(self.peak(
                    "/tags/list", misbehave.data(body),
                    'pcall(tag.ls, "HOST/x/y")', scripts), 34 * 1024)

    def test_headers(self):
        self.assertLess(self.peak(
            "/tags/list", misbehave.huge_headers(120000),
            'for i = 1, 20 do pcall(tag.ls, "HOST/x/y") end', 4), 24 * 1024)
