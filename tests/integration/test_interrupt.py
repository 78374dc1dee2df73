# SPDX-License-Identifier: Apache-2.0
"""A tag deletion that has begun to write is finished, whatever ends. Where a
registry cannot delete tags, an empty image takes the tag's place first, and
must not stay there."""
import os
import signal
import threading

from lib import images, misbehave
from lib.case import Case
from lib.run import alive
from lib.wait import until

PUT = "/manifests/v1$"
IMAGE = "/manifests/sha256:"    # the first DELETE of it is only a probe
WAITING = "Waiting for a tag deletion that has begun"


class Interrupt(Case):
    def setUp(self):
        super().setUp()
        self.reg = self.fake(delete_tags=False)
        self.made = images.image("o")
        for tag in ("v1", "v2"):
            self.reg.add("x/y", tag, self.made)
        self.gate, self.seen = threading.Event(), threading.Event()
        self.addCleanup(self.gate.set)
        self.image = "%s/x/y:v1" % self.reg.host

    def stuck(self, method, path, skip=0):
        """The deletion waits for an answer to this."""
        self.reg.on(method, path, misbehave.hold(self.gate, self.seen),
                    times=1, skip=skip)

    def deleting(self, before="", command="once", **more):
        running = self.begin(
            [self.reg], [{"name": "t", "script": before + (
                'tag.delete("%s")' % self.image), **more}], command=command)
        self.assertTrue(self.seen.wait(20), running.err)
        return running

    def tags(self):
        return self.reg.repo("x/y")["tags"]

    def gone(self):
        self.assertEqual(self.tags(), {"v2": self.made.digest})
        self.assertEqual(list(self.reg.repo("x/y")["manifests"]),
                         [self.made.digest])


class Signals(Interrupt):
    def stopped(self, running, signals=(signal.SIGTERM,)):
        for one in signals:
            running.signal(one)
        running.wait_for(WAITING)
        self.gate.set()
        result = running.wait()
        self.assertEqual(result.lines(
            "Finished interrupted tag deletion")[0]["image"], self.image,
            result)
        self.gone()
        return result

    def test_sigterm_during_put(self):
        self.stuck("PUT", PUT)
        result = self.stopped(self.deleting())
        self.assertEqual(result.code, 1, result)

    def test_sigterm_during_delete(self):
        self.stuck("DELETE", IMAGE, skip=1)
        self.stopped(self.deleting())

    def test_two_at_once_are_one(self):
        """As timeout(1) sends them."""
        self.stuck("PUT", PUT)
        self.stopped(self.deleting(), (signal.SIGTERM, signal.SIGINT))

    def test_server(self):
        self.stuck("PUT", PUT)
        result = self.stopped(self.deleting(command="server", interval="1s"))
        self.assertEqual(result.code, 0, result)

    def test_timeout(self):
        self.stuck("PUT", PUT)
        running = self.deleting(timeout="1s")
        running.wait_for("Error running script")
        running.wait_for(WAITING)
        self.gate.set()
        self.assertEqual(running.wait().code, 1)
        self.gone()

    def test_more_signals_end_it_at_once(self):
        self.stuck("PUT", PUT)
        running = self.deleting(command="server", interval="1s")
        family = running.family()
        running.signal(signal.SIGTERM)
        running.wait_for(WAITING)

        def again():
            running.signal(signal.SIGTERM)
            return running.process.poll() is not None
        until("another signal ends it", again, 10)
        result = running.wait()
        self.assertEqual(result.code, 1, result)
        left = result.lines("Tag may be left with an empty image, "
                            "delete it once more")[0]
        self.assertEqual((left["image"], left["manifest"]),
                         (self.image, self.made.digest))
        self.assertEqual([p for p in family if os.path.exists(
            "/proc/%d" % p[0])], [])


