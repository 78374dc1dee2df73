# SPDX-License-Identifier: Apache-2.0
"""Registries that answer nonsense: the call fails with one sentence that
names registry, repository and reason, and nothing half-written stays."""
import json
import threading

from lib import images, misbehave
from lib.case import Case
from lib.client import Client, digest
from lib.run import creds


class Reading(Case):
    def setUp(self):
        super().setUp()
        self.reg = self.fake()
        self.made = images.image("h")
        self.reg.add("h/img", "v1", self.made)

    def call(self, script, *patterns, seconds=30, **more):
        """script fails, in time, with a sentence about h/img; the program
        goes on and runs the next script."""
        program = self.begin([creds(self.reg.host, **more)], {
            "t": script.replace("REF", self.reg.host + "/h/img"),
            "next": 'log "alive"'})
        result = program.wait(seconds)
        error = self.failed(result, *patterns)
        self.assertIn(self.reg.host, error)
        self.assertIn("h/img", error)
        self.assertTrue(error.startswith("<string>:1: "), error)
        self.assertEqual(result.messages("next"), ["alive"])
        self.assertLess(len(error), 6000)
        return error

    def tags(self, action, *patterns, **more):
        self.reg.on("GET", "/tags/list", action)
        return self.call('tag.ls("REF")', *patterns, **more)

    def manifest(self, action, *patterns, **more):
        self.reg.on("GET", "/manifests/", action)
        return self.call('manifest.get("REF:v1")', *patterns, **more)

    def config(self, action, *patterns, **more):
        self.reg.on("GET", "/blobs/", action)
        return self.call('image.config("REF:v1")', *patterns, **more)

    # Tag lists.

    def test_tags_html(self):
        self.tags(misbehave.html(), r"(?i)html|json|content type|parse")

    def test_tags_html_that_says_json(self):
        self.tags(misbehave.data(misbehave.HTML), r"(?i)json|parse")

    def test_tags_truncated_json(self):
        self.tags(misbehave.data(b'{"name":"h/img","tags":["v1","v'),
                  r"(?i)json|parse|tag list")

    def test_tags_of_wrong_types(self):
        for body in (b"[]", b'"x"', b'{"name":"h/img","tags":{"a":1}}',
                     b'{"name":"h/img","tags":[1,2]}',
                     b'{"name":"h/img","tags":"v1"}'):
            with self.subTest(body=body):
                self.reg.rules.clear()
                self.tags(misbehave.data(body))

    def test_tags_null_is_an_empty_list(self):
        self.reg.on("GET", "/tags/list", misbehave.data(
            b'{"name":"h/img","tags":null}'))
        result = self.once([self.reg], (
            'log(#tag.ls("%s/h/img"))' % self.reg.host))
        self.assertEqual(result.messages(), ["0"], result)

    def test_tags_deep_json(self):
        self.tags(misbehave.data(b'{"tags":' + b"[" * 100000))

    def test_tags_cut_short(self):
        body = json.dumps({"name": "h/img", "tags": ["v1"] * 100}).encode()
        self.tags(misbehave.truncate(body, 50, "application/json"))

    def test_tags_too_large(self):
        self.tags(misbehave.huge_body(40 << 20), r"(?i)large|limit|more than")

    def test_tags_endless_pages(self):
        """A list whose every page leads to a new one ends at a limit, or at
        the script's time at the latest."""
        self.reg.on("GET", "/tags/list", misbehave.endless_tags("h/img"))
        program = self.begin([self.reg], [{
            "name": "t", "timeout": "8s",
            "script": 'tag.ls("%s/h/img")' % self.reg.host}])
        self.failed(program.wait(20), r"h/img")

    def test_tags_page_that_leads_to_itself(self):
        self.tags(misbehave.data(
            b'{"name":"h/img","tags":["v1"]}',
            Link='</v2/h/img/tags/list?last=v1>; rel="next"'), r"circle")

    def test_tags_next_page_elsewhere(self):
        other = self.fake()
        self.reg.on("GET", "/tags/list", misbehave.data(
            b'{"name":"h/img","tags":["v1"]}',
            Link='<http://%s/v2/h/img/tags/list?last=x>; rel="next"'
            % other.host))
        self.call('tag.ls("REF")', user="u", password="p")
        for request in other.requests:
            self.assertIsNone(request.headers.get("Authorization"))

    def test_tags_unauthorized_for_ever(self):
        self.reg.on("*", "/v2/", misbehave.unauthorized('Basic realm="x"'))
        self.call('tag.ls("REF")', r"unauthorized \[http 401\]", user="u",
                  password="secret-pw")
        self.assertLess(len(self.reg.requests), 10)

    def test_strange_challenges(self):
        for challenge in ("", "Bearer", 'Bearer realm=""', "Negotiate",
                          'Bearer realm="ftp://x/y"', 'Basic realm="' +
                          "a" * 60000 + '"', 'Bearer realm="::::"',
                          'Bearer realm="http://127.0.0.1:1/', ","):
            with self.subTest(challenge=challenge[:40]):
                self.reg.rules.clear()
                self.reg.on("*", "/v2/", misbehave.unauthorized(challenge))
                self.call('tag.ls("REF")', user="u", password="p")

    def test_redirect_loop(self):
        self.tags(misbehave.redirect(lambda handler: handler.path),
                  r"(?i)redirect")
        self.assertLess(len(self.reg.requests), 80)

    def test_redirect_to_another_scheme(self):
        for url in ("file:///etc/passwd", "gopher://127.0.0.1:1/x",
                    "ftp://127.0.0.1/x", "dict://127.0.0.1:1/", ""):
            with self.subTest(url=url):
                self.reg.rules.clear()
                error = self.tags(misbehave.redirect(url))
                self.assertNotIn("root:", error)

    def test_huge_headers(self):
        self.tags(misbehave.huge_headers(4 << 20))

    def test_hangs_up(self):
        self.tags(misbehave.hang_up())

    def test_server_error_is_tried_again_then_told(self):
        self.tags(misbehave.reply(500, {}, b"storage is on fire"),
                  r"500", r"storage is on fire")
        self.assertGreater(len(self.reg.find("GET", "/tags/list")), 1)

    def test_too_many_requests_for_ever(self):
        self.tags(misbehave.too_many("0"), r"rate limit|429")

    def test_control_characters_in_an_error_body(self):
        error = self.tags(misbehave.reply(
            403, {"Content-Type": "text/plain"},
            b"\x1b[2J\x1b]0;owned\x07 no\r\nentry \xff\xfe"), r"403")
        self.assertIn("no", error)

    def test_slow_drip_ends_at_the_timeout(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.reg.on("GET", "/tags/list", misbehave.drip(b" ", gate))
        program = self.begin([self.reg], [{
            "name": "t", "timeout": "2s",
            "script": 'tag.ls("%s/h/img")' % self.reg.host}])
        result = program.wait(15)
        self.failed(result, r"timeout of \S+ reached")
        self.assertLess(result.seconds, 6)

    # Manifests and configurations.

    def test_manifest_html(self):
        self.manifest(misbehave.html())

    def test_manifest_truncated_json(self):
        self.manifest(misbehave.data(self.made.manifest[:-30],
                                     images.OCI_MANIFEST))

    def test_manifest_wrong_digest(self):
        self.manifest(misbehave.data(
            images.image("other").manifest, images.OCI_MANIFEST,
            **{"Docker-Content-Digest": self.made.digest}), r"digest")

    def test_manifest_by_digest_is_another(self):
        self.reg.on("GET", "/manifests/", misbehave.data(
            images.image("other").manifest, images.OCI_MANIFEST))
        self.call('manifest.get("REF@%s")' % self.made.digest, r"digest")

    def test_manifest_too_large(self):
        self.manifest(misbehave.huge_body(
            30 << 20, b'{"schemaVersion":2,"x":"', images.OCI_MANIFEST),
            r"(?i)large|limit|more than")

    def test_manifest_of_wrong_types(self):
        for text in ("[]", "null", "1", '{"schemaVersion":"2"}',
                     '{"schemaVersion":2,"config":[],"layers":{}}',
                     '{"schemaVersion":2,"config":{"digest":7},"layers":[]}'):
            with self.subTest(text=text):
                self.reg.rules.clear()
                self.reg.on("GET", "/manifests/", misbehave.data(
                    text.encode(), images.OCI_MANIFEST))
                result = self.begin([self.reg], {
                    "t": 'image.config("%s/h/img:v1")' % self.reg.host,
                    "next": 'log "alive"'}).wait(30)
                self.failed(result, r"<string>:1: ")
                self.assertEqual(result.messages("next"), ["alive"])

    def test_config_wrong_bytes(self):
        self.config(misbehave.data(b'{"os":"linux"}'), r"digest|size")

    def test_config_cut_short(self):
        self.config(misbehave.truncate(self.made.blobs[0], 10))

    def test_config_that_is_no_json(self):
        layer = images.noise(100, "n")
        made = images.image("h", raw_layers=[layer])
        text = json.loads(made.manifest)
        text["config"] = images.descriptor(images.OCI_CONFIG, layer)
        broken = images.Image(images.OCI_MANIFEST, json.dumps(text).encode(),
                              [layer])
        self.reg.add("h/img", "v1", broken)
        self.call('image.config("REF:v1")', r"(?i)json|config|parse")


class Copying(Case):
    """The target stays as it was: no tag, no open upload."""

    def setUp(self):
        super().setUp()
        self.source, self.target = self.fake(), self.fake()
        self.layer = images.noise(200000, "hostile")
        self.made = images.image("hc", raw_layers=[self.layer])
        self.source.add("h/img", "v1", self.made)
        self.path = "/blobs/" + digest(self.layer)

    def copy(self, *patterns, seconds=45):
        result = self.begin([self.source, self.target], {
            "t": 'image.copy("%s/h/img:v1", "%s/h/img:v1")' % (
                self.source.host, self.target.host),
            "next": 'log "alive"'}).wait(seconds)
        error = self.failed(result, r"h/img", *patterns)
        self.assertEqual(result.messages("next"), ["alive"])
        self.assertEqual(self.target.repo("h/img")["tags"], {})
        self.no_uploads(self.target)
        return error

    def test_blob_wrong_bytes(self):
        self.source.on("GET", self.path, misbehave.data(
            images.noise(200000, "evil"), "application/octet-stream"))
        self.copy(r"digest")
        self.assertNotIn(digest(self.layer),
                         self.target.repo("h/img")["blobs"])

    def test_blob_too_long(self):
        self.source.on("GET", self.path, misbehave.data(
            self.layer + b"more", "application/octet-stream"))
        self.copy(r"(?i)size|length|digest|more")

    def test_blob_too_short(self):
        self.source.on("GET", self.path, misbehave.data(
            self.layer[:-1], "application/octet-stream"))
        self.copy(r"199999 of the 200000 bytes|(?i:short|digest)")

    def test_blob_always_cut(self):
        self.source.on("GET", self.path, misbehave.truncate(self.layer, 0))
        self.copy()

    def test_blob_missing(self):
        self.source.on("GET", self.path, misbehave.reply(404))
        self.copy(r"404|not found")

    def test_upload_refused(self):
        self.target.on("POST", "/blobs/uploads/", misbehave.reply(
            403, {}, b'{"errors":[{"code":"DENIED","message":"no quota"}]}'))
        self.copy(r"no quota")

    def test_upload_always_cut(self):
        self.target.on("PUT", "/blobs/uploads/", misbehave.cut_upload(1000))
        self.copy(seconds=60)
        self.assertLess(len(self.target.find("PUT", "uploads")), 80)

    def test_upload_location_missing(self):
        self.target.on("POST", "/blobs/uploads/", misbehave.reply(202))
        self.copy(r"(?i)location")

    def test_upload_location_elsewhere_gets_no_password(self):
        other = self.fake()
        self.target.on("POST", "/blobs/uploads/", misbehave.reply(
            202, {"Location": "http://%s/v2/h/img/blobs/uploads/u?x=y"
                  % other.host}))
        self.begin([creds(self.source.host), creds(
            self.target.host, user="u", password="p")],
            'image.copy("%s/h/img:v1", "%s/h/img:v1")' % (
                self.source.host, self.target.host)).wait(45)
        for request in other.requests:
            self.assertIsNone(request.headers.get("Authorization"))

    def test_manifest_refused(self):
        self.target.on("PUT", "/manifests/", misbehave.reply(
            400, {}, b'{"errors":[{"code":"MANIFEST_INVALID"}]}'))
        self.copy(r"MANIFEST_INVALID")

    def test_manifest_stored_as_another(self):
        self.target.on("PUT", "/manifests/", misbehave.reply(
            201, {"Docker-Content-Digest": "sha256:" + "0" * 64}))
        self.copy(r"digest")

    def test_index_that_contains_itself_by_lies(self):
        """Children that are no manifests of their digest end the copy."""
        index = images.index([self.made])
        self.source.add("h/img", "v1", index)
        self.source.on("GET", "/manifests/sha256:", misbehave.data(
            index.manifest, images.OCI_INDEX))
        self.copy(r"digest")

    def test_child_missing(self):
        self.source.add("h/img", "v1", images.index([self.made]))
        self.source.repo("h/img")["manifests"].pop(self.made.digest)
        self.copy(r"404|not found")

    def test_deep_index(self):
        image = self.made
        for _ in range(12):
            image = images.index([image])
        self.source.add("h/img", "v1", image)
        self.copy(r"(?i)deep|nest|level|depth|index")

    def test_descriptor_with_a_path_for_a_digest(self):
        text = json.loads(self.made.manifest)
        text["layers"][0]["digest"] = "sha256:../../../v2/other"
        self.source.add("h/img", "v1", images.Image(
            images.OCI_MANIFEST, json.dumps(text).encode()))
        self.copy(r"(?i)digest")
        self.assertFalse(self.source.find("*", r"\.\."))

    def test_target_answers_html_to_head(self):
        self.target.on("HEAD", "/manifests/", misbehave.html())
        result = self.once([self.source, self.target], (
            'image.copy("%s/h/img:v1", "%s/h/img:v1")' % (
                self.source.host, self.target.host)))
        if result.code == 0:
            self.same_image(self.made, Client(self.target.host), "h/img",
                            "v1")
        else:
            self.failed(result, r"h/img")
