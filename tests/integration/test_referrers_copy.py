# SPDX-License-Identifier: Apache-2.0
"""image.copy with referrers: signatures, SBOMs and attestations follow."""
import json

from lib import images
from lib.case import Case
from lib.client import Client

COPY = "image.copy('%s/src:v1', '%s/dst:v1', {referrers = true%s})"


class Base(Case):
    def setUp(self):
        super().setUp()
        self.image = images.attested("img")
        self.sig = images.signature(self.image)
        self.sbom = images.sbom(self.image, "s")
        self.arm = images.sbom(self.image.children[1], "arm")
        self.second = images.signature(self.sbom, "of the sbom")
        self.all = [self.sig, self.sbom, self.arm, self.second]

    def fill(self, fake, repo="src", listed=False):
        """An image with referrers; listed: under fallback tags."""
        fake.add(repo, "v1", self.image)
        for one in self.all:
            fake.add(repo, None, one)
        if listed:
            for subject, *them in ((self.image, self.sig, self.sbom),
                                   (self.image.children[1], self.arm),
                                   (self.sbom, self.second)):
                fake.add(repo, images.fallback(subject),
                         images.listing(*them))

    def tag(self, fake, subject, repo="dst"):
        """What the fallback tag lists there, or None."""
        place = fake.repo(repo)
        found = place["tags"].get(images.fallback(subject))
        if found is None:
            return None
        kind, data = place["manifests"][found]
        self.assertEqual(kind, images.OCI_INDEX)
        return json.loads(data)["manifests"]

    def copy(self, source, target, more="", *flags):
        return self.once([source] if source is target else [source, target],
                         COPY % (source.host, target.host, more), *flags)

    def there(self, target, *which):
        has = target.repo("dst")["manifests"]
        return [one for one in which or self.all if one.digest in has]

    def order(self, fake):
        return [r.path.rsplit("/", 1)[1] for r in fake.requests
                if r.method == "PUT" and "/manifests/" in r.path]