class Kill(Interrupt):
    def killed(self, running):
        os.kill(running.child("regbot-broker"), signal.SIGKILL)

    def test_between_put_and_delete(self):
        """Another broker finishes it, although the script is over."""
        self.stuck("DELETE", IMAGE, skip=1)
        running = self.deleting()
        self.killed(running)
        result = running.wait()
        self.failed(result, "registry|process")
        self.assertEqual(result.lines(
            "Finished interrupted tag deletion")[0]["image"], self.image)
        self.gone()

    def test_the_next_call_sees_no_empty_image(self):
        self.stuck("DELETE", IMAGE, skip=1)
        running = self.deleting(
            'pcall(function() tag.delete("%s") end)\n'
            'log(table.concat(tag.ls("%s/x/y"), ","))\n' % (
                self.image, self.reg.host))
        self.killed(running)
        self.assertEqual(running.wait().messages(), ["v2"])
        self.gone()

    def test_during_put(self):
        """The PUT that was cut arrives after the next broker has looked."""
        self.stuck("PUT", PUT)
        running = self.deleting()
        seen = len(self.reg.find("GET", "/manifests/v1$"))
        self.killed(running)
        until("another broker looks", lambda: len(self.reg.find(
            "GET", "/manifests/v1$")) > seen, 10)
        self.gate.set()
        self.assertEqual(running.wait().code, 1)
        self.gone()

    def test_moved_meanwhile(self):
        self.stuck("DELETE", IMAGE, skip=1)
        running = self.deleting()
        other = images.image("other")
        self.reg.add("x/y", "v1", other)
        self.killed(running)
        result = running.wait()
        self.assertEqual(self.tags(), {"v1": other.digest,
                                       "v2": self.made.digest})
        self.assertRegex(result.lines(
            "Interrupted tag deletion was not finished")[0]["error"],
            "somebody moved it")

    def test_again_and_again(self):
        """Where no broker lives long enough, the log says what is left."""
        self.stuck("DELETE", IMAGE, skip=1)
        self.reg.on("GET", PUT, misbehave.hang(), skip=1)
        running = self.deleting()
        dead = set()

        def kill_all():
            for pid in running.children("regbot-broker"):
                if pid not in dead:
                    dead.add(pid)
                    os.kill(pid, signal.SIGKILL)
            return running.process.poll() is not None
        until("it gives up", kill_all, 20)
        result = running.wait()
        self.assertEqual(result.code, 1, result)
        self.assertEqual(len(dead), 3, result)
        self.assertEqual(len(result.lines(
            "Tag may be left with an empty image, delete it once more")), 1)


class Silent(Interrupt):
    def test_a_stopped_broker_is_replaced(self):
        self.stuck("DELETE", IMAGE, skip=1)
        running = self.deleting(
            'pcall(tag.delete, "%s")\nlog(table.concat('
            'tag.ls("%s/x/y"), ","))\n' % (self.image, self.reg.host))
        os.kill(running.child("regbot-broker"), signal.SIGSTOP)
        result = running.wait()
        self.assertEqual(result.messages(), ["v2"], result)
        self.assertRegex(result.lines(
            "Registry process ended unexpectedly")[0]["error"],
            "silent for 15 seconds")
        self.gone()


class Supervisor(Interrupt):
    """It was killed as well: the empty image is still under the tag."""

    def setUp(self):
        super().setUp()
        self.stuck("DELETE", IMAGE, skip=1)
        running = self.deleting()
        family = running.family()
        running.signal(signal.SIGKILL)
        running.process.wait()
        until("no process is left", lambda: not [
            one for one in family if alive(*one)], 5)
        self.assertEqual(sorted(self.tags()), ["v1", "v2"])
        self.assertNotEqual(self.tags()["v1"], self.made.digest)

    def test_deletion(self):
        self.succeeded(self.once([self.reg], 'tag.delete("%s")' % self.image))
        self.gone()

    def test_read(self):
        self.failed(self.once([self.reg], 'manifest.get("%s")' % self.image),
                    r"not found \[http 404\]", "deletion is finished now")
        self.gone()

    def test_copy(self):
        target = self.fake()
        self.failed(self.once(
            [self.reg, target], 'image.copy("%s", "%s/x/y:v1")' % (
                self.image, target.host)), "deletion is finished now")
        self.assertEqual(target.repo("x/y")["tags"], {})
        self.gone()

    def test_dry_run(self):
        before = dict(self.tags())
        self.failed(self.once(
            [self.reg], 'manifest.get("%s")' % self.image, "--dry-run"),
            "delete the tag once more")
        self.assertEqual(self.tags(), before)

    def test_copied_over(self):
        other = images.image("other")
        self.reg.add("x/z", "v1", other)
        self.succeeded(self.once([self.reg], (
            'image.copy("%s/x/z:v1", "%s")' % (self.reg.host, self.image))))
        self.assertEqual(self.tags()["v1"], other.digest)
