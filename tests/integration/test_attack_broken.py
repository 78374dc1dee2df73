# SPDX-License-Identifier: Apache-2.0
"""What breaks in the middle: tag deletions, uploads, brokers, workers."""
import os
import random
import threading
import time

from lib import images, misbehave
from lib.case import Case
from lib.client import Client, digest
from lib.run import creds, kill
from lib.wait import until


class TagDelete(Case):
    """At a registry that deletes only by digest."""

    def setUp(self):
        super().setUp()
        self.reg = self.fake(delete_tags=False)
        self.made = images.image("d", spaced=True)
        self.newer = images.image("newer")
        self.reg.add("x/y", "v1", self.made)
        self.reg.add("x/y", "v2", self.made)
        self.reg.add("x/y", "other", self.newer)

    def delete(self, seconds=40):
        return self.begin([self.reg], {
            "t": 'tag.delete("%s/x/y:v1")' % self.reg.host}).wait(seconds)

    def tags(self):
        return self.reg.repo("x/y")["tags"]

    def move(self, answer=False):
        def action(handler):
            handler.server.repo("x/y")["tags"]["v1"] = self.newer.digest
            return answer if answer is False else answer(handler)
        return action

    def test_moved_before_the_put(self):
        self.reg.on("POST", "/uploads/", self.move(), times=1)
        self.failed(self.delete(), r"moved")
        self.assertEqual(self.tags(), {
            "v1": self.newer.digest, "v2": self.made.digest,
            "other": self.newer.digest})
        self.no_uploads(self.reg)

    def test_moved_after_the_put(self):
        """DELETE is refused, and meanwhile the tag is somebody else's: the
        old manifest must not come back over it."""
        self.reg.on("DELETE", "/manifests/sha256:",
                    self.move(misbehave.reply(403)), skip=1)
        self.failed(self.delete(), r"moved")
        self.assertEqual(self.tags()["v1"], self.newer.digest)

    def test_answers_that_are_lost(self):
        """What was done is done, though the answer did not come."""
        def lost(handler):
            real = handler.reply
            handler.reply = lambda *_a, **_k: handler.hang_up()
            handler.server.serve(handler)
            handler.reply = real
        for method, skip in (("PUT", 0), ("DELETE", 1)):
            with self.subTest(method=method):
                self.reg.rules.clear()
                self.reg.add("x/y", "v1", self.made)
                self.reg.on(method, "/manifests/(v1|sha256)", lost, times=1,
                            skip=skip if method == "PUT" else 2)
                self.succeeded(self.delete())
                self.assertEqual(self.tags(), {
                    "v2": self.made.digest, "other": self.newer.digest})

    def test_refused_in_every_way(self):
        for status in (400, 401, 403, 404, 405, 409, 429, 500, 503):
            with self.subTest(status=status):
                self.reg.rules.clear()
                self.reg.add("x/y", "v1", self.made)
                # The tag, the probe, then the real one.
                self.reg.on("DELETE", "/manifests/sha256:", misbehave.reply(
                    status, {"Retry-After": "0"}), skip=1)
                self.failed(self.delete(), r"x/y:v1")
                self.assertEqual(self.tags(), {
                    "v1": self.made.digest, "v2": self.made.digest,
                    "other": self.newer.digest})
                self.same_image(self.made, Client(self.reg.host), "x/y", "v1")
                self.no_uploads(self.reg)

    def test_registry_that_dies(self):
        """After the PUT it is gone: the error says what has to be done."""
        def die(handler):
            fake = handler.server
            fake.serve(handler)
            fake.on("*", ".", misbehave.hang_up())
            fake.rules.insert(0, fake.rules.pop())
        self.reg.on("PUT", "/manifests/v1", die)
        self.failed(self.delete(60), r"empty image", self.made.digest)


class RealUploads(Case):
    """docker-registry keeps the state of an upload in its Location. A worker
    that dies in the middle leaves none open, whenever that is."""

    def test_worker_killed_at_every_stage(self):
        target = self.registry()
        size = 3 << 20
        layer = images.noise(size, "real")
        source = self.fake()
        source.add("x/y", "v1", images.image(raw_layers=[layer]))
        for sent in (0, 1, 70000, 1 << 20, size - 1):
            with self.subTest(sent=sent):
                seen = threading.Event()
                source.rules.clear()
                source.on("GET", digest(layer), misbehave.stall(
                    layer, sent, seen))
                running = self.begin([source, target], {
                    "copy": 'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                        source.host, target.host),
                    "next": 'log "alive"'})
                self.assertTrue(seen.wait(20))
                until("the upload has begun", target.open_uploads, 10)
                kill(running.child("regbot-worker"))
                result = running.wait(30)
                self.assertEqual(result.messages("next"), ["alive"])
                self.no_uploads(target)
                self.assertEqual(target.client.tags("x/y"), [])


class Killed(Case):
    """Brokers die at any moment of a copy: it succeeds or fails with one
    sentence, and there is no tag whose blobs are missing."""

    def test_random_moments(self):
        rounds = int(os.environ.get("REGBOT_ROUNDS") or 10)
        dice = random.Random(os.environ.get("REGBOT_SEED") or 1)
        source = self.fake()
        made = images.multi("k", layers=[40000] * 5)
        source.add("x/y", "v1", made)
        kinds = [0, 0]
        for i in range(rounds):
            target = self.fake()
            running = self.begin(
                [creds(source.host, reqPerSec=200),
                 creds(target.host, reqPerSec=200)],
                {"t": 'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                    source.host, target.host), "next": 'log "alive"'})
            until("brokers run", lambda: len(running.children(
                "regbot-broker")) == 2 or running.process.poll() is not None,
                10)
            time.sleep(dice.random() * 0.4)
            victims = running.children("regbot-broker")
            if victims:
                kill(dice.choice(victims))
            result = running.wait(30)
            self.assertEqual(result.messages("next"), ["alive"], result)
            kinds[result.code] += 1
            if result.code == 0:
                self.same_image(made, Client(target.host), "x/y", "v1")
            else:
                self.failed(result, r"x/y")
                self.assertEqual(len(result.lines("Error running script")), 1)
            tags = target.repo("x/y")["tags"]
            if tags:
                self.same_image(made, Client(target.host), "x/y", "v1")
            target.stop()
        self.assertEqual(sum(kinds), rounds)


class Deadlock(Case):
    """Opposite copies with one request at a time, and two scripts that ask
    meanwhile."""

    def test_opposite_copies_while_others_ask(self):
        a, b = self.fake(mounts=False), self.fake(mounts=False)
        for i in range(6):
            for fake, name in ((a, "to"), (b, "fro")):
                fake.add("%s/r%d" % (name, i), "v", images.image(
                    "%s%d" % (name, i), layers=[9000] * 6))
        copy = 'for i = 0, 5 do image.copy("%s/%s/r" .. i .. ":v", ' \
            '"%s/%s/r" .. i .. ":v") end log "done"'
        ask = 'for i = 1, 100 do tag.ls("%s/to/r0") tag.ls("%s/fro/r0") end ' \
            'log "done"'
        result = self.begin(
            [creds(one.host, reqConcurrent=1) for one in (a, b)],
            {"there": copy % (a.host, "to", b.host, "to"),
             "back": copy % (b.host, "fro", a.host, "fro"),
             "one": ask % (a.host, b.host), "two": ask % (a.host, b.host)},
            defaults={"parallel": 4}).wait(60)
        self.succeeded(result)
        self.assertEqual(result.messages(), ["done"] * 4)
