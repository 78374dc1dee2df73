# SPDX-License-Identifier: Apache-2.0
"""image.copy between real registries: what arrives, and at what price."""
import threading

from lib import images, misbehave
from lib.case import Case
from lib.client import Client, digest
from lib.registry import Registry
from lib.run import creds


class Copy(Case):
    @classmethod
    def setUpClass(cls):
        cls.a, cls.b = Registry(), Registry()

    @classmethod
    def tearDownClass(cls):
        cls.a.stop()
        cls.b.stop()

    def copy(self, made, repo, script=None, defaults=None):
        """Pushes made to registry a as repo:v1 and copies it to b."""
        made.push(self.a.client, repo, "v1")
        source, target = self.proxy(self.a), self.proxy(self.b)
        script = script or 'image.copy("%s/%s:v1", "%s/%s:v1")' % (
            source.host, repo, target.host, repo)
        result = self.once([source, target], script, defaults=defaults)
        self.succeeded(result)
        self.same_image(made, self.b.client, repo, "v1")
        self.no_uploads(self.b)
        return source, target, result

    def test_single_image(self):
        _, target, result = self.copy(
            images.image("single", layers=[10, 5000, 200000], spaced=True),
            "c/single")
        line = result.lines("Copy image")[0]
        self.assertEqual(line["target"], target.host + "/c/single:v1")
        self.assertEqual(line["dry-run"], "false")
        line = result.lines("Copied image")[0]
        self.assertEqual(line["target"], target.host + "/c/single:v1")
        self.assertEqual((line["uploaded"], line["mounted"]), ("4", "0"))
        self.assertGreater(int(line["bytes"]), 205010)

    def test_docker_types(self):
        self.copy(images.image("d", docker=True, spaced=True), "c/docker")

    def test_index_with_all_platforms(self):
        self.copy(images.index([
            images.image("p%d" % i, architecture=a, layers=[100, 3000])
            for i, a in enumerate(("amd64", "arm64", "s390x", "ppc64le"))]),
            "c/index")

    def test_docker_list(self):
        self.copy(images.multi("list", docker=True), "c/list")

    def test_empty_and_tiny_blobs(self):
        self.copy(images.image("z", raw_layers=[b"", b"x", b"yy"]), "c/zero")

    def test_image_without_layers(self):
        self.copy(images.image("none", layers=[]), "c/none")

    def test_more_blobs_than_slots(self):
        self.copy(images.image("many", layers=[4000] * 40), "c/many",
                  defaults={"parallel": 1})

    def test_the_same_layer_twice(self):
        data = images.layer(500, "twice")[0]
        _, target, _ = self.copy(
            images.image("twice", raw_layers=[data, data, data]), "c/twice")
        puts = [one for one in target.writes() if one.method == "PUT" and
                digest(data).split(":")[1] in one.path]
        self.assertEqual(len(puts), 1, target.seen)

    def test_large_layer(self):
        self.copy(images.image("large", raw_layers=[
            images.noise(48 << 20, "large")]), "c/large")

    def test_tag_comes_last(self):
        _, target, _ = self.copy(images.multi("last"), "c/last")
        puts = [one.path for one in target.writes() if one.method == "PUT"]
        self.assertTrue(puts[-1].endswith("/manifests/v1"), puts)
        manifests = [p for p in puts if "/manifests/" in p]
        self.assertEqual(len(manifests), 3, puts)

    def test_up_to_date_costs_two_heads(self):
        made = images.multi("again")
        source, target, _ = self.copy(made, "c/again")
        source.forget()
        target.forget()
        self.succeeded(self.once([source, target], (
            'image.copy("%s/c/again:v1", "%s/c/again:v1")' % (
                source.host, target.host))))
        for proxy in (source, target):
            self.assertEqual([one.method for one in proxy.seen], ["HEAD"],
                             proxy.seen)

    def test_tag_is_moved(self):
        images.image("old").push(self.b.client, "c/moved", "v1")
        self.copy(images.image("new"), "c/moved")

    def test_by_digest(self):
        made = images.image("bydigest")
        made.push(self.a.client, "c/bydigest", "v1")
        self.succeeded(self.once([self.a, self.b], (
            'image.copy("%s/c/bydigest@%s", "%s/c/bydigest:got")' % (
                self.a.host, made.digest, self.b.host))))
        self.same_image(made, self.b.client, "c/bydigest", "got")

    def test_within_a_registry_nothing_moves(self):
        made = images.image("mount", layers=[100, 9000])
        made.push(self.a.client, "c/mount", "v1")
        proxy = self.proxy(self.a)
        self.succeeded(self.once([proxy], (
            'image.copy("%s/c/mount:v1", "%s/other/mount:v2")' % (
                proxy.host, proxy.host))))
        self.same_image(made, self.a.client, "other/mount", "v2")
        for one in proxy.seen:
            if one.method == "POST":
                self.assertIn("mount=", one.path)
                self.assertIn("from=c%2Fmount", one.path.replace("/", "%2F"))
                self.assertEqual(one.status, 201)
            self.assertFalse(one.method == "PUT" and "/blobs/" in one.path,
                             proxy.seen)
            self.assertFalse(one.method == "GET" and "/blobs/" in one.path,
                             proxy.seen)

    def test_retag_is_one_put(self):
        made = images.multi("retag")
        made.push(self.a.client, "c/retag", "v1")
        proxy = self.proxy(self.a)
        self.succeeded(self.once([proxy], (
            'image.copy("%s/c/retag:v1", "%s/c/retag:v2")' % (
                proxy.host, proxy.host))))
        self.same_image(made, self.a.client, "c/retag", "v2")
        self.assertEqual([one.path for one in proxy.writes()],
                         ["/v2/c/retag/manifests/v2"])

    def test_platforms(self):
        made = images.multi("plat")
        made.push(self.a.client, "c/plat", "v1")
        result = self.once([self.a, self.b], (
            'image.copy("%s/c/plat:v1", "%s/c/plat:v1", '
            '{platforms={"linux/arm64"}})' % (self.a.host, self.b.host)))
        # A sparse index is sent as it is; this registry refuses those.
        self.failed(result, r"c/plat", r"the registry refuses an index with "
                    r"platforms that it does not have; copy all platforms, "
                    r"or only one by its digest", r"http 400")
        self.assertIsNone(self.b.client.digest("c/plat", "v1"))
        self.assertIsNone(self.b.client.digest(
            "c/plat", made.children[0].digest))
        self.assertEqual(self.b.client.digest(
            "c/plat", made.children[1].digest), made.children[1].digest)

    def test_digest_tags(self):
        made, signature = images.image("sig"), images.image("signature")
        name = made.digest.replace(":", "-") + ".sig"
        made.push(self.a.client, "c/sig", "v1")
        signature.push(self.a.client, "c/sig", name)
        self.succeeded(self.once([self.a, self.b], (
            'image.copy("%s/c/sig:v1", "%s/c/sig:v1", {digestTags=true})'
            % (self.a.host, self.b.host))))
        self.same_image(made, self.b.client, "c/sig", "v1")
        self.same_image(signature, self.b.client, "c/sig", name)

    def test_missing_source(self):
        result = self.once([self.a, self.b], (
            'image.copy("%s/c/nope:v1", "%s/c/nope:v1")' % (
                self.a.host, self.b.host)))
        self.failed(
            result, r'^<string>:1: Failed copying "%s/c/nope:v1" to '
            r'"%s/c/nope:v1": copy failed, error getting source: failed to '
            r'get manifest .*not found \[http 404\]' % (
                self.a.host, self.b.host))

    def opposite(self, concurrent):
        there = [images.image("to%d" % i, layers=[30000] * 5)
                 for i in range(4)]
        back = [images.image("fro%d" % i, layers=[30000] * 5)
                for i in range(4)]
        for i in range(4):
            there[i].push(self.a.client, "o/there%d%d" % (concurrent, i), "v")
            back[i].push(self.b.client, "o/back%d%d" % (concurrent, i), "v")
        a, b = self.proxy(self.a), self.proxy(self.b)
        entries = [creds(one.host, reqConcurrent=concurrent)
                   for one in (a, b)]
        script = 'for i = 0, 3 do\n' \
            '  r = "o/%s%d" .. i .. ":v"\n' \
            '  image.copy("%s/" .. r, "%s/" .. r)\n' \
            'end'
        self.succeeded(self.once(entries, {
            "there": script % ("there", concurrent, a.host, b.host),
            "back": script % ("back", concurrent, b.host, a.host)},
            defaults={"parallel": 2}))
        for i in range(4):
            self.same_image(there[i], self.b.client,
                            "o/there%d%d" % (concurrent, i), "v")
            self.same_image(back[i], self.a.client,
                            "o/back%d%d" % (concurrent, i), "v")
        self.assertLessEqual(a.most, concurrent)
        self.assertLessEqual(b.most, concurrent)

    def test_opposite_copies_one_request_at_a_time(self):
        self.opposite(1)

    def test_opposite_copies_two_requests_at_a_time(self):
        self.opposite(2)

    def test_many_scripts_at_once(self):
        scripts = {}
        for i in range(12):
            images.image("m%d" % i, layers=[2000] * 3).push(
                self.a.client, "m/%d" % i, "v")
            scripts["s%d" % i] = 'image.copy("%s/m/%d:v", "%s/m/%d:v")' % (
                self.a.host, i, self.b.host, i)
        self.succeeded(self.once([self.a, self.b], scripts,
                                 defaults={"parallel": 4}))
        for i in range(12):
            self.assertEqual(self.a.client.digest("m/%d" % i, "v"),
                             self.b.client.digest("m/%d" % i, "v"))

    def test_the_same_image_by_many_scripts_is_uploaded_once(self):
        """Docker's registry denies a blob for a moment when it is uploaded
        once more, and refuses the manifests of the others."""
        made = images.image("same", layers=[30000] * 6)
        made.push(self.a.client, "c/same", "v")
        target = self.proxy(self.b)
        scripts = {"s%d" % i: 'image.copy("%s/c/same:v", "%s/c/same:v%d")' % (
            self.a.host, target.host, i) for i in range(10)}
        self.succeeded(self.once([self.a, target], scripts,
                                 defaults={"parallel": 10}))
        for i in range(10):
            self.assertEqual(self.b.client.digest("c/same", "v%d" % i),
                             made.digest)
        puts = [one.path for one in target.writes() if one.method == "PUT" and
                "/blobs/" in one.path]
        self.assertEqual(len(puts), len(made.blobs), puts)
        self.no_uploads(self.b)

    def test_dry_run_sends_only_reads(self):
        images.multi("dry").push(self.a.client, "c/dry", "v1")
        source, target = self.proxy(self.a), self.proxy(self.b)
        result = self.once([source, target], (
            'image.copy("%s/c/dry:v1", "%s/c/dry:v1")\n'
            'log("tags " .. #tag.ls("%s/c/dry"))' % (
                source.host, target.host, target.host)), "--dry-run")
        self.succeeded(result)
        self.assertEqual(result.lines("Copy image")[0]["dry-run"], "true")
        self.assertEqual(result.messages(), ["tags 1"])
        self.assertEqual(source.writes() + target.writes(), [])
        self.assertEqual(self.b.client.tags("c/dry"), [])


