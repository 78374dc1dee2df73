# SPDX-License-Identifier: Apache-2.0
"""image.referrers: what names an image as its subject, by the registry's own
list or by the one under the fallback tag."""
import json

from lib import images
from lib.case import Case

LIST = """
for _, d in ipairs(image.referrers("%s"%s)) do
  log(string.format("%%s %%s %%s %%d", d.digest, tostring(d.artifactType),
      d.MediaType, d.Size))
end
"""


def line(one):
    found = images.refers(one.media_type, one.manifest)
    return "%s %s %s %d" % (found["digest"], found["artifactType"],
                            found["mediaType"], found["size"])


class Listing(Case):
    def setUp(self):
        super().setUp()
        self.image = images.multi("listed")
        self.referrers = [images.signature(self.image),
                          images.sbom(self.image, "a"),
                          images.sbom(self.image, "b")]

    def filled(self, **more):
        fake = self.fake(**more)
        fake.add("app", "v1", self.image)
        for one in self.referrers:
            fake.add("app", None, one)
        return fake

    def list(self, fake, ref="app:v1", kind=None):
        got = self.succeeded(self.once([fake], LIST % (
            fake.host + "/" + ref, ", '%s'" % kind if kind else "")))
        return sorted(got.messages())

    def lines(self, *which):
        return sorted(line(self.referrers[i]) for i in which)

    def test_by_tag_and_by_digest(self):
        fake = self.filled(referrers=True)
        self.assertEqual(self.list(fake), self.lines(0, 1, 2))
        self.assertEqual(self.list(fake, "app@" + self.image.digest),
                         self.lines(0, 1, 2))
        # Nothing was asked for but the list.
        self.assertEqual([r.method for r in fake.requests][-1:], ["GET"])

    def test_pages(self):
        fake = self.filled(referrers=True, referrers_page=1)
        self.assertEqual(self.list(fake), self.lines(0, 1, 2))
        self.assertEqual(len(fake.find("GET", "/referrers/")), 3)

    def test_type(self):
        for filters in (True, False):
            fake = self.filled(referrers=True, filters=filters,
                               referrers_page=1)
            self.assertEqual(self.list(fake, kind=images.SPDX),
                             self.lines(1, 2))
            self.assertIn("artifactType=application%2Fspdx%2Bjson",
                          fake.find("GET", "/referrers/")[0].path)
            self.assertEqual(self.list(fake, kind=images.COSIGN),
                             self.lines(0))

    def test_fallback_tag(self):
        fake = self.filled()
        self.assertEqual(self.list(fake), [])
        fake.add("app", images.fallback(self.image),
                 images.listing(*self.referrers))
        self.assertEqual(self.list(fake), self.lines(0, 1, 2))
        self.assertEqual(self.list(fake, kind=images.COSIGN), self.lines(0))

    def test_a_page_for_people_is_no_list(self):
        fake = self.filled()
        fake.add("app", images.fallback(self.image),
                 images.listing(self.referrers[0]))
        fake.on("GET", "/referrers/", lambda h: h.reply(
            200, {"Content-Type": "text/html"}, b"<html>"))
        self.assertEqual(self.list(fake), self.lines(0))

    def test_a_redirect_to_a_page_is_no_list(self):
        fake = self.filled()
        fake.add("app", images.fallback(self.image),
                 images.listing(self.referrers[0]))
        fake.on("GET", "/referrers/", lambda h: h.reply(
            303, {"Location": "http://127.0.0.1:1/nothing"}))
        self.assertEqual(self.list(fake), self.lines(0))

    def test_one_repository_says_nothing_of_another(self):
        fake = self.filled(referrers=True)
        fake.on("GET", "/v2/none/referrers/",
                lambda h: fake.fail(h, 404, "NOT_FOUND"))
        got = self.succeeded(self.once(
            [fake], "for i = 1, 2 do log(#image.referrers('%s/none@%s')) end\n"
            % (fake.host, self.image.digest) +
            "log(#image.referrers('%s/app:v1'))" % fake.host))
        self.assertEqual(got.messages(), ["0", "0", "3"])
        self.assertEqual(len(fake.find("GET", "/none/referrers/")), 1)

    def test_a_missing_api_is_asked_once(self):
        fake = self.filled()
        script = "for i = 1, 5 do image.referrers('%s/app@sha256:' .. " \
            "string.rep(tostring(i), 64)) end" % fake.host
        self.succeeded(self.once([fake], script))
        self.assertEqual(len(fake.find("GET", "/referrers/")), 1)
        self.assertEqual(len(fake.find("GET", "/manifests/sha256-")), 5)

    def test_an_unknown_repository_says_nothing_of_the_api(self):
        fake = self.filled(referrers=True)
        fake.on("GET", "/v2/none/referrers/",
                lambda h: fake.fail(h, 404, "NAME_UNKNOWN"))
        got = self.succeeded(self.once(
            [fake], "log(#image.referrers('%s/none@%s'))\n" % (
                fake.host, self.image.digest) +
            "log(#image.referrers('%s/app:v1'))" % fake.host))
        self.assertEqual(got.messages(), ["0", "3"])

    def test_errors(self):
        fake = self.filled(referrers=True)
        fake.on("GET", "/referrers/", lambda h: fake.fail(
            h, 403, "DENIED"))
        self.failed(self.once([fake], "image.referrers('%s/app:v1')" %
                              fake.host),
                    "Failed listing referrers: failed to list what refers "
                    "to .*/app:v1: .*403")
        self.failed(self.once([fake], "image.referrers('%s/app:v1', 'a b')" %
                              fake.host), "artifact type expected")
        self.failed(self.once([fake], "image.referrers('%s/app:none')" %
                              fake.host), "not found")

    def test_spoiled_lists(self):
        bad = [b"", b"{", b"[]", b'{"schemaVersion":2,"manifests":7}',
               json.dumps({"schemaVersion": 2, "mediaType": images.OCI_INDEX,
                           "manifests": [{"mediaType": "a/b", "size": 3,
                                          "digest": "sha256:12"}]}).encode(),
               json.dumps({"schemaVersion": 2, "mediaType": images.OCI_INDEX,
                           "manifests": [{
                               "mediaType": "a/b", "size": 3,
                               "annotations": [1],
                               "digest": self.image.digest}]}).encode()]
        for body in bad:
            fake = self.filled(referrers=True)
            fake.on("GET", "/referrers/", lambda h, body=body: h.reply(
                200, {"Content-Type": images.OCI_INDEX}, body))
            self.failed(self.once([fake], "image.referrers('%s/app:v1')" %
                                  fake.host), "Failed listing referrers")

    def test_an_endless_list(self):
        fake = self.filled(referrers=True)
        fake.on("GET", "/referrers/", lambda h: h.reply(200, {
            "Content-Type": images.OCI_INDEX,
            "Link": '<?at=1>; rel="next"'}, json.dumps({
                "schemaVersion": 2, "mediaType": images.OCI_INDEX,
                "manifests": []}).encode()))
        self.failed(self.once([fake], "image.referrers('%s/app:v1')" %
                              fake.host), "endless")


class Docker(Case):
    def test_fallback_tag(self):
        registry = self.registry()
        image = images.image("docker")
        client = registry.client
        image.push(client, "app", "v1")
        one = images.signature(image)
        one.push(client, "app")
        images.listing(one).push(client, "app", images.fallback(image))
        got = self.succeeded(self.once([registry], LIST % (
            registry.host + "/app:v1", "")))
        self.assertEqual(got.messages(), [line(one)])