class Copy(Base):
    def test_api_to_api(self):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        got = self.succeeded(self.copy(source, target))
        self.assertEqual(self.there(target), self.all)
        put = self.order(target)
        # Subjects first, and the tag last.
        self.assertEqual(put[-1], "v1")
        for subject, one in ((self.image, self.sig), (self.image, self.sbom),
                             (self.image.children[1], self.arm),
                             (self.sbom, self.second)):
            self.assertLess(put.index(subject.digest),
                            put.index(one.digest))
        self.assertFalse([p for p in put if p.startswith("sha256-")])
        self.assertEqual(len(got.lines("Copy referrer")), 4, got)
        self.assertEqual(got.lines("Copy image")[0]["referrers"], "true")

    def test_again_is_cheap(self):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        self.succeeded(self.copy(source, target))
        for fake in (source, target):
            fake.requests.clear()
        got = self.succeeded(self.copy(source, target, "", "-v", "debug"))
        self.assertTrue(got.lines("Image is up to date"), got)
        # The index, five manifests, four referrers; lists at the target only
        # where there is something; nothing is looked up by its digest.
        self.assertEqual(len(source.find("GET", "/referrers/")), 9)
        self.assertEqual(len(target.find("GET", "/referrers/")), 3)
        self.assertEqual(len(source.requests), 11)
        self.assertEqual(len(target.requests), 4)

    def test_to_a_fallback_tag(self):
        source, target = self.fake(referrers=True), self.fake()
        self.fill(source)
        self.succeeded(self.copy(source, target))
        self.assertEqual(self.there(target), self.all)
        listed = self.tag(target, self.image)
        self.assertEqual(
            sorted(listed, key=str),
            sorted((images.refers(o.media_type, o.manifest)
                    for o in (self.sig, self.sbom)), key=str))
        self.assertEqual(len(self.tag(target, self.image.children[1])), 1)
        self.assertEqual(len(self.tag(target, self.sbom)), 1)
        target.requests.clear()
        self.succeeded(self.copy(source, target))
        self.assertEqual(target.writes(), [])

    def test_from_a_fallback_tag(self):
        source, target = self.fake(), self.fake(referrers=True)
        self.fill(source, listed=True)
        self.succeeded(self.copy(source, target))
        self.assertEqual(self.there(target), self.all)
        self.assertIsNone(self.tag(target, self.image))

    def test_the_tags_list_is_merged(self):
        source, target = self.fake(), self.fake()
        self.fill(source, listed=True)
        other = images.sbom(self.image, "only there")
        target.add("dst", None, self.image)
        target.add("dst", images.fallback(self.image),
                   images.listing(other, annotations={"kept": "yes"}))
        self.succeeded(self.copy(source, target, ", digestTags = true"))
        self.assertEqual(self.there(target), self.all)
        self.assertEqual(
            {d["digest"] for d in self.tag(target, self.image)},
            {other.digest, self.sig.digest, self.sbom.digest})
        place = target.repo("dst")
        index = json.loads(place["manifests"][place["tags"][
            images.fallback(self.image)]][1])
        self.assertEqual(index["annotations"], {"kept": "yes"})

    def test_a_registry_that_notes_no_subject(self):
        source = self.fake(referrers=True)
        target = self.fake(referrers=True, subjects=False)
        self.fill(source)
        self.succeeded(self.copy(source, target))
        self.assertEqual(len(self.tag(target, self.image)), 2)

    def test_an_up_to_date_image_gets_what_is_missing(self):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        target.add("dst", "v1", self.image)
        target.add("dst", None, self.sbom)
        got = self.succeeded(self.copy(source, target))
        self.assertEqual(self.there(target), self.all)
        self.assertTrue(got.lines("Copied image"), got)
        self.assertNotIn("v1", self.order(target))

    def test_an_entry_that_was_lost(self):
        source, target = self.fake(referrers=True), self.fake()
        self.fill(source)
        self.succeeded(self.copy(source, target))
        place = target.repo("dst")
        del place["tags"][images.fallback(self.image)]
        self.succeeded(self.copy(source, target))
        self.assertEqual(len(self.tag(target, self.image)), 2)
        # One that is listed, but has gone.
        del place["manifests"][self.sig.digest]
        self.succeeded(self.copy(source, target))
        self.assertEqual(self.there(target), self.all)

    def test_platforms(self):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        target.missing = lambda place, data: []
        self.succeeded(self.copy(source, target,
                                 ", platforms = {'linux/amd64'}"))
        self.assertEqual(self.there(target),
                         [self.sig, self.sbom, self.second])

    def test_an_index_that_refers_is_copied_whole(self):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        made = images.multi("refers")
        m = json.loads(made.manifest)
        m["subject"] = images.descriptor(self.image.media_type,
                                         self.image.manifest)
        made = images.Image(made.media_type, json.dumps(m).encode(),
                            children=made.children)
        source.add("src", None, made)
        target.missing = lambda place, data: []
        self.succeeded(self.copy(source, target,
                                 ", platforms = {'linux/arm64'}"))
        has = target.repo("dst")["manifests"]
        for one in [made] + made.children:
            self.assertIn(one.digest, has)

    def test_what_cannot_be_brought_fails_the_copy(self):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        source.on("GET", "/manifests/" + self.sbom.digest,
                  lambda h: source.fail(h, 404, "MANIFEST_UNKNOWN"))
        self.failed(self.copy(source, target), self.sbom.digest,
                    "which refers to " + self.image.digest, "Failed copying")
        self.assertNotIn("v1", target.repo("dst")["tags"])
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        lost = self.arm.blobs[1]
        del source.repo("src")["blobs"][images.digest(lost)]
        self.failed(self.copy(source, target), "of the referrer " +
                    self.arm.digest)
        source.on("GET", "/referrers/", lambda h: source.fail(
            h, 403, "DENIED"))
        self.failed(self.copy(source, target),
                    "failed to list what refers to .*403")

    def test_a_target_tag_that_is_no_list(self):
        source, target = self.fake(referrers=True), self.fake()
        self.fill(source)
        target.add("dst", images.fallback(self.image),
                   images.image("foreign"))
        before = target.repo("dst")["tags"][images.fallback(self.image)]
        self.failed(self.copy(source, target), "is not overwritten",
                    self.sig.digest + "|" + self.sbom.digest)
        tags = target.repo("dst")["tags"]
        self.assertEqual(tags[images.fallback(self.image)], before)
        self.assertNotIn("v1", tags)

    def test_a_target_that_refuses_the_list(self):
        """The error names the tag of the list; the image's does not move."""
        source, target = self.fake(referrers=True), self.fake()
        self.fill(source)
        before = target.add("dst", "v1", images.image("before"))
        target.on("PUT", "/manifests/sha256-", lambda h: target.fail(
            h, 400, "MANIFEST_INVALID"))
        self.failed(self.copy(source, target), r"as a referrer: the list of "
                    r"referrers in %s/dst:sha256-\w+ cannot be written: .*"
                    r"MANIFEST_INVALID" % target.host)
        self.assertEqual(target.repo("dst")["tags"], {"v1": before})

    def test_a_source_tag_that_is_no_list(self):
        source, target = self.fake(), self.fake()
        foreign = images.image("foreign")
        source.add("src", "v1", self.image)
        source.add("src", images.fallback(self.image), foreign)
        self.succeeded(self.copy(source, target))
        self.assertNotIn(images.fallback(self.image),
                         target.repo("dst")["tags"])
        self.succeeded(self.copy(source, target, ", digestTags = true"))
        self.assertEqual(target.repo("dst")["tags"][
            images.fallback(self.image)], foreign.digest)

    def test_with_cosigns_tags(self):
        source, target = self.fake(), self.fake()
        self.fill(source, listed=True)
        tagged = images.cosign_tagged(self.image)
        of_sbom = images.cosign_tagged(self.sbom, "x")
        source.add("src", images.fallback(self.image) + ".sig", tagged)
        source.add("src", images.fallback(self.sbom) + ".sig", of_sbom)
        self.succeeded(self.copy(source, target, ", digestTags = true"))
        self.assertEqual(self.there(target), self.all)
        tags = target.repo("dst")["tags"]
        self.assertEqual(tags[images.fallback(self.image) + ".sig"],
                         tagged.digest)
        self.assertEqual(tags[images.fallback(self.sbom) + ".sig"],
                         of_sbom.digest)
        self.assertEqual(self.order(target)[-1], "v1")

    def test_lists_that_go_round(self):
        source, target = self.fake(), self.fake()
        self.fill(source)
        # Each is said to refer to the other, and to itself.
        for subject in (self.image, self.sig, self.sbom):
            source.add("src", images.fallback(subject), images.listing(
                self.sig, self.sbom, self.image))
        self.succeeded(self.copy(source, target))
        self.assertEqual(self.there(target, self.sig, self.sbom),
                         [self.sig, self.sbom])

    def test_too_deep(self):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        one = self.image
        source.add("src", "v1", one)
        for i in range(9):
            one = images.sbom(one, str(i))
            source.add("src", None, one)
        self.failed(self.copy(source, target), "more than 8 deep")

    def test_within_a_repository(self):
        fake = self.fake()
        self.fill(fake, "dst", listed=True)
        self.succeeded(self.once([fake], "image.copy('%s/dst:v1', "
                                 "'%s/dst:v2', {referrers = true})" %
                                 (fake.host, fake.host)))
        self.assertEqual(fake.find("GET", "/referrers/"), [])
        self.assertEqual(self.order(fake), ["v2"])

    def test_within_a_registry(self):
        fake = self.fake()
        self.fill(fake, listed=True)
        self.succeeded(self.copy(fake, fake))
        self.assertEqual(self.there(fake), self.all)
        self.assertEqual(len(self.tag(fake, self.image)), 2)

    def test_forced(self):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        self.succeeded(self.copy(source, target))
        target.requests.clear()
        self.succeeded(self.copy(source, target, ", forceRecursive = true"))
        for one in self.all:
            self.assertIn(one.digest, self.order(target))

    def test_dry_run(self):
        source, target = self.fake(referrers=True), self.fake()
        self.fill(source)
        script = COPY % (source.host, target.host, "") + """
for _, d in ipairs(image.referrers("%s/dst:v1")) do log(d.digest) end
for _, d in ipairs(image.referrers("%s/dst:v1", "%s")) do log(d.digest) end
manifest.head("%s/dst@%s"):delete()
log(#image.referrers("%s/dst:v1"))
""" % (target.host, target.host, images.SPDX, target.host, self.sbom.digest,
            target.host)
        got = self.succeeded(self.once([source, target], script,
                                       "--dry-run"))
        self.assertEqual(target.writes(), [])
        self.assertEqual(len(got.lines("Referrer would be copied")), 4, got)
        self.assertTrue(got.lines("Image would be copied"), got)
        self.assertEqual(sorted(got.messages()[:2]), sorted(
            [self.sig.digest, self.sbom.digest]))
        self.assertEqual(got.messages()[2:], [self.sbom.digest, "1"])


