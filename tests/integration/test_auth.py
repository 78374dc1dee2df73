# SPDX-License-Identifier: Apache-2.0
"""Credentials: who gets them, and what is said when they are wrong."""
import base64
import re

from lib import images, misbehave
from lib.case import Case
from lib.client import Client, digest
from lib.run import PASSWORD, USER, creds


def basic(user=USER, password=PASSWORD):
    return "Basic " + base64.b64encode(
        ("%s:%s" % (user, password)).encode()).decode()


class Basic(Case):
    def test_pull_and_push(self):
        a, b = self.registry(auth="basic"), self.registry(auth="basic")
        made = images.multi("basic")
        made.push(a.client, "x/y", "v1")
        entries = [creds(r.host, user=USER, password=PASSWORD)
                   for r in (a, b)]
        self.succeeded(self.once(entries, (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (a.host, b.host))))
        self.same_image(made, b.client, "x/y", "v1")

    def test_first_request_carries_no_password(self):
        a = self.registry(auth="basic")
        images.image().push(a.client, "x/y", "v1")
        proxy = self.proxy(a)
        self.succeeded(self.once(
            [creds(proxy.host, user=USER, password=PASSWORD)],
            'for i = 1, 3 do tag.ls("%s/x/y") end' % proxy.host))
        self.assertIsNone(proxy.seen[0].authorization)
        self.assertEqual([s.authorization for s in proxy.seen[1:]],
                         [basic()] * 3)

    def test_password_from_a_template(self):
        a = self.registry(auth="basic")
        images.image().push(a.client, "x/y", "v1")
        self.box.write("secret", PASSWORD + "\n")
        entry = creds(a.host, user='{{env "ROBOT"}}',
                      password='{{file "%s"}}' % self.box.path("secret"))
        result = self.begin([entry], 'log(tag.ls("%s/x/y")[1])' % a.host,
                            env={"ROBOT": USER}).wait()
        self.succeeded(result)
        self.assertEqual(result.messages(), ["v1"])

    def test_wrong_password(self):
        proxy = self.proxy(self.registry(auth="basic"))
        result = self.once([creds(proxy.host, user=USER, password="wrong-pw")],
                           'tag.ls("%s/x/y")' % proxy.host)
        self.failed(result, r"failed to list tags for %s/x/y" % proxy.host,
                    r"unauthorized \[http 401\]",
                    r"the login for %s was refused: check user and pass in "
                    r"the creds entry of %s \(regbot.yml:4\)\n" % (
                        proxy.host, proxy.host))
        self.assertNotIn("wrong-pw", result.err + result.out)
        self.assertLessEqual(len(proxy.seen), 3, proxy.seen)

    def test_no_credentials(self):
        registry = self.registry(auth="basic")
        self.failed(self.once([registry], 'tag.ls("%s/x/y")' % registry.host),
                    r"%s/x/y" % registry.host, r"unauthorized",
                    r"no login for %s is configured: set user and pass in "
                    r"the creds entry of %s \(regbot.yml:4\)\n" % (
                        registry.host, registry.host))

    def test_wrong_password_at_the_token_server(self):
        tokens = self.token_server()
        registry = self.registry(auth=tokens)
        result = self.once([creds(registry.host, user=USER,
                                  password="wrong-pw")],
                           'tag.ls("%s/x/y")' % registry.host)
        self.failed(result, r"token server 127.0.0.1: .*; the login for %s "
                    r"was refused: .*\(regbot.yml:4\)" % registry.host)

    def test_each_registry_gets_its_own_password_only(self):
        a, b = self.fake(), self.fake()
        for fake in (a, b):
            fake.add("x/y", "v1", images.image())
            fake.on("*", "/v2/", misbehave.unauthorized('Basic realm="r"'),
                    times=1)
        self.succeeded(self.once(
            [creds(a.host, user="anna", password="pw-a"),
             creds(b.host, user="berta", password="pw-b")],
            'tag.ls("%s/x/y") tag.ls("%s/x/y")' % (a.host, b.host)))
        for fake, expected in ((a, basic("anna", "pw-a")),
                               (b, basic("berta", "pw-b"))):
            self.assertEqual(fake.requests[-1].headers["Authorization"],
                             expected)
            self.assertEqual({r.headers.get("Authorization")
                              for r in fake.requests}, {None, expected})

    def test_redirect_elsewhere_carries_no_password(self):
        fake, storage = self.fake(), self.fake(address="127.0.0.2")
        made = images.image()
        for one in (fake, storage):
            one.add("x/y", "v1", made)
        fake.on("GET", "/blobs/", misbehave.redirect(
            lambda handler: "http://%s%s" % (storage.host, handler.path)))
        fake.on("*", "/v2/", misbehave.unauthorized('Basic realm="r"'),
                times=1)
        target = self.fake()
        self.succeeded(self.once(
            [creds(fake.host, user=USER, password=PASSWORD),
             creds(target.host)],
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                fake.host, target.host)))
        self.assertTrue(storage.requests)
        for request in storage.requests:
            self.assertIsNone(request.headers.get("Authorization"))
        self.same_image(made, Client(target.host), "x/y", "v1")


