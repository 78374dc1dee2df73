# SPDX-License-Identifier: Apache-2.0
"""The examples of everyday jobs in contrib/examples do what they say; those
not here are in test_examples.py."""
import json
import os
import re

from lib import images
from lib.case import Case

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "contrib", "examples")
ENTRY = "  - registry: %s\n    hostname: %s\n    tls: disabled\n"


class Jobs(Case):
    def example(self, name, *flags, **servers):
        """Runs the file with the creds of other servers and nothing else."""
        with open(os.path.join(EXAMPLES, name)) as file:
            text = file.read()
        text = re.sub(r"^creds:\n(?: .*\n)+", "", text, flags=re.M)
        self.box.write(name, text.replace("version: 1\n", (
            "version: 1\ncreds:\n" + "".join(
                ENTRY % (host.replace("__", ":").replace("_", "."), one.host)
                for host, one in servers.items())), 1))
        return self.succeeded(self.box.run("once", "-c", name, *flags))

    def tags(self, registry, repo, *names, **more):
        for name in names:
            images.image("%s/%s" % (repo, name), **more).push(
                registry.client, repo, name)

    def test_mirror_newest(self):
        hub, mirror = self.fake(referrers=True), self.registry()
        for name in ("alpine", "debian"):
            for tag in ("1.2.9", "1.2.10", "1.3.0", "2.0.0", "2.0", "20240101",
                        "latest", "3.0.0-rc1"):
                hub.add("library/" + name, tag, images.image(name + tag))
        signed = images.image("alpine2.0.0")
        hub.add("library/alpine", None, images.signature(signed))
        self.tags(mirror, "library/alpine", "0.9.0", "1.2.9", "edge")
        self.example("mirror-newest.yml", docker_io=hub, registry__5000=mirror)
        self.assertEqual(mirror.client.tags("library/alpine"), sorted([
            "1.2.10", "1.3.0", "2.0.0", "edge",
            signed.digest.replace(":", "-")]))
        self.assertEqual(mirror.client.tags("library/debian"),
                         ["1.2.10", "1.3.0", "2.0.0"])

    def test_delete_by_label(self):
        registry = self.registry()
        for tag, branch in (("a", "fix-login"), ("b", "main"), ("c", None)):
            self.tags(registry, "ci/app", tag, labels={
                "com.example.branch": branch} if branch else {})
        self.example("delete-by-label.yml", registry__5000=registry)
        self.assertEqual(registry.client.tags("ci/app"), ["b", "c"])

    def test_promote(self):
        source, target = self.registry(), self.registry()
        passed = {"com.example.tests": "passed"}
        for name in ("shop/cart", "shop/checkout"):
            self.tags(source, name, "v1.0.0", "v1.0.1", "edge", labels=passed)
            self.tags(source, name, "v1.0.2")
        self.tags(target, "shop/cart", "v1.0.0")
        before = target.client.digest("shop/cart", "v1.0.0")
        self.example("promote.yml", staging_example_com=source,
                     production_example_com=target)
        for name in ("shop/cart", "shop/checkout"):
            self.assertEqual(target.client.tags(name), ["v1.0.0", "v1.0.1"])
        self.assertEqual(target.client.digest("shop/cart", "v1.0.0"), before)
        self.assertNotEqual(before, source.client.digest("shop/cart", "v1.0.0"))

    def test_backup(self):
        registry = self.registry()
        repo, client = "shop/web", registry.client
        self.tags(registry, repo, "candidate")
        new = client.digest(repo, "candidate")
        self.example("backup.yml", registry__5000=registry)
        self.assertEqual(client.tags(repo), ["candidate", "stable"])
        result = self.example("backup.yml", registry__5000=registry)
        self.assertEqual(result.messages(), ["stable is up to date"])
        self.tags(registry, repo, *("stable-2020010%d-000000" % day
                                    for day in range(1, 7)))
        images.image("newer").push(client, repo, "candidate")
        self.example("backup.yml", registry__5000=registry)
        self.assertEqual(client.digest(repo, "stable"),
                         client.digest(repo, "candidate"))
        kept = [t for t in client.tags(repo) if t.startswith("stable-")]
        self.assertEqual(len(kept), 5)
        self.assertEqual(kept[0], "stable-20200103-000000")
        self.assertEqual(client.digest(repo, kept[-1]), new)

    def test_pin_report(self):
        hub, ghcr = self.fake(), self.fake()
        hub.add("library/alpine", "3.20", images.multi("alpine"))
        hub.add("library/debian", "12", images.image("debian"))
        ghcr.add("example/tool", "v1", images.image("tool"))
        self.example("pin-report.yml", docker_io=hub, ghcr_io=ghcr)
        with open(self.box.path("pins.json")) as file:
            self.assertEqual(json.load(file), {
                "docker.io/library/alpine:3.20": images.multi("alpine").digest,
                "docker.io/library/debian:12": images.image("debian").digest,
                "ghcr.io/example/tool:v1": images.image("tool").digest})

    def test_delete_untagged(self):
        registry = self.registry()
        repo, client = "ci/app", registry.client
        index = images.multi("index")
        old = images.image("old")
        old.push(client, repo, "moved")
        index.children[0].push(client, repo, "part")
        self.box.write("known.json", "{}\n")
        self.example("delete-untagged.yml", registry__5000=registry)
        images.image("new").push(client, repo, "moved")
        index.push(client, repo, "index")
        # The tag of what an index names is moved as well.
        images.image("new").push(client, repo, "part")
        result = self.example("delete-untagged.yml", "--dry-run",
                              registry__5000=registry)
        self.assertEqual(result.messages(), ["Deleting " + old.digest])
        self.assertIsNotNone(client.digest(repo, old.digest))
        result = self.example("delete-untagged.yml", registry__5000=registry)
        self.assertEqual(result.messages(), ["Deleting " + old.digest])
        self.assertIsNone(client.digest(repo, old.digest))
        self.same_image(index, client, repo, "index")
        result = self.example("delete-untagged.yml", registry__5000=registry)
        self.assertEqual(result.messages(), [])

    def test_copy_signed(self):
        ghcr, target = self.fake(), self.registry()
        one, two = images.image("v1"), images.image("v2")
        ghcr.add("example/tool", "v1", one)
        ghcr.add("example/tool", one.digest.replace(":", "-") + ".sig",
                 images.image("signature"))
        ghcr.add("example/tool", "v2", two)
        with self.assertRaisesRegex(AssertionError, "tool:v2 is not signed"):
            self.example("copy-signed.yml", ghcr_io=ghcr,
                         registry_example_com=target)
        ghcr.add("example/tool", two.digest.replace(":", "-") + ".sig",
                 images.image("signature"))
        self.example("copy-signed.yml", ghcr_io=ghcr,
                     registry_example_com=target)
        self.assertEqual(len(target.client.tags("example/tool")), 4)

    def test_retag(self):
        registry = self.registry()
        repo, client = "shop/web", registry.client
        self.tags(registry, repo, "1.4.9", "1.4.12", "1.5.0", "latest",
                  "2.0.0-rc1", "1.4")
        self.example("retag.yml", registry__5000=registry)
        self.assertEqual(client.digest(repo, "1.4"),
                         client.digest(repo, "1.4.12"))
        self.assertEqual(client.digest(repo, "1.5"),
                         client.digest(repo, "1.5.0"))
        self.assertNotIn("2.0", client.tags(repo))
