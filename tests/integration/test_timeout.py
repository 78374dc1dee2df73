# SPDX-License-Identifier: Apache-2.0
"""Deadlines and signals: everything ends on time and leaves nothing."""
import os
import signal
import threading

from lib import images, misbehave
from lib.case import Case
from lib.client import digest
from lib.run import config, program
from lib.wait import until


class Timeout(Case):
    def timed(self, script, *servers, timeout="1s", seconds=10):
        running = self.begin(servers, [
            {"name": "t", "timeout": timeout, "script": script},
            {"name": "next", "script": 'log "alive"'}])
        result = running.wait(seconds)
        self.assertEqual(result.code, 1, result)
        self.assertEqual(result.messages("next"), ["alive"], result)
        return result

    def test_loop_ends_with_its_line(self):
        result = self.timed("local a = 1\nwhile true do\n  a = a + 1\nend\n")
        self.assertRegex(result.error("t"), r"<string>:[23]: timeout of 1s reached\n")
        self.assertLess(result.seconds, 4)
        self.assertGreater(result.seconds, 0.9)

    def test_pcall_does_not_catch_it(self):
        result = self.timed(
            "while true do\n  pcall(function() while true do end end)\nend")
        self.assertRegex(result.error("t"), r"<string>:2")
        self.assertLess(result.seconds, 4)

    def test_loop_in_a_library_function(self):
        """A long pattern match has no instruction to be stopped at."""
        result = self.timed(
            'local s = string.rep("a", 100000)\n'
            'string.find(s, string.rep(".-", 30) .. "b")')
        self.assertLess(result.seconds, 5)
        self.assertRegex(result.error("t"), r"^<string>:2: timeout of 1s reached|"
            r"^timeout of 1s reached: the script did not end and was killed")

    def test_loop_in_a_coroutine(self):
        result = self.timed(
            "coroutine.wrap(function()\n  while true do end\nend)()")
        self.assertRegex(result.error("t"), r"<string>:2")
        self.assertLess(result.seconds, 4)

    def test_registry_that_hangs(self):
        fake = self.fake()
        fake.on("GET", "/tags/list", misbehave.hang())
        result = self.timed('tag.ls("%s/x/y")' % fake.host, fake)
        self.assertRegex(
            result.error("t"), r"<string>:1: Failed retrieving tag list: "
            r"failed to list tags for %s/x/y:latest: "
            r"timeout of 1s reached\n" % fake.host)
        self.assertLess(result.seconds, 4)

    def test_calls_after_the_deadline(self):
        fake = self.fake()
        fake.add("x/y", "v1", images.image())
        result = self.timed('while true do tag.ls("%s/x/y") end' % fake.host,
                            fake)
        self.assertRegex(result.error("t"), r"timeout of 1s reached\n")
        self.assertLess(result.seconds, 4)

    def test_copy_that_hangs_leaves_no_upload(self):
        source, target = self.fake(), self.fake()
        layer = images.noise(400000, "l")
        source.add("x/y", "v1", images.image(raw_layers=[layer]))
        source.on("GET", digest(layer), misbehave.stall(layer, 100000))
        result = self.timed('image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
            source.host, target.host), source, target)
        self.assertRegex(result.error("t"), r"timeout of 1s reached\n")
        self.no_uploads(target)
        self.assertEqual(target.repo("x/y")["tags"], {})

    def test_back_off_ends_too(self):
        fake = self.fake()
        fake.on("*", "/v2/", misbehave.too_many("300"))
        result = self.timed('tag.ls("%s/x/y")' % fake.host, fake)
        self.assertRegex(result.error("t"), r"timeout of 1s reached\n")
        self.assertLess(result.seconds, 4)

    def test_memory_has_a_limit(self):
        result = self.timed(
            'local t = {}\nwhile true do\n'
            '  t[#t + 1] = string.rep("x", 1 << 20) .. #t\nend',
            timeout="60s", seconds=60)
        self.assertRegex(result.error("t"), r"not enough memory")

    def test_default_timeout(self):
        result = self.once([], "while true do end",
                           defaults={"timeout": "1s"})
        self.failed(result, r"<string>:1")


