# SPDX-License-Identifier: Apache-2.0
"""A worker that breaks every rule: the supervisor survives it, and the other
scripts of the run are not harmed."""
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from lib.fakeregistry import FakeRegistry
from lib.run import config, creds

BUILD = os.environ.get("REGBOT_BUILD", os.getcwd())
HOSTILE = "tests/adversarial/hostile_worker"
DENIED = 8      # ERROR_DENIED of common/error.h

# act -> what the sentence about it must contain
KILLED = {
    "garbage": "out of bounds",
    "empty-frame": "before the script was over",
    "oversize": "before the script was over",
    "descriptor": "carried a descriptor",
    "ready-twice": "READY came twice",
    "done-numbers": "a number in DONE is out of bounds",
    "expect-numbers": "a number in EXPECT is out of bounds",
    "no-id": "SLOT has no id",
    "slot-twice": "was requested twice",
    "release-nothing": "is not held",
    "stream-zero": "a stream has number 0",
    "broker-message": "(HELD) is not allowed here",
    "exit-zero": "before the script was over",
    "exit-three": "ended with status 3",
    "trap": "killed by SIGILL",
    "close-and-stay": "closed its channel and did not end",
    "stderr-flood": "ended with status 4",
    "open-many": "no registry was opened",
    "open-flood": "the other process stopped reading",
    "terminal-codes": "cleared",
}


class Children(unittest.TestCase):
    """A copy of regbot that has children of the test's choice beside it."""

    worker = broker = HOSTILE

    def setUp(self):
        if not os.path.exists(os.path.join(BUILD, HOSTILE)):
            self.skipTest("make %s first" % HOSTILE)
        self.dir = tempfile.mkdtemp(prefix="regbot-hostile-")
        self.addCleanup(shutil.rmtree, self.dir)
        for name, source in (("regbot", "regbot"),
                             ("regbot-broker", self.broker),
                             ("regbot-worker", self.worker)):
            self.replace(name, source)
        os.chmod(self.dir, 0o755)

    def replace(self, name, source):
        shutil.copy(os.path.join(BUILD, source), os.path.join(self.dir, name))

    def run_config(self, text, *flags, **how):
        config = os.path.join(self.dir, "regbot.yml")
        with open(config, "w") as f:
            f.write(text)
        return subprocess.run(
            [os.path.join(self.dir, "regbot"), "once", "-c", config,
             "-v", "debug", *flags], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
            cwd=self.dir, env={"HOME": self.dir, "TZ": "UTC"}, **how)

    def run_scripts(self, scripts, parallel=0, timeout=None, **how):
        text = "version: 1\ndefaults:\n  parallel: %d\n" % parallel
        text += "  skipDockerConfig: true\n"
        if timeout:
            text += "  timeout: %s\n" % timeout
        text += "scripts:\n"
        for s in scripts:
            text += "  - name: %s\n    script: %s\n" % (s, s)
        return self.run_config(text, **how)


class HostileBroker(Children):
    worker = "regbot-worker"

    def test_dies_of_each_channel(self):
        p = self.run_config(
            "scripts:\n"
            "  - {name: a, script: 'tag.ls(\"localhost:1/a\")'}\n"
            "  - {name: b, script: 'log(\"well\")'}\n")
        err = p.stderr.decode("utf-8", "replace")
        self.assertEqual(p.returncode, 1, err)
        self.assertEqual(err.count("Registry process ended unexpectedly"), 3,
                         err)
        self.assertIn("cannot talk to registry localhost:1", err)
        self.assertIn("ended with status 5", err)
        self.assertIn("message=well", err)