class Defaults(Base):
    """copy: in the configuration."""

    def said(self, call, defaults=None, **script):
        source, target = self.fake(referrers=True), self.fake(referrers=True)
        self.fill(source)
        target.missing = lambda place, data: []
        got = self.once([source, target], [dict(
            name="t", script=call % (source.host, target.host), **script)],
            defaults=defaults)
        self.succeeded(got)
        line = got.lines("Copy image")[0]
        return target, {name for name in (
            "referrers", "digestTags", "includeExternal", "forceRecursive")
            if line[name] == "true"}

    PLAIN = "image.copy('%s/src:v1', '%s/dst:v1')"

    def test_defaults_and_a_script(self):
        target, said = self.said(self.PLAIN, {"copy": {
            "referrers": True, "digestTags": True}})
        self.assertEqual(said, {"referrers", "digestTags"})
        self.assertEqual(self.there(target), self.all)
        _, said = self.said(self.PLAIN, {"copy": {
            "referrers": True, "includeExternal": True}},
            copy={"referrers": False, "forceRecursive": True})
        self.assertEqual(said, {"includeExternal", "forceRecursive"})

    def test_the_script_wins(self):
        target, said = self.said(
            "image.copy('%s/src:v1', '%s/dst:v1', {referrers = false})",
            {"copy": {"referrers": True, "digestTags": True}})
        self.assertEqual(said, {"digestTags"})
        self.assertEqual(self.there(target), [])

    def test_platforms(self):
        amd, arm = self.image.children[:2]
        target, _ = self.said(self.PLAIN, {"copy": {
            "platforms": ["linux/amd64"]}})
        has = target.repo("dst")["manifests"]
        self.assertIn(amd.digest, has)
        self.assertNotIn(arm.digest, has)
        target, _ = self.said(self.PLAIN, {"copy": {
            "platforms": ["linux/amd64"]}},
            copy={"platforms": ["linux/arm64"]})
        has = target.repo("dst")["manifests"]
        self.assertNotIn(amd.digest, has)
        self.assertIn(arm.digest, has)
        target, _ = self.said(
            "image.copy('%s/src:v1', '%s/dst:v1', {platforms = {}})",
            {"copy": {"platforms": ["linux/amd64"]}})
        self.assertIn(arm.digest, target.repo("dst")["manifests"])

    def test_unknown_keys(self):
        target = self.fake()
        got = self.once([target], "log('x')", defaults={
            "copy": {"referers": True}})
        self.succeeded(got)
        line = got.lines("Unknown key in configuration is ignored")[0]
        self.assertEqual((line["key"], line["in"], line["nearest"]),
                         ("referers", "copy", "referrers"))
        for bad in ({"referrers": "yes"}, ["referrers"],
                    {"platforms": "linux"}, {"platforms": ["x" * 1025]}):
            got = self.once([target], "log('x')", defaults={"copy": bad})
            self.assertEqual(got.code, 2, got)