class CopyFromTrouble(Case):
    """Copies that registries disturb in ways that can be overcome."""

    def setUp(self):
        super().setUp()
        self.source, self.target = self.fake(), self.fake(mounts=False)
        self.layer = images.noise(300000, "trouble")
        self.made = images.image("trouble", raw_layers=[self.layer])
        self.source.add("t/img", "v1", self.made)
        self.path = r"/blobs/" + digest(self.layer)

    def copy(self):
        result = self.once([self.source, self.target], (
            'image.copy("%s/t/img:v1", "%s/t/img:v1")' % (
                self.source.host, self.target.host)))
        self.succeeded(result)
        self.same_image(self.made, Client(self.target.host), "t/img", "v1")
        self.no_uploads(self.target)

    def test_both_heads_at_once(self):
        self.copy()
        here, there, came = threading.Event(), threading.Event(), []
        self.source.on("HEAD", "/manifests/v1",
                       misbehave.hold(there, here, 20, came))
        self.target.on("HEAD", "/manifests/v1",
                       misbehave.hold(here, there, 20, came))
        self.copy()
        self.assertEqual(came, [True, True])

    def test_blob_cut_goes_on_by_range(self):
        self.source.on("GET", self.path, misbehave.truncate(
            self.layer, 100000), times=1)
        self.copy()
        gets = self.source.find("GET", self.path)
        self.assertRegex(gets[-1].headers.get("Range", ""), r"^bytes=\d+-")

    def test_blob_cut_and_no_ranges(self):
        self.source.on("GET", self.path, misbehave.truncate(
            self.layer, 100000), times=1)
        self.source.on("GET", self.path, misbehave.data(
            self.layer, "application/octet-stream"))
        self.copy()

    def test_blob_redirected_to_another_port(self):
        storage = self.fake()
        storage.add("t/img", "v1", self.made)
        self.source.on("GET", self.path, misbehave.redirect(
            "http://%s/v2/t/img/blobs/%s" % (
                storage.host, digest(self.layer))))
        self.copy()
        for request in storage.requests:
            self.assertIsNone(request.headers.get("Authorization"))

    def test_upload_cut_in_the_middle(self):
        self.target.on("PUT", "/blobs/uploads/",
                       misbehave.cut_upload(50000), times=2)
        self.copy()

    def test_upload_server_error(self):
        self.target.on("PUT", "/blobs/uploads/", misbehave.reply(500),
                       times=1)
        self.copy()

    def test_upload_redirected(self):
        def elsewhere(handler):
            return "http://%s%s&again=1" % (self.target.host, handler.path)
        self.target.on("PUT", "/blobs/uploads/[^&]*[?]state=s&digest",
                       misbehave.redirect(elsewhere), times=1)
        self.copy()

    def test_upload_challenged_in_the_middle(self):
        def challenge(handler):
            handler.reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
            handler.hang_up()
        self.target.on("PUT", "/blobs/uploads/", challenge, times=1)
        result = self.once(
            [creds(self.source.host),
             creds(self.target.host, user="u", password="p")],
            'image.copy("%s/t/img:v1", "%s/t/img:v1")' % (
                self.source.host, self.target.host))
        self.succeeded(result)
        self.no_uploads(self.target)

    def test_manifest_put_redirected_keeps_its_body(self):
        self.target.on("PUT", "/manifests/v1$", misbehave.redirect(
            lambda handler: handler.path + "?again=1"), times=1)
        self.copy()

    def test_reads_are_tried_again(self):
        for status in (500, 502, 504, 408):
            self.source.on("GET", "/manifests/v1",
                           misbehave.reply(status), times=1)
        self.copy()

    def test_too_many_requests(self):
        self.source.on("GET", self.path, misbehave.too_many("0"), times=2)
        self.target.on("POST", "/blobs/uploads/", misbehave.too_many("0"),
                       times=2)
        self.copy()

    def test_signed_schema_1(self):
        """Their digest is that of what was signed, not of all bytes."""
        made = images.signed("old")
        self.source.add("t/old", "v1", made)
        script = 'image.copy("%s/t/old:v1", "%s/t/old:v1")' % (
            self.source.host, self.target.host)
        for wanted in ("Copied image", "Image is up to date"):
            result = self.once([self.source, self.target], script,
                               "-v", "debug")
            self.succeeded(result)
            self.assertEqual(len(result.lines(wanted)), 1, result)
        copied = self.target.repos["t/old"]
        self.assertEqual(copied["tags"], {"v1": made.digest})
        self.assertEqual(copied["manifests"][made.digest][1], made.manifest)
        self.assertEqual(sorted(copied["blobs"].values()),
                         sorted(made.blobs))

    def test_corrupted_on_the_way(self):
        bad = bytes([self.layer[0] ^ 1]) + self.layer[1:]
        self.source.on("GET", self.path, misbehave.data(
            bad, "application/octet-stream"), times=1)
        self.source.on("GET", "/manifests/", misbehave.data(
            self.made.manifest.replace(b"sha256:", b"sha256:0", 1)[:-1] +
            b" ", self.made.media_type), times=1)
        self.copy()

    def test_a_blob_that_is_gone_at_the_put(self):
        def lose(handler):
            handler.server.repos["t/img"]["blobs"].pop(digest(self.layer))
            return False
        self.target.on("PUT", "/manifests/v1$", lose, times=1)
        self.copy()

    def test_mount_not_granted(self):
        self.target.add("t/known", "v1", self.made)
        self.copy()

    def test_head_without_digest(self):
        self.target.head_digest = self.source.head_digest = False
        self.copy()
        self.copy()

    def test_mount_refused_within_one_registry(self):
        self.target.add("t/here", "v1", self.made)
        self.succeeded(self.once([self.target], (
            'image.copy("%s/t/here:v1", "%s/t/there:v1")' % (
                self.target.host, self.target.host))))
        self.same_image(self.made, Client(self.target.host), "t/there", "v1")
        self.no_uploads(self.target)

    def test_mount_refused_one_request_at_a_time(self):
        """Reading and writing at one registry that allows one request: the
        two ends of a stream count once."""
        self.target.add("t/here", "v1", self.made)
        self.succeeded(self.once([creds(self.target.host, reqConcurrent=1)], (
            'image.copy("%s/t/here:v1", "%s/t/there:v1")' % (
                self.target.host, self.target.host))))
        self.same_image(self.made, Client(self.target.host), "t/there", "v1")
        self.no_uploads(self.target)


