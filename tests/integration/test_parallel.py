# SPDX-License-Identifier: Apache-2.0
"""parallel(): many calls at once in one script."""
import os
import signal
import threading
import time

from lib import images, misbehave
from lib.case import Case
from lib.run import creds


class Meter:
    """How many requests a fake has at once: each waits until `enough` are
    there, or the registry has been still for a moment."""

    def __init__(self, fake, path, enough):
        self.lock, self.now, self.most = threading.Lock(), 0, 0
        self.enough, self.full = enough, threading.Event()
        fake.on("*", path, self.count)

    def count(self, _handler):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now >= self.enough:
                self.full.set()
        self.full.wait(5)
        with self.lock:
            self.now -= 1
        return False


HEADS = """
local list = {}
for i = 1, 40 do list[i] = "v" .. i end
local r = parallel(%d, list, function(t)
  return manifest.head("%s/x/y:" .. t):descriptor().size
end)
log("got " .. #r)
"""


class Width(Case):
    def heads(self, n, enough, **more):
        fake = self.fake()
        for i in range(1, 41):
            fake.add("x/y", "v%d" % i, images.image(i))
        meter = Meter(fake, "manifests", enough)
        result = self.succeeded(self.once(
            [creds(fake.host, **more)], HEADS % (n, fake.host)))
        self.assertEqual(result.messages(), ["got 40"])
        return meter

    def test_as_wide_as_the_script(self):
        self.assertEqual(self.heads(8, 8).most, 8)

    def test_no_wider_than_sixteen(self):
        self.assertEqual(self.heads(40, 16).most, 16)

    def test_what_is_configured_holds(self):
        self.assertEqual(self.heads(16, 2, reqConcurrent=2).most, 2)


COPY = """
local list = {}
for i = 1, %(tags)d do list[i] = "v" .. i end
parallel(16, list, function(t)
  image.copy("%(source)s/x/y:" .. t, "%(target)s/%(repo)s:" .. t%(more)s)
end)
log("done")
"""


class Copies(Case):
    def copy(self, source, target, tags, repo="x/y", more="", **flags):
        return self.once([source, target], COPY % {
            "tags": tags, "source": source.host, "target": target.host,
            "repo": repo, "more": more}, **flags)

    def test_images_that_share_layers(self):
        """Each layer is uploaded once."""
        source, registry = self.fake(), self.registry()
        target = self.proxy(registry)
        layers = [images.noise(30000, i) for i in range(5)]
        made = {}
        for i in range(1, 33):
            made[i] = images.image(i, raw_layers=layers)
            source.add("x/y", "v%d" % i, made[i])
        result = self.succeeded(self.copy(source, target, 32))
        self.assertEqual(result.messages(), ["done"])
        for i in made:
            self.same_image(made[i], registry.client, "x/y", "v%d" % i)
        summary = result.lines("Script summary")[0]
        self.assertEqual(summary["copied"], "32")
        sent = sum(one.sent for one in target.writes())
        self.assertLess(sent, 2 * 5 * 30000 + 32 * 4000)
        self.no_uploads(registry)

    def test_the_same_image_at_once(self):
        source, registry = self.fake(), self.registry()
        made = images.multi("m")
        source.add("x/y", "v1", made)
        self.succeeded(self.once([source, registry], """
            parallel(16, {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}, function()
              image.copy("%s/x/y:v1", "%s/a/b:v1")
            end)""" % (source.host, registry.host)))
        self.same_image(made, registry.client, "a/b", "v1")
        self.no_uploads(registry)

    def test_copies_and_deletions_of_one_tag(self):
        source, registry = self.fake(), self.registry()
        made = images.image("m")
        source.add("x/y", "v1", made)
        script = """
            local src, dst = "%s/x/y:v1", "%s/a/b:v1"
            parallel(8, {1,2,3,4,5,6,7,8}, function(i)
              for _ = 1, 3 do
                if i %% 2 == 0 then pcall(tag.delete, dst)
                else pcall(image.copy, src, dst) end
              end
            end)
            image.copy(src, dst)""" % (source.host, registry.host)
        self.succeeded(self.once([source, registry], script))
        self.same_image(made, registry.client, "a/b", "v1")
        self.no_uploads(registry)

    def test_too_many_requests(self):
        source, target = self.fake(), self.fake()
        for i in range(1, 21):
            source.add("x/y", "v%d" % i, images.image(i))
        source.on("GET", "manifests", misbehave.too_many("1"), times=2,
                  skip=5)
        target.on("PUT", "manifests", misbehave.too_many("1"), times=2,
                  skip=3)
        self.succeeded(self.copy(source, target, 20))
        self.assertEqual(len(target.repo("x/y")["tags"]), 20)

    def test_a_dry_run_writes_nothing(self):
        source, target = self.fake(), self.fake()
        for i in range(1, 21):
            source.add("x/y", "v%d" % i, images.image(i))
        self.box.write("regbot.yml", "")
        result = self.once([source, target], COPY % {
            "tags": 20, "source": source.host, "target": target.host,
            "repo": "a/b", "more": ""} + """
            log(#tag.ls("%s/a/b"))""" % target.host, "--dry-run")
        self.succeeded(result)
        self.assertEqual(result.messages(), ["done", "20"])
        self.assertEqual(target.writes(), [])

    def test_slots_of_all_scripts(self):
        """defaults.parallel bounds copies, also those of parallel()."""
        source, target = self.fake(), self.fake()
        for i in range(1, 11):
            source.add("x/y", "v%d" % i, images.image(i))
        text = COPY % {"tags": 10, "source": source.host,
                       "target": target.host, "repo": "a/b", "more": ""}
        meter = Meter(target, "a/b/manifests", 2)
        self.succeeded(self.once([source, target], {"a": text, "b": text},
                                 defaults={"parallel": 2}))
        self.assertLessEqual(meter.most, 2)
        self.assertEqual(len(target.repo("a/b")["tags"]), 10)