class Inherited(Children):
    def ignoring(self, number):
        return self.run_scripts(
            ["good"], preexec_fn=lambda: signal.signal(number,
                                                       signal.SIG_IGN))

    def test_children_are_seen_to_end(self):
        p = self.ignoring(signal.SIGCHLD)
        self.assertEqual(p.returncode, 0, p.stderr)


    def test_nohup(self):
        p = subprocess.Popen(
            [os.path.join(self.dir, "regbot"), "server", "-c", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, cwd=self.dir, env={"HOME": self.dir},
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.kill)
        p.stdin.write(b"scripts: [{name: a, script: good, interval: 1h}]\n")
        p.stdin.close()
        # It says so once signals are its own.
        self.assertIn(b"Scheduled task", p.stderr.readline())
        with open("/proc/%d/status" % p.pid) as f:
            status = dict(line.split(":", 1) for line in f)
        taken = int(status["SigBlk"], 16)
        self.assertFalse(taken & 1 << signal.SIGHUP - 1)
        self.assertTrue(taken & 1 << signal.SIGTERM - 1)
        p.send_signal(signal.SIGHUP)
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(timeout=30), 0)


class HostileWorker(Children):
    broker = "regbot-broker"

    def check_alive(self, act, needle, **how):
        p = self.run_scripts(["good-before", act, "good-after"], **how)
        err = p.stderr.decode("utf-8", "replace")
        self.assertEqual(p.returncode, 1, err)
        self.assertIn(needle, err)
        for good in ("good-before", "good-after"):
            self.assertIn('msg="Finished script" script=%s' % good, err)
        self.assertEqual(err.count("Error running script"), 1, err)
        self.assertNotIn("\x1b", err)

    def test_timeout_is_enforced(self):
        self.check_alive("ignore-stop",
                         "timeout of 1s reached: the script did not end "
                         "and was killed",
                         timeout="1s")

    def test_worker_that_compiles_is_not_needed(self):
        """Whatever it does, the scripts run."""
        for act, why in (("compile-die", "ended with status 3"),
                         ("compile-log", "LOG is out of order"),
                         ("compile-done", "DONE is out of order"),
                         ("compile-many", None)):
            with self.subTest(act=act):
                p = self.run_scripts(["good", act, "last"])
                err = p.stderr.decode("utf-8", "replace")
                self.assertEqual(p.returncode, 0, err)
                for name in ("good", act, "last"):
                    self.assertIn('msg="Finished script" script=' + name, err)
                if why:
                    self.assertIn("Scripts were not checked before they run",
                                  err)
                    self.assertIn(why, err)

    def test_done_twice(self):
        p = self.run_scripts(["done-twice", "good"])
        self.assertIn(b'msg="Finished script" script=good', p.stderr)

    def test_log_flood(self):
        p = self.run_scripts(["log-flood", "good"])
        self.assertEqual(p.returncode, 0, p.stderr[-500:])
        self.assertGreater(p.stderr.count(b"msg=flood"), 100)
        self.assertIn(b'msg="Finished script" script=good', p.stderr)


class Writing(Children):
    """A worker that was taken over and writes although it may not."""

    broker = "regbot-broker"

    def write(self, *flags):
        reg = FakeRegistry()
        self.addCleanup(reg.stop)
        p = self.run_config(config([creds(reg.host)],
                                   {"t": "write " + reg.host}), *flags)
        err = p.stderr.decode("utf-8", "replace")
        self.assertEqual(p.returncode, 0, err)
        return reg, err

    def test_in_a_dry_run(self):
        reg, err = self.write("--dry-run")
        # The three were refused, and nothing was even asked.
        self.assertEqual(err.count('"ended with %d"' % DENIED), 3, err)
        self.assertEqual(reg.requests, [])

    def test_otherwise(self):
        reg, err = self.write()
        self.assertEqual(err.count('"ended with '), 3, err)
        self.assertNotIn('"ended with %d"' % DENIED, err)
        self.assertIn("DELETE", [one.method for one in reg.requests])


def add(act, needle):
    def test(self):
        self.check_alive(act, needle)

    def test_parallel(self):
        self.check_alive(act, needle, parallel=2)

    name = act.replace("-", "_")
    setattr(HostileWorker, "test_" + name, test)
    setattr(HostileWorker, "test_parallel_" + name, test_parallel)


for _act, _needle in KILLED.items():
    add(_act, _needle)

if __name__ == "__main__":
    unittest.main()
