# SPDX-License-Identifier: Apache-2.0
"""What the system around regbot may do to it: a /proc that hides processes,
limits, users that are missing."""
import os
import resource
import subprocess
import threading
import unittest

from lib import images, misbehave
from lib.case import Case
from lib.fakeregistry import FakeRegistry
from lib.run import Result, config, creds, program, status
from test_children import Children

ANYBODY = 23456     # an id that no user of a test machine has


def can_mount():
    return os.getuid() == 0 and subprocess.run(
        ["unshare", "-m", "mount", "-t", "proc", "-o", "hidepid=invisible",
         "proc", "/proc"], capture_output=True).returncode == 0


@unittest.skipUnless(can_mount(), "cannot mount a /proc of its own")
class HidingProc(Children):
    """Not root, where /proc hides the processes of others: that is what
    systemd's ProtectProc= does, and it hides what is not dumpable too."""

    worker, broker = "regbot-worker", "regbot-broker"

    def hidden(self, how, script):
        reg = FakeRegistry()
        self.addCleanup(reg.stop)
        reg.add("x/y", "v1", images.image())
        with open(os.path.join(self.dir, "regbot.yml"), "w") as file:
            file.write(config([creds(reg.host)],
                              {"t": script.replace("HOST", reg.host)}))
        return subprocess.run(
            ["unshare", "-m", "sh", "-c",
             'mount -t proc -o hidepid="$1" proc /proc || exit 99; shift; '
             'exec setpriv --reuid %d --regid %d --clear-groups "$@"' % (
                 ANYBODY, ANYBODY), "sh", how,
             os.path.join(self.dir, "regbot"), "once", "-c",
             os.path.join(self.dir, "regbot.yml")],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, cwd="/", env={"HOME": "/", "TZ": "UTC", "PATH":
                                      os.environ["PATH"]})

    def test_runs(self):
        for how in ("invisible", "noaccess", "ptraceable"):
            with self.subTest(hidepid=how):
                done = self.hidden(how, 'log(#tag.ls("HOST/x/y"))')
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("message=1", done.stderr)
                self.assertNotIn("level=WARN", done.stderr)

    def test_confinement_is_still_checked(self):
        self.replace("regbot-worker", "tests/adversarial/hostile_worker")
        done = self.hidden("invisible", "good")
        self.assertEqual(done.returncode, 0, done.stderr)
        open(os.path.join(self.dir, "unconfined"), "w").close()
        done = self.hidden("invisible", "good")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("it is not confined: the process is not confined: "
                      "Seccomp is 0, not 2", done.stderr)


class Limits(Children):
    worker, broker = "regbot-worker", "regbot-broker"

    def test_the_log_reaches_the_limit_of_its_file(self):
        log = os.path.join(self.dir, "log")
        with open(os.path.join(self.dir, "regbot.yml"), "w") as file:
            file.write(config([], {
                "a": 'for i = 1, 500 do log("one of many lines") end',
                "b": 'error("the second script ran")'}))
        with open(log, "w") as file:
            done = subprocess.run(
                [os.path.join(self.dir, "regbot"), "once", "-c",
                 os.path.join(self.dir, "regbot.yml")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=file, timeout=60, env={"HOME": self.dir},
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_FSIZE, (8192, 8192)))
        self.assertEqual(os.path.getsize(log), 8192)
        self.assertEqual(done.returncode, 1)


@unittest.skipUnless(can_mount(), "only root changes its user")
class Users(Case):
    """Whom children of root run as."""

    NAMES = ("_regbot-worker", "_regbot-broker")

    def ids(self, passwd):
        """The uids of a worker and a broker that run where this is
        /etc/passwd, and what the log says."""
        reg, gate, seen = self.fake(), threading.Event(), threading.Event()
        self.addCleanup(gate.set)
        reg.on("GET", "/tags/list", misbehave.hold(gate, seen))
        self.box.write("passwd", passwd)
        script = "pcall(tag.ls, '%s/x')" % reg.host
        self.box.write("regbot.yml", config(
            [creds(reg.host)], {"a": script, "b": script}))
        running = self.box.start(
            "-m", "sh", "-c", 'mount --bind passwd /etc/passwd && exec "$0" '
            'once -c regbot.yml', program("regbot"), path="unshare")
        self.assertTrue(seen.wait(20))
        found = [status(running.child(name))["Uid"].split()[0]
                 for name in ("regbot-worker", "regbot-broker")]
        gate.set()
        self.succeeded(running.wait())
        return found, Result(0, "", running.read(running.err_path), 0)

    def test_numbers_where_there_is_no_user(self):
        found, result = self.ids("root:x:0:0::/root:/bin/sh\n")
        for one in found:
            self.assertIn(int(one), range(65520, 65534))
        self.assertNotEqual(*found)
        lines = result.lines("A user does not exist, running with a numeric "
                             "id instead")
        self.assertEqual([one["user"] for one in lines], list(self.NAMES))
        for one in lines:
            self.assertEqual(one["level"], "WARN")
            self.assertRegex(one["create"], "^useradd --system .* %s$" %
                             one["user"])

    def test_named_users(self):
        found, result = self.ids(
            "root:x:0:0::/root:/bin/sh\n"
            "_regbot-worker:x:991:991::/nonexistent:/bin/false\n"
            "_regbot-broker:x:992:992::/nonexistent:/bin/false\n")
        self.assertEqual(found, ["991", "992"])
        self.assertNotIn("level=WARN", result.err)


if __name__ == "__main__":
    unittest.main()