class Token(Case):
    def copy(self, source, target, entries, repo="x/y"):
        made = images.multi(repo)
        made.push(source.client, repo, "v1")
        result = self.once(entries, 'image.copy("%s/%s:v1", "%s/%s:v1")' % (
            source.host, repo, target.host, repo))
        self.succeeded(result)
        self.same_image(made, target.client, repo, "v1")

    def test_pull_and_push(self):
        tokens = self.token_server()
        a, b = self.registry(), self.registry(auth=tokens)
        self.copy(a, b, [creds(a.host), creds(
            b.host, user=USER, password=PASSWORD)])
        self.assertTrue(tokens.requests)
        for request in tokens.requests:
            self.assertEqual(request.user, USER)
            for scope in request.scopes:
                self.assertRegex(scope, r"^repository:x/y:pull(,push)?$")
        # A token is asked for once for each set of scopes, not once a call.
        self.assertLessEqual(len(tokens.requests), 3)

    def test_pull_needs_no_push(self):
        tokens = self.token_server()
        a, b = self.registry(auth=tokens), self.registry()
        self.copy(a, b, [creds(a.host, user=USER, password=PASSWORD),
                         creds(b.host)])
        self.assertEqual({s for r in tokens.requests for s in r.scopes},
                         {"repository:x/y:pull"})

    def test_anonymous_pull(self):
        tokens = self.token_server(anonymous_pull=True)
        a, b = self.registry(auth=tokens), self.registry()
        self.copy(a, b, [creds(a.host), creds(b.host)])
        self.assertEqual({r.authorization for r in tokens.requests}, {""})

    def test_wrong_password(self):
        tokens = self.token_server()
        a = self.registry(auth=tokens)
        result = self.once([creds(a.host, user=USER, password="wrong-pw")],
                           'tag.ls("%s/x/y")' % a.host)
        self.failed(result, r"%s/x/y" % a.host, r"401|unauthorized")
        self.assertNotIn("wrong-pw", result.err)
        self.assertLessEqual(len(tokens.requests), 6)

    def test_push_without_the_right(self):
        tokens = self.token_server(anonymous_pull=True)
        b = self.registry(auth=tokens)
        a = self.registry()
        images.image().push(a.client, "x/y", "v1")
        self.failed(self.once([a, b], (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (a.host, b.host))),
            r"%s/x/y" % b.host, r"unauthorized")

    def test_token_that_is_no_longer_taken(self):
        tokens = self.token_server()
        fake = self.fake(auth=tokens)
        fake.add("x/y", "v1", images.image())

        def revoke(_handler):
            tokens.issued.clear()
            return False
        fake.on("GET", "/tags/list", revoke, skip=3, times=1)
        self.succeeded(self.once(
            [creds(fake.host, user=USER, password=PASSWORD)],
            'for i = 1, 6 do tag.ls("%s/x/y") end' % fake.host))
        self.assertEqual(len(tokens.requests), 2)

    def test_refresh_token(self):
        tokens = self.token_server(refresh=True)
        fake = self.fake(auth=tokens)
        for name in ("x/y", "x/z"):
            fake.add(name, "v1", images.image())
        self.succeeded(self.once(
            [creds(fake.host, user=USER, password=PASSWORD)],
            'tag.ls("%s/x/y") tag.ls("%s/x/z")' % (fake.host, fake.host)))
        self.assertEqual(tokens.requests[0].method, "GET")
        self.assertEqual(tokens.requests[1].method, "POST")
        self.assertEqual(tokens.requests[1].form["grant_type"],
                         ["refresh_token"])

    def test_token_loop_ends(self):
        tokens = self.token_server()
        fake = self.fake()
        fake.on("*", "/v2/", misbehave.unauthorized(
            'Bearer realm="%s",service="s",scope="repository:x/y:pull"'
            % tokens.realm))
        result = self.once([creds(fake.host, user=USER, password=PASSWORD)],
                           'tag.ls("%s/x/y")' % fake.host)
        self.failed(result, r"%s/x/y" % fake.host, r"unauthorized")
        self.assertLess(len(fake.requests) + len(tokens.requests), 15)

    def test_token_answer_is_nonsense(self):
        for reply in ((200, {"Content-Type": "text/html"}, misbehave.HTML),
                      (200, {"Content-Type": "application/json"},
                       b'{"token": "a'),
                      (200, {"Content-Type": "application/json"}, b"{}"),
                      (200, {"Content-Type": "application/json"},
                       b'{"token": "a\\r\\nX-Injected: 1"}'),
                      (500, {}, b"")):
            with self.subTest(reply=reply):
                tokens = self.token_server()
                tokens.reply = reply
                a = self.registry(auth=tokens)
                result = self.once(
                    [creds(a.host, user=USER, password=PASSWORD)],
                    'tag.ls("%s/x/y")' % a.host)
                self.failed(result, r"%s/x/y" % a.host)


