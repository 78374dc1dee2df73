"""A worker that breaks every rule: the supervisor survives it, and the other
scripts of the run are not harmed."""
import os
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ.get("REGBOT_BUILD", os.getcwd())
HOSTILE = "tests/adversarial/hostile_worker"

# act -> what the sentence about it must contain
KILLED = {
    "garbage": "out of bounds",
    "empty-frame": "before the script was over",
    "oversize": "before the script was over",
    "descriptor": "carried a descriptor",
    "ready-twice": "READY came twice",
    "no-id": "SLOT has no id",
    "slot-twice": "is wanted twice",
    "release-nothing": "is not held",
    "stream-zero": "a stream has number 0",
    "broker-message": "(HELD) is not allowed here",
    "exit-zero": "before the script was over",
    "exit-three": "ended with status 3",
    "trap": "killed by SIGILL",
    "close-and-stay": "closed its channel and did not end",
    "stderr-flood": "ended with status 4",
    "open-many": "no registry was opened",
    "terminal-codes": "cleared",
}


class HostileWorker(unittest.TestCase):
    def setUp(self):
        if not os.path.exists(os.path.join(BUILD, HOSTILE)):
            self.skipTest("make %s first" % HOSTILE)
        self.dir = tempfile.mkdtemp(prefix="regbot-hostile-")
        self.addCleanup(shutil.rmtree, self.dir)
        for name, source in (("regbot", "regbot"),
                             ("regbot-broker", "regbot-broker"),
                             ("regbot-worker", HOSTILE)):
            shutil.copy(os.path.join(BUILD, source),
                        os.path.join(self.dir, name))
        os.chmod(self.dir, 0o755)

    def run_scripts(self, scripts, parallel=0, timeout=None):
        config = os.path.join(self.dir, "regbot.yml")
        with open(config, "w") as f:
            f.write("version: 1\ndefaults:\n  parallel: %d\n" % parallel)
            f.write("  skipDockerConfig: true\n")
            if timeout:
                f.write("  timeout: %s\n" % timeout)
            f.write("scripts:\n")
            for s in scripts:
                f.write("  - name: %s\n    script: %s\n" % (s, s))
        return subprocess.run(
            [os.path.join(self.dir, "regbot"), "once", "-c", config,
             "-v", "debug"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
            cwd=self.dir, env={"HOME": self.dir, "TZ": "UTC"})

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
                         "went on after its timeout of 1s and was killed",
                         timeout="1s")

    def test_done_twice(self):
        p = self.run_scripts(["done-twice", "good"])
        self.assertIn(b'msg="Finished script" script=good', p.stderr)

    def test_log_flood(self):
        p = self.run_scripts(["log-flood", "good"])
        self.assertEqual(p.returncode, 0, p.stderr[-500:])
        self.assertGreater(p.stderr.count(b"msg=flood"), 100)
        self.assertIn(b'msg="Finished script" script=good', p.stderr)


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
