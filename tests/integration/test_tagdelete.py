# SPDX-License-Identifier: Apache-2.0
"""Deleting a tag takes that tag and no other."""
from lib import images, misbehave
from lib.case import Case
from lib.client import Client


class TagDelete(Case):
    def delete(self, server, ref, *flags):
        return self.once([server], 'tag.delete("%s/%s")' % (
            server.host, ref), *flags)

    def test_other_tags_survive(self):
        for made in (images.image("d"), images.image("d", docker=True),
                     images.multi("d"), images.multi("d", docker=True)):
            with self.subTest(kind=made.media_type):
                registry = self.registry()
                made.push(registry.client, "x/y", "v1", "v2", "latest")
                result = self.delete(registry, "x/y:v1")
                self.succeeded(result)
                line = result.lines("Delete tag")[0]
                self.assertEqual(line["image"], registry.host + "/x/y:v1")
                self.assertEqual(registry.client.state("x/y"), {
                    "v2": made.digest, "latest": made.digest})
                self.same_image(made, registry.client, "x/y", "latest")
                self.no_uploads(registry)

    def test_only_tag(self):
        registry = self.registry()
        images.image("o").push(registry.client, "x/y", "v1")
        self.succeeded(self.delete(registry, "x/y:v1"))
        self.assertEqual(registry.client.tags("x/y"), [])

    def test_one_after_the_other(self):
        registry = self.registry()
        made = images.image("o")
        made.push(registry.client, "x/y", *["t%d" % i for i in range(8)])
        self.succeeded(self.once([registry], (
            'for i = 0, 6 do tag.delete("%s/x/y:t" .. i) end'
            % registry.host)))
        self.assertEqual(registry.client.state("x/y"), {"t7": made.digest})

    def test_deletes_not_allowed(self):
        registry = self.registry(delete=False)
        made = images.image("o")
        made.push(registry.client, "x/y", "v1", "v2")
        proxy = self.proxy(registry)
        result = self.delete(proxy, "x/y:v1")
        self.failed(result, r'Failed deleting "%s/x/y:v1"' % proxy.host,
                    r"delete", r"405")
        self.assertEqual(registry.client.state("x/y"), {
            "v1": made.digest, "v2": made.digest})
        self.assertNotIn("PUT", proxy.methods())

    def test_registry_that_deletes_tags(self):
        fake = self.fake()
        made = images.image("o")
        fake.add("x/y", "v1", made)
        fake.add("x/y", "v2", made)
        self.succeeded(self.delete(fake, "x/y:v1"))
        self.assertEqual(fake.repo("x/y")["tags"], {"v2": made.digest})
        self.assertEqual([(r.method, r.path) for r in fake.writes()],
                         [("DELETE", "/v2/x/y/manifests/v1")])

    def test_missing_tag(self):
        registry = self.registry()
        images.image("o").push(registry.client, "x/y", "v1")
        before = registry.client.state("x/y")
        result = self.delete(registry, "x/y:nope")
        self.failed(result, r'Failed deleting "%s/x/y:nope"' % registry.host,
                    r"not found \[http 404\]: no such tag: %s/x/y:nope\n" %
                    registry.host)
        self.assertEqual(registry.client.state("x/y"), before)

    def test_dry_run(self):
        registry = self.registry()
        made = images.image("o")
        made.push(registry.client, "x/y", "v1", "v2")
        proxy = self.proxy(registry)
        result = self.once([proxy], (
            'tag.delete("%s/x/y:v1") log(table.concat(tag.ls("%s/x/y")))'
            % (proxy.host, proxy.host)), "--dry-run")
        self.succeeded(result)
        self.assertEqual(result.lines("Delete tag")[0]["dry-run"], "true")
        self.assertEqual(result.messages(), ["v2"])
        self.assertEqual(proxy.writes(), [])
        self.assertEqual(len(registry.client.state("x/y")), 2)

    def test_failed_delete_puts_the_tag_back(self):
        fake = self.fake(delete_tags=False)
        made = images.image("o", spaced=True)
        fake.add("x/y", "v1", made)
        fake.add("x/y", "v2", made)
        # The first DELETE by digest is the probe, the second the real one.
        fake.on("DELETE", "/manifests/sha256:", misbehave.reply(403), skip=1)
        result = self.delete(fake, "x/y:v1")
        self.failed(result, r'Failed deleting "%s/x/y:v1"' % fake.host)
        self.assertEqual(fake.repo("x/y")["tags"], {
            "v1": made.digest, "v2": made.digest})
        self.same_image(made, Client(fake.host), "x/y", "v1")
        self.no_uploads(fake)

    def test_manifest_delete(self):
        registry = self.registry()
        made = images.image("o")
        made.push(registry.client, "x/y", "v1", "v2")
        self.succeeded(self.once([registry], (
            'm = manifest.head("%s/x/y:v1") m:delete()' % registry.host)))
        self.assertEqual(registry.client.tags("x/y"), [])
