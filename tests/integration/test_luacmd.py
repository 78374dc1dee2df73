# SPDX-License-Identifier: Apache-2.0
"""The command lua: a script that is in no configuration."""
import json
import os
import signal
import subprocess

from lib import images
from lib.case import Case
from lib.run import config, creds, program
from lib.wait import until


class Lua(Case):
    def lua(self, *args, **more):
        return self.box.run("lua", *args, **more)

    def prints(self, result, out):
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.out, out, result)
        self.assertEqual(result.err, "", result)

    def fails(self, result, code, err):
        self.assertEqual(result.code, code, result)
        self.assertIn(err, result.err)
        return result

    def test_where_scripts_come_from(self):
        self.box.write("s.lua", "#!/usr/bin/regbot lua\nprint(arg[0], ...)")
        self.prints(self.lua("s.lua"), "s.lua\n")
        self.prints(self.lua("s.lua", "-v", "--help"),
                    "s.lua\t-v\t--help\n")
        self.prints(self.lua("-e", "print(arg[0], #arg, ...)", "a b", "-e"),
                    "-e\t2\ta b\t-e\n")
        self.prints(self.lua("-", "x", stdin="print(arg[0], arg[1], arg[2])"),
                    "stdin\tx\tnil\n")
        self.prints(self.lua("-e", "print(#arg)", "--", "-x"), "1\n")

    def test_what_it_prints(self):
        self.prints(self.lua("-e", 'print(1, nil, 10 / 2) io.write("a", 2) '
                             'io.stdout:write("\\n")'), "1\tnil\t5\na2\n")
        result = self.lua("-e", 'io.stderr:write("e\\n") log "said" print(1)')
        self.assertEqual(result.out, "1\n", result)
        self.assertEqual(result.messages(), ["e", "said"], result)
        # Only what went wrong, unless more is asked for.
        result = self.lua("-v", "info", "-e", "print(1)")
        self.assertEqual(len(result.lines("Script summary")), 1, result)
        self.assertEqual(self.lua("-v", "error", "-e", "log(1)").err, "")

    def test_much_output_and_a_slow_reader(self):
        """Nothing is lost, and nothing piles up while nobody reads."""
        run = subprocess.Popen(
            [program("regbot"), "lua", "-e", "for i = 1, 300000 do print(i) "
             "end log 'all'"], cwd=self.box.dir, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={"HOME": self.box.dir})
        self.addCleanup(run.kill)
        self.assertEqual(run.stdout.readline(), b"1\n")
        os.set_blocking(run.stderr.fileno(), False)
        self.assertNotIn(b"all", run.stderr.read() or b"")
        os.set_blocking(run.stderr.fileno(), True)
        out, err = run.communicate(timeout=60)
        self.assertEqual(out.split(), [b"%d" % i for i in range(2, 300001)])
        self.assertIn(b"message=all", err)
        self.assertEqual(run.returncode, 0)

    def test_nobody_reads(self):
        """As other programs do: it ends, and says nothing."""
        run = subprocess.Popen(
            [program("regbot"), "lua", "-e", "while true do print 'y' end"],
            cwd=self.box.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"HOME": self.box.dir, "TERM": "dumb"})
        self.addCleanup(run.kill)
        self.assertEqual(run.stdout.readline(), b"y\n")
        run.stdout.close()
        err = run.stderr.read().decode()
        run.stderr.close()
        self.assertEqual(run.wait(60), 128 + signal.SIGPIPE)
        self.assertEqual([one for one in err.splitlines() if
                          "A user does not exist" not in one], [])
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [program("regbot"), "lua", "-e", "print(1)"], stdout=full,
                stderr=subprocess.PIPE, cwd=self.box.dir, timeout=60,
                env={"HOME": self.box.dir})
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write to standard output: No space", done.stderr)

    def test_interrupt_while_it_waits_for_a_reader(self):
        run = subprocess.Popen(
            [program("regbot"), "lua", "-e", "while true do print 'y' end"],
            cwd=self.box.dir, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={"HOME": self.box.dir})
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.kill)
        self.assertEqual(run.stdout.readline(), b"y\n")
        run.send_signal(signal.SIGINT)

        def ended():
            if run.poll() is None:
                run.send_signal(signal.SIGINT)
            return run.poll() is not None
        until("it ends", ended, 30)
        self.assertEqual(run.returncode, 128 + signal.SIGINT)

    def test_errors(self):
        self.box.write("s.lua", "local x\nerror 'boom'")
        result = self.fails(self.lua("s.lua"), 1, "s.lua:2: boom\nstack")
        self.assertEqual(result.err.count("boom"), 1, result)
        self.fails(self.lua("-e", "x ="), 1, "(command line):1: unexpected")
        self.fails(self.lua("-", stdin="error 'x'"), 1, "stdin:1: x")
        self.fails(self.lua("--timeout", "100ms", "-e", "while true do end"),
                   1, "timeout of 100ms reached")
        result = self.lua("--logopt", "json", "-e", "error 'boom'")
        self.assertEqual(result.code, 1, result)
        last = json.loads(result.err.splitlines()[-1])
        self.assertEqual(last["level"], "ERROR")
        self.assertIn("(command line):1: boom", last["msg"])

    def test_the_exit_status_is_what_the_script_gives(self):
        for code, status in (("3", 3), ("0", 0), ("", 0), ("true", 0),
                             ("false", 1), ("255", 255), ("-1", 255)):
            with self.subTest(code=code):
                result = self.lua("-e", "print(1) os.exit(%s)" % code)
                self.assertEqual(result.code, status, result)
                self.assertEqual(result.out, "1\n", result)
                self.assertEqual(result.err, "", result)
        result = self.lua("--logopt", "json", "-e", "os.exit(3)")
        self.assertEqual((result.code, result.err), (3, ""))
        # A script of a configuration has only failed.
        result = self.once([], {"a": "os.exit(3)"})
        self.assertEqual(result.code, 1, result)
        self.assertIn("os.exit(3)", result.err)

    def test_stopped_by_a_signal(self):
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(sig=sig):
                run = subprocess.Popen(
                    [program("regbot"), "lua", "-e",
                     "print('y') while true do end"], cwd=self.box.dir,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    env={"HOME": self.box.dir})
                self.addCleanup(run.stdout.close)
                self.addCleanup(run.kill)
                self.assertEqual(run.stdout.readline(), b"y\n")
                run.send_signal(sig)
                self.assertEqual(run.wait(30), 128 + sig)

    def test_byte_order_marks(self):
        mark = "\N{ZERO WIDTH NO-BREAK SPACE}"
        self.box.write("m.lua", mark + "return 'm'")
        self.box.write("s.lua", mark + "#!/usr/bin/regbot lua\n"
                       "print(require 'm') error 'x'")
        result = self.fails(self.lua("s.lua"), 1, "s.lua:2: x")
        self.assertEqual(result.out, "m\n", result)
        self.box.write("s.lua", mark)
        self.prints(self.lua("s.lua"), "")

    def test_usage(self):
        for args, err in (([], "there is no script"),
                          (["no.lua"], "no such file"),
                          (["-e", "x", "-e", "y"], "-e was given twice"),
                          (["--script", "x", "-e", ""], "unknown flag"),
                          (["--timeout", "0", "-e", ""], "--timeout"),
                          (["-c", "no.yml", "-e", ""], "no such file"),
                          (["-e", "print(1)"] + ["x" * 40000], "longer"),
                          (["-c", "-", "-"], "both be standard input")):
            with self.subTest(args=args[:2]):
                result = self.fails(self.lua(*args), 2, err)
                self.assertEqual(result.out, "", result)

    def test_modules(self):
        """Beside the script, here, beside the configuration, and where that
        says."""
        for name in ("sub", "conf", "more"):
            os.mkdir(self.box.path(name))
        self.box.write("sub/one.lua", "return 'one'")
        self.box.write("two.lua", "return 'two'")
        self.box.write("conf/three.lua", "return 'three'")
        self.box.write("more/four.lua", "return 'four'")
        self.box.write("conf/r.yml", "defaults: {modules: [%s]}\n" %
                       self.box.path("more"))
        self.box.write("sub/s.lua", "for i = 1, #arg do print(require(arg[i]))"
                       " end")
        self.prints(self.lua("-c", "conf/r.yml", "sub/s.lua", "one", "two",
                             "three", "four"), "one\ntwo\nthree\nfour\n")

    def test_registries(self):
        """Logins and defaults of a file, whose scripts do not run; a dry run;
        what the README shows."""
        registry = self.registry()
        images.image("x").push(registry.client, "app", "v1")
        self.box.write("r.yml", config([creds(registry.host, "r:5000")], {
            "x": "error 'not this one'"}))
        run = ["-c", "r.yml", "-e"]
        ls = "for _, t in ipairs(tag.ls(arg[1])) do print(t) end"
        result = self.lua("-c", "r.yml", "--dry-run", "-e",
                          "image.copy(arg[1], arg[2])", "r:5000/app:v1",
                          "r:5000/app:v2")
        self.assertEqual(result.code, 0, result)
        self.assertIn("dry-run=true", result.err)
        self.prints(self.lua(*run, ls, "r:5000/app"), "v1\n")
        self.prints(self.lua(*run, "image.copy(arg[1], arg[2])",
                             "r:5000/app:v1", "r:5000/app:v2"), "")
        self.prints(self.lua(*run, ls, "r:5000/app"), "v1\nv2\n")

    def test_it_is_confined(self):
        self.fails(self.lua("-e", "io.open('/etc/passwd')"), 1,
                   "io.open is not available")
        self.prints(self.lua("-e", "print(os.getenv('HOME'))"), "nil\n")
        self.box.write("r.yml", "defaults: {env: [WORD], allow: []}\n")
        self.fails(self.lua("-c", "r.yml", "-e", "print(1)"), 1,
                   "the script is not run")
        self.box.write("r.yml", "defaults: {env: [WORD]}\n")
        self.prints(self.lua("-c", "r.yml", "-e", "print(os.getenv('WORD'))",
                             env={"WORD": "yes"}), "yes\n")
