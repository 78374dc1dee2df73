# SPDX-License-Identifier: Apache-2.0
"""The list of referrers under a fallback tag, which several runs write at the
same time: nothing is lost."""
import json
import random
import time

from lib import images
from lib.case import Case
from lib.run import Box, config, creds


class Race(Case):
    EACH = 50

    def setUp(self):
        super().setUp()
        self.image = images.image("subject")
        self.tag = images.fallback(self.image)
        self.source, self.target = self.fake(referrers=True), self.fake()
        self.target.add("dst", "v1", self.image)
        self.wanted = set()

    def give(self, name, count):
        """A repository of the source with so many referrers of the image."""
        self.source.add(name, "v1", self.image)
        for i in range(count):
            one = images.sbom(self.image, "%s-%d" % (name, i))
            self.source.add(name, None, one)
            self.wanted.add(one.digest)

    def start(self, name):
        box = Box()
        self.addCleanup(box.close)
        box.write("regbot.yml", config(
            [creds(f.host) for f in (self.source, self.target)],
            {"t": "image.copy('%s/%s:v1', '%s/dst:v1', {referrers = true})" %
             (self.source.host, name, self.target.host)}))
        return box.start("once", "-c", "regbot.yml")

    def listed(self):
        place = self.target.repo("dst")
        kind, data = place["manifests"][place["tags"][self.tag]]
        self.assertEqual(kind, images.OCI_INDEX)
        return [d["digest"] for d in json.loads(data)["manifests"]]

    def delay(self, most, seed):
        """Before the registry looks at a request for the tag, and after."""
        chance = random.Random(seed)
        serve = self.target.serve

        def slow(handler):
            if handler.path.endswith("/manifests/" + self.tag):
                time.sleep(chance.uniform(0, most))
                serve(handler)
                time.sleep(chance.uniform(0, most))
            else:
                serve(handler)
        self.target.serve = slow

    def race(self, runs, most=0.3):
        self.delay(most, runs)
        names = ["src%d" % i for i in range(runs)]
        for name in names:
            self.give(name, self.EACH)
        started = [self.start(name) for name in names]
        for one in started:
            self.succeeded(one.wait(300))
        listed = self.listed()
        self.assertEqual(len(listed), len(set(listed)))
        self.assertEqual(set(listed), self.wanted)

    def test_two_runs(self):
        self.race(2)

    def test_four_runs(self):
        self.race(4)

    def test_scripts_of_one_run(self):
        self.delay(0.2, 5)
        scripts = {}
        for i in range(4):
            self.give("src%d" % i, 10)
            scripts["s%d" % i] = \
                "image.copy('%s/src%d:v1', '%s/dst:v1', {referrers = true})" \
                % (self.source.host, i, self.target.host)
        self.succeeded(self.once([self.source, self.target], scripts,
                                 defaults={"parallel": 4}))
        self.assertEqual(set(self.listed()), self.wanted)

    def test_branches_of_one_script(self):
        self.delay(0.1, 6)
        for i in range(6):
            self.give("src%d" % i, 5)
        self.succeeded(self.once([self.source, self.target], """
parallel(6, {0, 1, 2, 3, 4, 5}, function(i)
  image.copy("%s/src" .. i .. ":v1", "%s/dst:v1", {referrers = true})
end)
""" % (self.source.host, self.target.host)))
        self.assertEqual(set(self.listed()), self.wanted)

    def test_what_a_stale_writer_undoes_is_written_again(self):
        self.give("src", 2)
        place, undone = self.target.repo("dst"), []
        other = images.listing(images.sbom(self.image, "of another"))
        self.wanted.add(json.loads(other.manifest)["manifests"][0]["digest"])
        serve = self.target.serve

        def stale(handler):
            serve(handler)
            if handler.command == "PUT" and len(undone) < 2 and \
                    handler.path.endswith("/manifests/" + self.tag):
                undone.append(handler.path)
                self.target.add("dst", self.tag, other)
        self.target.serve = stale
        self.succeeded(self.start("src").wait(120))
        self.assertEqual(len(undone), 2)
        self.assertEqual(set(self.listed()), self.wanted)
        self.assertIn(self.tag, place["tags"])

    def test_a_write_whose_answer_was_lost_is_looked_after(self):
        self.give("src", 1)
        other = images.listing(images.sbom(self.image, "of another"))
        self.wanted.add(json.loads(other.manifest)["manifests"][0]["digest"])
        path, seen = "/manifests/" + self.tag, []

        def lost(handler):
            data = handler.read_body()
            self.target.add("dst", self.tag, images.Image(images.OCI_INDEX,
                                                          data))
            self.target.fail(handler, 503, "UNAVAILABLE")
        self.target.on("PUT", path, lost, times=1)
        serve = self.target.serve

        def stale(handler):
            serve(handler)
            if handler.path.endswith(path) and handler.command == "GET" and \
                    self.tag in self.target.repo("dst")["tags"] and \
                    not seen:
                seen.append(handler.path)
                self.target.add("dst", self.tag, other)
        self.target.serve = stale
        self.succeeded(self.start("src").wait(120))
        self.assertEqual(len(seen), 1)
        self.assertEqual(set(self.listed()), self.wanted)

    def test_a_list_that_cannot_be_looked_at_fails_the_run(self):
        self.give("src", 1)
        self.target.on("GET", "/manifests/" + self.tag, lambda h:
                       self.target.fail(h, 403, "DENIED"), skip=3)
        self.failed(self.start("src").wait(120),
                    "may be lost", self.tag, "403")

    def test_a_slow_registry_is_told(self):
        self.give("src", 1)
        serve = self.target.serve

        def slow(handler):
            if handler.command == "PUT" and \
                    handler.path.endswith("/manifests/" + self.tag):
                time.sleep(4.2)
            serve(handler)
        self.target.serve = slow
        got = self.succeeded(self.start("src").wait(120))
        self.assertTrue([one for one in got.lines()
                         if one["msg"].startswith("The registry is slow")],
                        got)

    def test_a_registry_that_fails_now_and_then(self):
        self.give("src", 3)
        for method in ("PUT", "GET"):
            self.target.on(method, "/manifests/" + self.tag, lambda h:
                           self.target.fail(h, 503, "UNAVAILABLE"), times=1,
                           skip=1)
        self.succeeded(self.start("src").wait(120))
        self.assertEqual(set(self.listed()), self.wanted)

    def test_a_list_that_is_not_written_at_once(self):
        self.give("src", 1)
        self.target.on("PUT", "/manifests/" + self.tag, lambda h:
                       self.target.fail(h, 500, "UNKNOWN"), times=7)
        got = self.succeeded(self.start("src").wait(120))
        self.assertEqual(set(self.listed()), self.wanted)
        said = got.lines("A list of referrers could not be written, trying "
                         "again")
        self.assertEqual([one["image"] for one in said], [
            "%s/dst:%s" % (self.target.host, self.tag)], got)
        self.assertIn("http 500", said[0]["err"])

    def test_a_run_that_is_stopped_says_so(self):
        self.give("src", 1)
        run = self.start("src")
        run.wait_for("Copied image")
        run.signal(15)
        got = run.wait(30)
        self.assertTrue(got.lines("Stopped before it was sure that all "
                                  "referrers stay listed"), got)