class Signals(Case):
    """SIGINT and SIGTERM, as a person or a service manager sends them."""

    def end(self, running, number, seconds=8):
        family = running.family()
        self.assertTrue(family)
        running.signal(number)
        result = running.wait(seconds)
        self.gone(family, 1)
        return result

    def test_during_a_call(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                fake, seen = self.fake(), threading.Event()
                fake.on("GET", "/tags/list", misbehave.hang(seen))
                running = self.begin([fake],
                                     'tag.ls("%s/x/y")' % fake.host)
                self.assertTrue(seen.wait(20))
                result = self.end(running, number)
                self.failed(result, r": stopped by %s\n" % number.name)

    def test_during_a_loop(self):
        running = self.begin([], 'log "here"\nwhile true do end')
        running.wait_for("message=here")
        result = self.end(running, signal.SIGTERM)
        self.failed(result, r"^<string>:2: stopped by SIGTERM\n")

    def test_during_a_copy(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                source, target = self.fake(), self.fake()
                seen, layer = threading.Event(), images.noise(400000, "l")
                source.add("x/y", "v1", images.image(raw_layers=[layer]))
                source.on("GET", digest(layer),
                          misbehave.stall(layer, 200000, seen))
                running = self.begin([source, target], (
                    'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                        source.host, target.host)))
                self.assertTrue(seen.wait(20))
                result = self.end(running, number)
                self.assertEqual(result.code, 1, result)
                self.no_uploads(target)
                self.assertEqual(target.repo("x/y")["tags"], {})

    def test_during_a_copy_to_a_real_registry(self):
        """docker-registry holds an upload's offset against the Location of
        a DELETE, so the request under way is completed first."""
        source, real = self.fake(), self.registry()
        target = self.proxy(real)
        seen, layer = threading.Event(), images.noise(400000, "l")
        source.add("x/y", "v1", images.image(raw_layers=[layer]))
        source.on("GET", digest(layer), misbehave.stall(layer, 200000, seen))
        running = self.begin([source, target], (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                source.host, target.host)))
        self.assertTrue(seen.wait(20))
        self.end(running, signal.SIGTERM)
        self.no_uploads(real)
        self.assertEqual(real.client.tags("x/y"), [])

    def test_after_the_last_script(self):
        """All scripts succeeded, a broker still deletes an upload: what
        comes then changes nothing about it."""
        source, target = self.fake(), self.fake()
        seen, layer = threading.Event(), images.noise(4000, "l")
        source.add("x/y", "v1", images.image(raw_layers=[layer]))
        source.on("GET", digest(layer), misbehave.data(
            layer[:-1] + bytes([layer[-1] ^ 1]), "application/octet-stream"))
        target.on("DELETE", "/uploads/", misbehave.hang(seen))
        running = self.begin([source, target], (
            'pcall(image.copy, "%s/x/y:v1", "%s/x/y:v1") log "done"' % (
                source.host, target.host)))
        self.assertTrue(seen.wait(20))
        running.wait_for("message=done")
        until("the worker is gone",
              lambda: not running.children("regbot-worker"), 10)
        result = self.end(running, signal.SIGTERM)
        self.assertEqual(result.code, 0, result)

    def test_whole_process_group_is_signalled(self):
        """As a terminal does for Ctrl-C: the brokers still clean up."""
        source, target = self.fake(), self.fake()
        seen, layer = threading.Event(), images.noise(400000, "l")
        source.add("x/y", "v1", images.image(raw_layers=[layer]))
        source.on("GET", digest(layer), misbehave.stall(layer, 200000, seen))
        running = self.begin([source, target], (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                source.host, target.host)))
        self.assertTrue(seen.wait(20))
        family = running.family()
        for pid in [running.pid] + [pid for pid, _ in family]:
            try:
                os.kill(pid, signal.SIGINT)
            except ProcessLookupError:
                pass	# a worker is gone as soon as the first one came
        running.wait(8)
        self.gone(family, 1)
        self.no_uploads(target)

    def test_nothing_is_left_after_success(self):
        fake, seen, gate = self.fake(), threading.Event(), threading.Event()
        fake.add("x/y", "v1", images.image())
        fake.on("GET", "/tags/list", misbehave.hold(gate, seen))
        running = self.begin([fake], 'tag.ls("%s/x/y")' % fake.host)
        self.assertTrue(seen.wait(20))
        family = running.family()
        gate.set()
        self.succeeded(running.wait())
        self.gone(family, 1)

    def test_closed_standard_descriptors(self):
        """Started without 0, 1 and 2, as careless parents do."""
        for script, code in (('log "x"', 0), ('error "x"', 1)):
            self.box.write("r.yml", config([], {"t": script}))
            result = self.box.run(
                "-c", 'exec "$0" once -c r.yml 0<&- 1>&- 2>&-',
                program("regbot"), path="/bin/sh")
            self.assertEqual(result.code, code, result)