class Ends(Case):
    HANG = """
local list = {}
for i = 1, 20 do list[i] = "v" .. i end
parallel(4, list, function(t)
  while true do pcall(manifest.get, "%s/x/y:" .. t) end
end)
log("never")
"""

    def hanging(self):
        fake = self.fake()
        seen = threading.Event()
        fake.on("*", "manifests", misbehave.hang(seen))
        return fake, seen

    def test_deadline(self):
        fake, _ = self.hanging()
        began = time.monotonic()
        result = self.once([fake], self.HANG % fake.host,
                           defaults={"timeout": "1s"})
        self.failed(result, r"^<string>:4: parallel: timeout of 1s reached; "
                    r"under way: item \d \(\"v\d\"\), .* and 1 more")
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(result.messages(), [])

    def test_signal(self):
        fake, seen = self.hanging()
        running = self.begin([fake], self.HANG % fake.host)
        self.assertTrue(seen.wait(20))
        running.process.send_signal(signal.SIGTERM)
        result = running.wait()
        self.assertNotEqual(result.code, 0, result)
        self.assertRegex(result.error(), r"^<string>:4: parallel: .*; under way: item ")
        self.assertEqual(result.messages(), [])

    def test_a_branch_that_computes(self):
        fake = self.fake()
        fake.add("x/y", "v1", images.image())
        result = self.once([fake], """
            parallel(2, {1, 2}, function(i)
              if i == 1 then while true do pcall(function()
                while true do end end) end end
              manifest.head("%s/x/y:v1")
            end)""" % fake.host, defaults={"timeout": "1s"})
        self.failed(result, "timeout of 1s reached")

    def test_a_broker_dies(self):
        """What reads is asked once more, all branches get on."""
        fake, gate, seen = self.fake(), threading.Event(), threading.Event()
        for i in range(1, 41):
            fake.add("x/y", "v%d" % i, images.image(i))
        fake.on("*", "manifests", misbehave.hold(gate, seen), times=8)
        running = self.begin([fake], HEADS % (8, fake.host))
        self.assertTrue(seen.wait(20))
        os.kill(running.child("regbot-broker"), signal.SIGKILL)
        gate.set()
        result = self.succeeded(running.wait())
        self.assertEqual(result.messages(), ["got 40"])

    def test_stop_cancels_the_others(self):
        fake, seen = self.hanging()
        result = self.once([fake], """
            print(pcall(parallel, 4, {1, 2, 3, 4}, function(i)
              if i == 4 then error("enough") end
              manifest.get("%s/x/y:v1")
            end, {stop = true}))""" % fake.host)
        self.succeeded(result)
        self.assertRegex(result.messages()[0], r"^false\t<string>:\d+: "
                         r"parallel: item 4 \(\"4\"\): <string>:\d+: enough")

    def test_memory(self):
        fake = self.fake()
        fake.add("x/y", "v1", images.image())
        result = self.once([fake], """
            parallel(4, {1, 2, 3, 4}, function(i)
              local t = {}
              while i == 3 do t[#t + 1] = {1} end
              while true do manifest.head("%s/x/y:v1") end
            end)""" % fake.host)
        self.failed(result, "not enough memory")


class Errors(Case):
    def test_they_name_items_and_lines(self):
        fake = self.fake()
        fake.add("x/y", "v1", images.image())
        result = self.once([fake], """local refs = {}
for _, t in ipairs({"v1", "no", "v1", "neither"}) do
  refs[#refs + 1] = reference.new("%s/x/y:" .. t)
end
parallel(4, refs, function(ref)
  print("asking")
  image.config(ref)
end)""" % fake.host)
        error = self.failed(result, r"^<string>:5: parallel: 2 of 4 items "
                            r"failed:", r"\n  item 2 \(\"%s/x/y:no\"\): "
                            r"<string>:7: " % fake.host,
                            r"\n  item 4 \(\"%s/x/y:neither\"\): "
                            r"<string>:7: " % fake.host)
        self.assertLess(error.index("item 2"), error.index("item 4"))
        self.assertEqual(result.messages(), ["asking"] * 4)

    def test_modules(self):
        fake = self.fake()
        fake.add("x/y", "v1", images.image())
        self.box.write("m.lua", """log("loading")
local size = manifest.head("%s/x/y:v1"):descriptor().size
return {size = size}""" % fake.host)
        result = self.once([fake], """
            local r = parallel(8, {1,2,3,4,5,6,7,8}, function()
              return require("m").size
            end)
            log(tostring(r[1] == r[8] and r[1] > 0))""")
        self.succeeded(result)
        self.assertEqual(result.messages(), ["loading", "true"])
