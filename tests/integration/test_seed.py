# SPDX-License-Identifier: Apache-2.0
"""The main job: mirror minor versions, mirror and prune date-stamped tags,
delete old builds. Run with the example configuration and, where REGBOT_SEED
names one, with another that does the same."""
import datetime
import os
import re

from lib import images
from lib.case import Case
from lib.run import PASSWORD, USER

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
EXAMPLE = os.path.join(SOURCE, "contrib", "examples", "regbot.yml")
LABEL = "org.opencontainers.image.created"


class MainJob(Case):
    config = EXAMPLE

    def setUp(self):
        super().setUp()
        self.hub = self.registry(auth="basic")
        self.local = self.registry()
        self.made = {}
        self.fill()
        self.to_hub = self.proxy(self.hub)
        self.to_local = self.proxy(self.local)
        self.write_config()

    def put(self, registry, repo, *tags, **more):
        seed = "%s:%s" % (repo, tags[0])
        made = images.index([
            images.image("%s/%s" % (seed, a), architecture=a,
                         layers=[300, 2000], **more)
            for a in ("amd64", "arm64")])
        made.push(registry.client, repo, *tags)
        for tag in tags:
            self.made[repo, tag] = made

    def fill(self):
        for tag in ("3.2", "3.9", "3.10", "3.18", "3.20", "3.20.1", "edge",
                    "latest"):
            self.put(self.hub, "library/alpine", tag)
        for tag in ("9.13", "10.9", "10.13", "12.1", "12.10", "bookworm"):
            self.put(self.hub, "library/debian", tag)
        for day in range(1, 6):
            self.put(self.hub, "library/debian", "testing-2024010%d" % day)
        # Older ones lie in the mirror; one shares its image with a tag that
        # must stay.
        self.put(self.local, "library/debian", "testing-20231101", "latest")
        self.put(self.local, "library/debian", "testing-20231102")
        now = datetime.datetime.now(datetime.timezone.utc)
        old = {LABEL: "2021-05-06T07:08:09Z"}
        new = {LABEL: now.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.put(self.local, "regclient/example", "latest", "stable",
                 "ci-001", "ci-002", "ci-003", labels=old)
        self.put(self.local, "regclient/example", "ci-004", labels=new)

    def write_config(self):
        """The configuration with hostname, tls and the secret's path
        changed, and nothing else."""
        with open(self.config) as file:
            text = file.read()
        self.box.write("hub_token", PASSWORD + "\n")
        for old, new in (
                (r"(- registry: registry:5000\n)",
                 r"\1    hostname: %s\n" % self.to_local.host),
                (r"(- registry: docker\.io\n)",
                 r"\1    hostname: %s\n    tls: disabled\n"
                 % self.to_hub.host),
                (r"/var/run/secrets/hub_token", self.box.path("hub_token"))):
            text, count = re.subn(old, new, text)
            self.assertEqual(count, 1, old)
        self.box.write("regbot.yml", text)

    def run_job(self, *flags):
        result = self.box.run("once", "-c", "regbot.yml", *flags,
                              env={"HUB_USER": USER})
        self.succeeded(result)
        self.assertNotIn(PASSWORD, result.err + result.out)
        return result

    def state(self):
        return {repo: self.local.client.state(repo) for repo in
                ("library/alpine", "library/debian", "regclient/example")}

    def expected(self):
        tags = {
            "library/alpine": ["3.10", "3.18", "3.20"],
            "library/debian": ["10.13", "12.1", "12.10", "latest"] +
            ["testing-2024010%d" % day for day in (3, 4, 5)],
            "regclient/example": ["ci-004", "latest", "stable"],
        }
        return {repo: {t: self.made[repo, t].digest for t in names}
                for repo, names in tags.items()}

    def test_twice(self):
        first = self.run_job()
        self.assertEqual(self.state(), self.expected())
        for repo, names in self.expected().items():
            for tag in names:
                self.same_image(self.made[repo, tag], self.local.client,
                                repo, tag)
        self.assertIn("Deleting testing-20231101", first.messages())
        self.assertEqual(self.to_hub.writes(), [])
        self.no_uploads(self.local)
        # The second run changes nothing and uploads nothing.
        self.to_hub.forget()
        self.to_local.forget()
        self.run_job()
        self.assertEqual(self.state(), self.expected())
        self.assertEqual(self.to_hub.writes() + self.to_local.writes(), [])
        self.assertEqual([s for s in self.to_hub.seen if "/blobs/" in s.path],
                         [])

    def test_dry_run_shows_what_the_run_does(self):
        before = self.state()
        dry = self.run_job("--dry-run")
        self.assertEqual(self.to_hub.methods() | self.to_local.methods(),
                         {"GET", "HEAD"})
        self.assertEqual(self.state(), before)
        real = self.run_job()

        def told(result):
            lines = [l for l in result.lines() if l["msg"] in (
                "Copy image", "Delete tag", "User script message") and
                not (l["message"] or "").startswith("Searching")]
            return sorted((l["msg"], l["script"], l["message"] or "",
                           l["target"] or l["image"] or "") for l in lines)
        self.assertEqual(told(dry), told(real))
        self.assertEqual({l["dry-run"] for l in dry.lines("Copy image")},
                         {"true"})


if os.environ.get("REGBOT_SEED"):
    class Seed(MainJob):
        config = os.environ["REGBOT_SEED"]
