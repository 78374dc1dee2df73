# SPDX-License-Identifier: Apache-2.0
"""Any process may die at any time; what follows is bounded."""
import os
import signal
import threading

from lib import images, misbehave
from lib.case import Case
from lib.client import digest
from lib.wait import until


class Kill(Case):
    def stuck(self, fake, path="/tags/list", times=None):
        """Has the fake hang at path; an Event that says when it does."""
        seen = threading.Event()
        fake.on("*", path, misbehave.hang(seen), times=times)
        return seen

    def came(self, event):
        self.assertTrue(event.wait(20), "no request came")

    def test_worker(self):
        """Only the script that it ran fails."""
        fake, gate = self.fake(), threading.Event()
        for name in ("x/slow", "x/other"):
            fake.add(name, "v1", images.image())
        slow, other = threading.Event(), threading.Event()
        fake.on("GET", "x/slow/tags", misbehave.hold(gate, slow))
        fake.on("GET", "x/other/tags", misbehave.hold(gate, other))
        running = self.begin([fake], {
            "slow": 'tag.ls("%s/x/slow") log "never"' % fake.host,
            "other": 'tag.ls("%s/x/other") log "done"' % fake.host,
        }, defaults={"parallel": 2})
        self.came(slow)
        self.came(other)
        # Which worker runs which script shows when one of them is killed.
        victim = running.child("regbot-worker")
        os.kill(victim, signal.SIGKILL)
        running.wait_for("Error running script")
        gate.set()
        result = running.wait()
        self.assertEqual(result.code, 1, result)
        failed = [l["script"] for l in result.lines("Error running script")]
        self.assertEqual(len(failed), 1, result)
        self.assertRegex(result.error(), r"(?i)killed|signal")
        expected = [("other", ["done"])] if failed == ["slow"] else \
            [("slow", ["never"])]
        for name, messages in expected:
            self.assertEqual(result.messages(name), messages, result)
        self.assertEqual(result.messages(failed[0]), [])

    def test_worker_in_a_copy_leaves_no_upload(self):
        source, target = self.fake(), self.fake()
        seen, layer = threading.Event(), images.noise(400000, "l")
        source.add("x/y", "v1", images.image(raw_layers=[layer]))
        source.on("GET", digest(layer), misbehave.stall(layer, 200000, seen))
        running = self.begin([source, target], {
            "copy": 'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                source.host, target.host),
            "next": 'tag.ls("%s/x/y")' % source.host})
        self.came(seen)
        os.kill(running.child("regbot-worker"), signal.SIGKILL)
        result = running.wait()
        self.assertEqual([l["script"] for l in
                          result.lines("Error running script")], ["copy"])
        self.no_uploads(target)

    def test_worker_that_is_stopped(self):
        """A worker that reads nothing any more holds up nobody else, and is
        killed when its time is over."""
        fake = self.fake()
        fake.add("x/y", "v1", images.image())
        first = threading.Event()
        gate = threading.Event()
        fake.on("GET", "x/y/tags", misbehave.hold(gate, first), times=1)
        running = self.begin([fake], [
            {"name": "stopped", "timeout": "4s",
             "script": 'for i = 1, 1000 do tag.ls("%s/x/y") end' % fake.host},
            {"name": "other", "script": 'for i = 1, 20 do '
             'image.config("%s/x/y:v1") end log "done"' % fake.host}],
            defaults={"parallel": 2})
        self.came(first)
        running.wait_for("message=done")
        until("the other's worker has ended", lambda: len(
            running.children("regbot-worker")) == 1, 10)
        os.kill(running.child("regbot-worker"), signal.SIGSTOP)
        gate.set()
        result = running.wait(15)
        self.assertEqual([l["script"] for l in
                          result.lines("Error running script")], ["stopped"])
        self.assertEqual(result.messages("other"), ["done"])

    def test_broker_reads_are_repeated(self):
        fake = self.fake()
        fake.add("x/y", "v1", images.image())
        seen = self.stuck(fake, times=1)
        running = self.begin(
            [fake], 'log(tag.ls("%s/x/y")[1])' % fake.host)
        self.came(seen)
        old = running.child("regbot-broker")
        os.kill(old, signal.SIGKILL)
        result = self.succeeded(running.wait())
        self.assertEqual(result.messages(), ["v1"])
        self.assertEqual(len(fake.find("GET", "/tags/list")), 2)

    def test_broker_writes_raise(self):
        fake = self.fake()
        fake.add("x/y", "v1", images.image())
        seen = self.stuck(fake, "/v2/x/y/manifests/v1$", times=1)
        running = self.begin([fake], (
            'ok, err = pcall(tag.delete, "%s/x/y:v1")\n'
            'log(tostring(ok)) log(err)\n'
            'log(tag.ls("%s/x/y")[1])' % (fake.host, fake.host)))
        self.came(seen)
        self.assertEqual(fake.requests[-1].method, "DELETE")
        os.kill(running.child("regbot-broker"), signal.SIGKILL)
        result = self.succeeded(running.wait())
        messages = result.messages()
        self.assertEqual((messages[0], messages[2]), ("false", "v1"), result)
        self.assertIn(fake.host, messages[1])
        # It was not sent twice.
        self.assertEqual(len(fake.find("DELETE", "/manifests/v1")), 1)

    def test_broker_that_dies_again_and_again(self):
        """Three deaths in a minute close the registry for a minute, with a
        sentence; the script is not stuck and another registry works."""
        fake, other = self.fake(), self.fake()
        other.add("x/y", "v1", images.image())
        seen = threading.Event()
        fake.on("GET", "/tags/list", misbehave.hang(seen))
        running = self.begin([fake, other], (
            'for i = 1, 8 do\n  ok, err = pcall(tag.ls, "%s/x/y")\n'
            '  if not ok and err:find("minute") then log "closed" break end\n'
            'end\nlog(tag.ls("%s/x/y")[1])' % (fake.host, other.host)))
        killed = 0
        while killed < 8 and "message=closed" not in running.err:
            def next_one():
                return seen.is_set() or "message=" in running.err
            until("the registry is asked, or given up", next_one, 20)
            if "message=" in running.err:
                break
            seen.clear()
            os.kill(running.child("regbot-broker"), signal.SIGKILL)
            killed += 1
        result = self.succeeded(running.wait())
        self.assertEqual(result.messages(), ["closed", "v1"], result)
        self.assertLessEqual(killed, 6)

    def test_broker_during_an_upload(self):
        """The copy fails or is done again; it is not half done."""
        source, target = self.fake(), self.fake()
        layer = images.noise(400000, "l")
        made = images.image(raw_layers=[layer])
        source.add("x/y", "v1", made)
        seen = self.stuck(target, "/blobs/uploads/upload", times=1)
        running = self.begin([source, target], (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                source.host, target.host)))
        self.came(seen)
        before = set(running.children("regbot-broker"))
        self.assertEqual(len(before), 2)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        result = running.wait()
        if result.code == 0:
            self.assertEqual(target.repo("x/y")["tags"],
                             {"v1": made.digest})
        else:
            self.failed(result, r"x/y")
            self.assertEqual(target.repo("x/y")["tags"], {})

    def test_supervisor(self):
        """No process outlives it by more than a second."""
        source, target = self.fake(), self.fake()
        seen = self.stuck(source)
        running = self.begin([source, target], (
            'pcall(tag.ls, "%s/none")\ntag.ls("%s/x/y")' % (
                target.host, source.host)))
        self.came(seen)
        family = running.family()
        self.assertGreaterEqual(len(family), 3)
        running.signal(signal.SIGKILL)
        running.process.wait()
        self.gone(family, 1)

    def test_supervisor_while_a_script_loops(self):
        running = self.begin([], 'log "here"\nwhile true do end')
        running.wait_for("message=here")
        family = running.family()
        self.assertTrue(family)
        running.signal(signal.SIGKILL)
        running.process.wait()
        self.gone(family, 1)
