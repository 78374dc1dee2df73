# SPDX-License-Identifier: Apache-2.0
"""image.copy with includeExternal: layers that are at a URL of the manifest,
and what such a URL, which anybody may have written, must not bring about."""
import ipaddress
import json
import ssl

from lib import images, misbehave
from lib.case import Case
from lib.client import digest
from lib.run import PASSWORD, USER, creds

from test_attack_places import own_address

FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
# Where a URL leads only if its host is named.
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")


class External(Case):
    """A source without an image's second layer, a target, and a host of files
    that has it at /files/layer."""

    def setUp(self):
        super().setUp()
        self.source, self.target = self.fake(), self.fake()
        self.files = self.fake()
        self.layer = images.noise(300000, self.id())
        self.files.on("GET", "^/files/layer", misbehave.data(self.layer))

    def image(self, *urls):
        """At the source as x/y:v1."""
        made = images.image(docker=True, raw_layers=[
            images.layer(100, "a")[0], self.layer])
        manifest = json.loads(made.manifest)
        manifest["layers"][1].update(mediaType=FOREIGN, urls=list(urls))
        made.manifest = json.dumps(manifest).encode()
        self.source.add("x/y", "v1", made)
        del self.source.repo("x/y")["blobs"][digest(self.layer)]
        return made

    def url(self, path="/files/layer", files=None, scheme="http"):
        return "%s://%s%s" % (scheme, (files or self.files).host, path)

    def login(self, files=None, **more):
        """The creds entry of the host of files."""
        return creds((files or self.files).host, user=USER, password=PASSWORD,
                     **more)

    def copy(self, *urls, named=None, flags=(), more="includeExternal=true"):
        self.made = self.image(*urls)
        entries = [creds(one.host) for one in (self.source, self.target)]
        return self.once(
            entries + ([self.login()] if named is None else named),
            'image.copy("%s/x/y:v1", "%s/x/y:v1", {%s})' % (
                self.source.host, self.target.host, more), *flags)

    def arrived(self, result):
        self.succeeded(result)
        there = self.target.repo("x/y")
        self.assertEqual(there["tags"], {"v1": self.made.digest})
        self.assertEqual(there["blobs"][digest(self.layer)], self.layer)

    def refused(self, result, *patterns):
        self.failed(result, "layer 2 is not in the source registry",
                    *patterns)
        there = self.target.repo("x/y")
        self.assertEqual(there["tags"], {})
        self.assertNotIn(digest(self.layer), there["blobs"])
        self.no_uploads(self.target)

    def no_credentials(self, *servers):
        for one in servers or (self.files,):
            self.assertNotEqual(one.requests, [])
            for request in one.requests:
                self.assertEqual(request.method, "GET")
                for name in ("Authorization", "Cookie",
                             "Proxy-Authorization"):
                    self.assertIsNone(request.headers[name])

    def test_a_layer_comes_from_its_url(self):
        result = self.copy(self.url("/files/layer?sig=1"))
        self.arrived(result)
        self.assertEqual([r.path for r in self.files.requests],
                         ["/files/layer?sig=1"])
        self.no_credentials()
        self.assertEqual(result.lines("Copy layer from its URL")[0]["url"],
                         self.url())
        self.assertEqual(result.lines("Copied image")[0]["uploaded"], "3")

    def test_the_source_is_asked_first(self):
        made = self.image(self.url())
        self.source.repo("x/y")["blobs"][digest(self.layer)] = self.layer
        self.succeeded(self.once(
            [self.source, self.target, self.login()],
            'image.copy("%s/x/y:v1", "%s/x/y:v1", {includeExternal=true})' % (
                self.source.host, self.target.host)))
        self.assertEqual(self.target.repo("x/y")["tags"]["v1"], made.digest)
        self.assertEqual(self.files.requests, [])

    def test_the_next_url(self):
        self.arrived(self.copy("ftp://127.0.0.1/x", self.url("/none"),
                               self.url()))
        self.assertEqual([r.path for r in self.files.requests],
                         ["/none", "/files/layer"])

    def test_only_when_asked_for(self):
        self.target.on("PUT", "/manifests/", misbehave.reply(201))
        self.succeeded(self.copy(self.url(), more=""))
        self.assertEqual(self.files.requests, [])

    def test_a_dry_run_reads_nothing(self):
        self.succeeded(self.copy(self.url(), flags=["--dry-run"]))
        self.assertEqual(self.files.requests, [])
        self.assertEqual(self.target.writes(), [])

    def test_a_cut_is_resumed(self):
        self.layer = images.noise(3 << 20, "cut")
        self.files.repo("f")["blobs"][digest(self.layer)] = self.layer
        self.files.on("GET", "/blobs/", misbehave.truncate(
            self.layer, 2 << 20), times=1)
        self.arrived(self.copy(self.url("/v2/f/blobs/" +
                                        digest(self.layer))))
        self.assertEqual(self.files.requests[1].headers["Range"],
                         "bytes=%d-" % (2 << 20))
        self.no_credentials()

    def test_no_challenge_gets_the_login(self):
        tokens = self.token_server()
        for challenge in ('Basic realm="x"', 'Bearer realm="http://%s/t"' %
                          tokens.host):
            with self.subTest(challenge=challenge):
                self.files.on("GET", "^/login$",
                              misbehave.unauthorized(challenge), times=1)
                self.refused(self.copy(self.url("/login")),
                             "unauthorized.*401")
                self.no_credentials()
        self.assertEqual(tokens.connections, 0)

    def test_no_login_after_it_was_used_elsewhere(self):
        """The registry of that host got it, and still the URL does not."""
        self.files.on("GET", "^/v2/p/q/tags", misbehave.unauthorized(
            'Basic realm="x"'), times=1)
        self.files.repo("p/q")
        self.made = self.image(self.url())
        self.arrived(self.once(
            [self.source, self.target, self.login()],
            'tag.ls("%s/p/q")\nimage.copy("%s/x/y:v1", "%s/x/y:v1", '
            '{includeExternal=true})' % (
                self.files.host, self.source.host, self.target.host)))
        self.assertTrue(self.files.find("GET", "^/v2/p")[1]
                        .headers["Authorization"])
        self.assertIsNone(self.files.find("GET", "^/files")[0]
                          .headers["Authorization"])

    def test_a_local_host_that_is_not_named(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                self.refused(self.copy(self.url(scheme=scheme), named=[]),
                             "loopback, link-local or metadata")
        self.refused(self.copy("http://169.254.169.254/x"),
                     "loopback, link-local or metadata")
        self.assertEqual(self.files.connections, 0)

    def test_redirects(self):
        other = self.fake(address=self.files.host.split(":")[0])
        other.on("GET", "^/there", misbehave.data(self.layer))
        self.files.on("GET", "^/go", misbehave.redirect(
            self.url("/there", other)))
        self.arrived(self.copy(self.url("/go")))
        self.no_credentials(self.files, other)

    def test_a_redirect_to_a_metadata_address(self):
        self.files.on("GET", "^/go", misbehave.redirect(
            "//169.254.169.254/x"))
        self.refused(self.copy(self.url("/go")), "refused to go to 169.254")

    def test_wrong_bytes(self):
        wrong = bytes(len(self.layer))
        for body in (wrong, self.layer + b"x", self.layer[:-1]):
            with self.subTest(size=len(body)):
                self.files.on("GET", "^/wrong$", misbehave.data(body), times=2)
                self.refused(self.copy(self.url("/wrong")))

    def test_wrong_bytes_and_then_the_right_ones(self):
        self.files.on("GET", "^/wrong", misbehave.data(
            bytes(len(self.layer))))
        self.arrived(self.copy(self.url("/wrong"), self.url()))


class FromElsewhere(External):
    """A host that is not named in creds, on a public address: plain http is
    fine."""

    def setUp(self):
        super().setUp()
        address = own_address()
        if address is None or any(
                ipaddress.ip_address(address) in ipaddress.ip_network(net)
                for net in PRIVATE):
            self.skipTest("this machine has no public address")
        self.trap, self.files = self.files, self.fake(address=address)
        self.files.on("GET", "^/files/layer", misbehave.data(self.layer))

    def copy(self, *urls, **more):
        return super().copy(*urls, **{"named": [], **more})

    def test_a_redirect_to_loopback(self):
        self.files.on("GET", "^/go", misbehave.redirect(
            self.url(files=self.trap)))
        self.refused(self.copy(self.url("/go")), "refused to go to 127.0.0.1")
        self.assertEqual(self.trap.connections, 0)

    def test_a_local_host_that_is_not_named(self):
        self.files = self.trap
        super().test_a_local_host_that_is_not_named()


class OverTls(External):
    """The host of files has TLS and takes certificates of clients."""

    def setUp(self):
        super().setUp()
        self.ca = self.authority()
        self.plain = self.files
        self.files = self.fake(tls=self.ca.server(clients=ssl.CERT_OPTIONAL))
        self.certificates = []
        self.files.on("GET", "^/files/layer", self.serve)

    def serve(self, handler):
        self.certificates.append(handler.connection.getpeercert())
        misbehave.data(self.layer)(handler)

    def url(self, path="/files/layer", files=None, scheme="https"):
        if files is not None:
            scheme = "https" if files.tls else "http"
        return super().url(path, files, scheme)

    def login(self, files=None, **more):
        return super().login(files, **{
            "tls": "enabled", "regcert": self.ca.pem, **self.ca.client(),
            **more})

    def test_no_client_certificate(self):
        self.files.on("GET", "^/v2/p/q/tags", lambda handler: (
            self.certificates.append(handler.connection.getpeercert()),
            False)[1])
        self.files.repo("p/q")
        self.made = self.image(self.url())
        self.arrived(self.once(
            [self.source, self.target, self.login()],
            'tag.ls("%s/p/q")\nimage.copy("%s/x/y:v1", "%s/x/y:v1", '
            '{includeExternal=true})' % (
                self.files.host, self.source.host, self.target.host)))
        self.assertEqual([bool(one) for one in self.certificates],
                         [True, False])

    def test_http_is_refused(self):
        self.refused(self.copy(self.url(scheme="http")), "wants TLS")
        self.assertEqual(self.files.connections, 0)

    def test_redirects(self):
        self.files.on("GET", "^/go", misbehave.redirect(
            self.url(files=self.plain)))
        self.refused(self.copy(self.url("/go")),
                     "refused to go from https to http")
        self.assertEqual(self.plain.connections, 0)