class Realm(Case):
    """A registry names the place where passwords are to be sent; only places
    that belong to it get them."""

    def setUp(self):
        super().setUp()
        self.tokens = self.token_server(address="127.0.0.2")
        self.reg = self.registry(auth=self.tokens)
        images.image().push(self.reg.client, "x/y", "v1")

    def ask(self, **more):
        return self.once(
            [creds(self.reg.host, user=USER, password=PASSWORD, **more)],
            'tag.ls("%s/x/y")' % self.reg.host)

    def test_foreign_realm_gets_nothing(self):
        result = self.ask()
        self.failed(result, r"%s/x/y" % self.reg.host, r"127\.0\.0\.2",
                    r"realms:")
        self.assertEqual(self.tokens.requests, [])

    def test_the_line_to_add_works(self):
        error = self.ask().error()
        named = re.search(r"realms: *\[?\"?([^\s\"\]]+)", error)
        self.assertTrue(named, error)
        self.succeeded(self.ask(realms=[named.group(1)]))
        self.assertEqual(self.tokens.requests[0].user, USER)


class Redirected(Case):
    def test_blob_digest_is_checked_there_too(self):
        fake, storage, target = self.fake(), self.fake(), self.fake()
        layer = images.noise(5000, "l")
        fake.add("x/y", "v1", images.image(raw_layers=[layer]))
        fake.on("GET", "/blobs/" + digest(layer), misbehave.redirect(
            "http://%s/bytes" % storage.host))
        storage.on("GET", "/bytes", misbehave.data(
            images.noise(5000, "other"), "application/octet-stream"))
        result = self.once([fake, target], (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                fake.host, target.host)))
        self.failed(result, r"digest")
        self.assertEqual(target.repo("x/y")["tags"], {})
        self.no_uploads(target)
