# SPDX-License-Identifier: Apache-2.0
"""The command line: what it takes, what it prints, how it ends."""
import subprocess

from lib.case import Case
from lib.run import config, program

HELLO = config([], {"x": 'log "ok"'})


class CommandLine(Case):
    def run_it(self, *args, **more):
        return self.box.run(*args, **more)

    def refused(self, result, text):
        self.assertEqual(result.code, 2, result)
        self.assertIn(text, result.err)
        self.assertEqual(result.out, "", result)
        self.assertNotIn("Usage", result.err)

    def said_ok(self, result):
        self.succeeded(result)
        self.assertEqual(result.messages("x"), ["ok"], result)

    def test_help(self):
        plain = self.run_it()
        for args in ([], ["--help"], ["-h"], ["help"]):
            result = self.run_it(*args)
            self.assertEqual(result.code, 0, result)
            self.assertEqual(result.out, plain.out)
            self.assertEqual(result.err, "")
        for word in ("Usage:", "regbot [command]", "once ", "server ",
                     "version ", "--logopt", "-v, --verbosity"):
            self.assertIn(word, plain.out)

    def test_help_of_commands(self):
        for command in ("check", "completion", "lua", "once",
                        "server", "version"):
            first = self.run_it(command, "--help")
            self.assertEqual(first.code, 0, first)
            self.assertIn("Usage:", first.out)
            self.assertIn("regbot " + command, first.out)
            self.assertEqual(self.run_it("help", command).out, first.out)
        self.assertIn("--dry-run", self.run_it("once", "--help").out)
        self.assertIn("--format", self.run_it("version", "--help").out)

    def test_config_missing(self):
        for command in ("check", "once", "server"):
            self.refused(self.run_it(command),
                         'required flag(s) "config" not set')

    def test_config_not_there(self):
        result = self.run_it("once", "-c", "nofile.yml")
        self.refused(result, "nofile.yml")
        self.assertRegex(result.err, "(?i)no such file")

    def test_config_is_a_directory(self):
        self.refused(self.run_it("once", "-c", self.box.dir), self.box.dir)

    def test_config_from_standard_input(self):
        self.said_ok(self.run_it("once", "-c", "-", stdin=HELLO))

    def test_nothing_to_run(self):
        """A run or a server that would do nothing is a mistake."""
        for text in ("", "version: 1\n", "scripts: []\n",
                     "scripts:\n- name: x\n  scrip: log 'a'\n",
                     "scripts:\n- name: x\n  script: ''\n"):
            for command in ("once", "server"):
                with self.subTest(command=command, text=text):
                    result = self.run_it(command, "-c", "-", stdin=text)
                    self.refused(result, "<stdin>:")
                    self.assertRegex(result.err, "expected|did you mean")

    def test_flags_in_all_spellings(self):
        self.box.write("r.yml", HELLO)
        for args in (["once", "-c", "r.yml"], ["once", "-cr.yml"],
                     ["once", "--config", "r.yml"],
                     ["once", "--config=r.yml"], ["-c", "r.yml", "once"],
                     ["once", "--dry-run", "--config", "r.yml"],
                     ["once", "--dry-run=false", "-c", "r.yml"],
                     ["-v", "info", "once", "-c", "r.yml"],
                     ["once", "-c", "r.yml", "--verbosity=debug"]):
            with self.subTest(args=args):
                self.said_ok(self.run_it(*args))

    def test_chosen_scripts(self):
        """In the order of the file, whatever the order of the flags; several
        may have one name."""
        text = config([], [{"name": n, "script": "log(%r)" % t} for n, t in
                           (("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"))])
        for flags, said in ((["--script", "a"], ["1", "3"]),
                            (["--script=c", "--script", "b"], ["2", "4"]),
                            (["--script", "b", "--script", "b"], ["2"])):
            result = self.run_it("once", "-c", "-", *flags, stdin=text)
            self.succeeded(result)
            self.assertEqual(result.messages(), said, result)
        for command in ("once", "server", "check"):
            result = self.run_it(command, "-c", "-", "--script", "a",
                                 "--script", "prun", stdin=config(
                                     [], {"a": 'log "1"', "prune": "log(2)"}))
            self.refused(result, '<stdin> has no script "prun", did you mean '
                         '"prune"?')

    def test_restricted_scripts(self):
        """What cannot be enforced is said once, and no server waits for it."""
        text = config([], [{"name": "x", "script": "log(1)",
                            "allow": ["pull a/b"], "interval": "1h"}])
        result = self.run_it("once", "-c", "-", stdin=text)
        self.assertEqual(result.code, 1, result)
        self.assertEqual(len(result.lines()), 1, result)
        result = self.run_it("server", "-c", "-", stdin=text)
        self.refused(result, "there is nothing to run on a schedule")
        self.assertEqual(len(result.lines("Script will not run")), 1, result)

    def test_unknown_flag(self):
        self.refused(self.run_it("once", "--nope"), "unknown flag: --nope")
        self.refused(self.run_it("version", "-c", "x"),
                     "unknown shorthand flag: 'c' in -c")

    def test_unknown_log_option(self):
        self.refused(self.run_it("once", "-c", "-", "--logopt", "jsn",
                                 stdin=HELLO),
                     'unknown log option "jsn", did you mean json?')

    def test_unknown_command(self):
        self.refused(self.run_it("onec"),
                     'unknown command "onec" for "regbot", did you mean once?')
        self.refused(self.run_it("frob"),
                     'unknown command "frob" for "regbot"')

    def test_extra_argument(self):
        self.box.write("r.yml", HELLO)
        self.refused(self.run_it("once", "-c", "r.yml", "extra"),
                     "accepts between 0 and 0 arg(s), received 1")

    def test_flag_without_its_value(self):
        self.assertEqual(self.run_it("once", "-c").code, 2)

    def test_bad_verbosity(self):
        self.refused(self.run_it("once", "-c", "-", "-v", "bogus",
                                 stdin=HELLO),
                     "unable to parse verbosity bogus")

    def test_standard_descriptors_that_are_closed(self):
        """Nothing else takes their place, least of all where the log goes."""
        self.box.write("r.yml", HELLO)
        for closed in ("0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"):
            with self.subTest(closed=closed):
                done = subprocess.run(
                    ["sh", "-c", 'exec "$0" once -c r.yml ' + closed,
                     program("regbot")], cwd=self.box.dir, timeout=60,
                    env={"HOME": self.box.dir}, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 0)
                self.assertEqual(b"User script message" in done.stderr,
                                 "2>&-" not in closed)

    def test_exit_status_of_scripts(self):
        good, bad = 'log "x"', 'error "boom"'
        for scripts, code in (({"a": good}, 0), ({"a": bad}, 1),
                              ({"a": bad, "b": good}, 1),
                              ({"a": good, "b": bad}, 1)):
            with self.subTest(scripts=scripts):
                result = self.run_it("once", "-c", "-",
                                     stdin=config([], scripts))
                self.assertEqual(result.code, code, result)

    def test_programs_run_from_elsewhere(self):
        result = self.box.run("once", "-c", "-", stdin=HELLO,
                              env={"PATH": "/nonexistent"})
        self.said_ok(result)