class Put(Base):
    def test_a_script_pushes_a_referrer(self):
        fake = self.fake()
        self.fill(fake, "dst")
        self.succeeded(self.once([fake], """
local m = manifest.getList("%s/dst@%s")
m.annotations.by = "a script"
manifest.put(m:export(), "%s/dst:pushed")
""" % (fake.host, self.sbom.digest, fake.host)))
        listed = self.tag(fake, self.image)
        self.assertEqual([d["annotations"]["by"] for d in listed],
                         ["a script"])
        self.assertEqual(listed[0]["artifactType"], images.SPDX)

    def test_and_deletes_it(self):
        fake = self.fake()
        self.fill(fake, "dst", listed=True)
        for how in ("manifest.head('%s'):delete()",
                    "manifest.getList('%s'):delete()"):
            self.fill(fake, "dst", listed=True)
            self.succeeded(self.once([fake], how % (
                fake.host + "/dst@" + self.sig.digest)))
            self.assertEqual([d["digest"] for d in
                              self.tag(fake, self.image)],
                             [self.sbom.digest])
        self.succeeded(self.once([fake], "manifest.get('%s'):delete()" % (
            fake.host + "/dst@" + self.sbom.digest)))
        self.assertEqual(self.tag(fake, self.image), [])

    def test_where_the_registry_has_its_own_list(self):
        fake = self.fake(referrers=True)
        self.fill(fake, "dst")
        self.succeeded(self.once([fake], """
local m = manifest.getList("%s/dst@%s")
manifest.put(m, "%s/dst:pushed")
m:delete()
""" % (fake.host, self.sbom.digest, fake.host)))
        self.assertIsNone(self.tag(fake, self.image))

    def test_dry_run(self):
        fake = self.fake()
        self.fill(fake, "dst")
        got = self.succeeded(self.once([fake], """
local m = manifest.getList("%s/dst@%s")
m.annotations.by = "a script"
manifest.put(m:export(), "%s/dst:pushed")
log(#image.referrers("%s/dst:v1"))
manifest.getList("%s/dst:pushed"):delete()
log(#image.referrers("%s/dst:v1"))
""" % (fake.host, self.sbom.digest, fake.host, fake.host, fake.host,
            fake.host), "--dry-run"))
        self.assertEqual(got.messages(), ["1", "0"])
        self.assertEqual(fake.writes(), [])


class Docker(Base):
    def test_to_and_from_docker(self):
        source, target = self.registry(), self.registry()
        self.image.push(source.client, "src", "v1")
        for subject, *them in ((self.image, self.sig, self.sbom),
                               (self.image.children[1], self.arm),
                               (self.sbom, self.second)):
            for one in them:
                one.push(source.client, "src")
            images.listing(*them).push(source.client, "src",
                                       images.fallback(subject))
        self.succeeded(self.copy(source, target))
        for one in self.all:
            self.same_image(one, Client(target.host), "dst", one.digest)
        self.same_image(self.image, Client(target.host), "dst", "v1")
        got = json.loads(Client(target.host).manifest(
            "dst", images.fallback(self.image)).body)
        self.assertEqual({d["digest"] for d in got["manifests"]},
                         {self.sig.digest, self.sbom.digest})
