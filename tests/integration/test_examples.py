# SPDX-License-Identifier: Apache-2.0
"""Every file in contrib/examples does what it says. test_seed.py has the
largest of them, regbot.yml, test_scripts_prune.py delete-old.yml, and
test_examples_jobs.py those of everyday jobs."""
import json
import os

from lib import images
from lib.case import Case
from lib.run import PASSWORD, USER

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "contrib", "examples")


class Examples(Case):
    tested = {"backup.yml", "copy-list.yml", "copy-signed.yml",
              "delete-by-label.yml", "delete-old.yml", "delete-untagged.yml",
              "hello.yml", "keep-inuse.yml", "keep-newest.yml",
              "mirror-newest.yml", "pin-report.yml", "promote.yml",
              "regbot.yml", "retag.yml"}

    def example(self, name, **replaced):
        """Runs the file with some lines replaced and nothing else."""
        with open(os.path.join(EXAMPLES, name)) as file:
            text = file.read()
        for old, new in replaced.values():
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        self.box.write(name, text)
        return self.box.run("once", "-c", name, env={
            "REGISTRY_USER": USER, "REGISTRY_PASS": PASSWORD,
            "PATH": self.box.dir + ":" + os.environ["PATH"]})

    def test_all_are_tested(self):
        found = {name for name in os.listdir(EXAMPLES)
                 if name.endswith(".yml")}
        self.assertEqual(found, self.tested)

    def test_hello(self):
        result = self.example("hello.yml")
        self.succeeded(result)
        self.assertEqual(result.messages(), ["hello world"])

    def empty(self, registry, repo):
        """A repository that the registry still lists, without tags."""
        made = images.image(repo)
        made.push(registry.client, repo, "build-1")
        registry.client.ok("DELETE", "/v2/%s/manifests/%s" % (
            repo, made.digest), scope=registry.client.scope(repo, "*"))
        self.assertIn(repo, registry.client.ok(
            "GET", "/v2/_catalog").json()["repositories"])
        self.assertEqual(registry.client.tags(repo), [])

    def test_keep_newest(self):
        registry = self.registry()
        self.empty(registry, "a/emptied")
        for i in range(1, 14):
            images.image("b%d" % i).push(registry.client, "b/app",
                                         "build-%d" % i)
        images.image("other").push(registry.client, "b/app", "latest")
        self.empty(registry, "c/emptied")
        result = self.example("keep-newest.yml", registry=(
            "registry: registry:5000\n",
            "registry: registry:5000\n    hostname: %s\n" % registry.host))
        self.succeeded(result)
        self.assertEqual(sorted(result.messages()), [
            "Deleting b/app:build-%d" % i for i in (1, 2, 3)])
        self.assertEqual(registry.client.tags("b/app"), sorted(
            ["build-%d" % i for i in range(4, 14)] + ["latest"]))

    def test_keep_newest_where_an_emptied_repository_is_denied(self):
        """As docker's registry does once its folder of tags is gone."""
        fake = self.fake()
        fake.add("b/app", "build-1", images.image("b"))
        fake.repo("c/emptied")
        fake.on("GET", "/c/emptied/tags/list",
                lambda handler: fake.fail(handler, 404, "NAME_UNKNOWN"))
        self.succeeded(self.example("keep-newest.yml", registry=(
            "registry: registry:5000\n",
            "registry: registry:5000\n    hostname: %s\n" % fake.host)))
        result = self.once([fake], 'tag.ls("%s/c/emptied")' % fake.host)
        self.failed(result, r"NAME_UNKNOWN")

    def test_keep_inuse(self):
        registry = self.registry()
        made = [images.image("b%d" % i) for i in range(4)]
        for i, one in enumerate(made):
            one.push(registry.client, "ci/app", "build-%d" % i)
        images.image("other").push(registry.client, "ci/app", "v1")
        kubectl = self.box.write("kubectl", "#!/bin/sh\ncat inuse\n")
        os.chmod(kubectl, 0o755)
        replaced = {"registry": (
            "registry: registry:5000\n",
            "registry: registry:5000\n    hostname: %s\n" % registry.host)}
        self.box.write("inuse", "")
        self.failed(self.example("keep-inuse.yml", **replaced),
                    "the list of what is in use is empty")
        self.box.write("inuse", "registry:5000/ci/app:build-1\n"
                       "registry:5000/ci/app@%s\nelse:1\n" % made[3].digest)
        self.succeeded(self.example("keep-inuse.yml", **replaced))
        self.assertEqual(registry.client.tags("ci/app"),
                         ["build-1", "build-3", "v1"])
        with open(self.box.path("deleted.json")) as file:
            self.assertEqual(json.load(file), [
                "registry:5000/ci/app:build-%d" % i for i in (0, 2)])

    def test_copy_list(self):
        hub, ghcr, target = self.fake(), self.fake(), self.registry(auth="basic")
        hub.add("library/debian", "12", images.multi("debian"))
        hub.add("library/alpine", "3.20", images.multi("alpine"))
        entry = "registry: registry.example.com\n"
        entries = entry + "    hostname: %s\n    tls: disabled\n" % target.host
        for name, fake in (("docker.io", hub), ("ghcr.io", ghcr)):
            entries = "registry: %s\n    hostname: %s\n    tls: disabled\n" \
                "  - %s" % (name, fake.host, entries)
        result = self.example("copy-list.yml", creds=(entry, entries))
        # ghcr.io has no example/tool.
        self.failed(result, r"not copied: ghcr.io/example/tool:v1")
        self.assertEqual(target.client.digest("mirror/library/alpine",
                                              "3.20"),
                         images.multi("alpine").digest)
        ghcr.add("example/tool", "v1", images.image("tool"))
        self.succeeded(self.box.run("once", "-c", "copy-list.yml", env={
            "REGISTRY_USER": USER, "REGISTRY_PASS": PASSWORD}))
        for repo, tag in (("mirror/library/debian", "12"),
                          ("mirror/example/tool", "v1")):
            self.assertIsNotNone(target.client.digest(repo, tag), repo)
