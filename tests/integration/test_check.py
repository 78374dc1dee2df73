# SPDX-License-Identifier: Apache-2.0
"""The command check: mistakes of a configuration, its scripts and modules."""
import json
import os
import re
import stat

from lib.case import Case
from lib.run import config

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


class Check(Case):
    def check(self, text, *flags, **more):
        self.box.write("r.yml", text)
        return self.box.run("check", "-c", "r.yml", *flags, **more)

    def scripts(self, *texts, **more):
        """A file with these scripts, as blocks: the first begins in line 4,
        and each takes its lines and 3 more."""
        out = "scripts:\n"
        for n, text in enumerate(texts):
            out += "- name: s%d\n  interval: 1h\n  script: |\n" % n + "".join(
                "    %s\n" % line for line in text.split("\n"))
        return out

    def fine(self, result, warnings=0):
        self.assertEqual(result.code, 0, result)
        self.assertIn("no errors, %d warning" % warnings, result.out)
        self.assertEqual(len(result.lines()), warnings, result)

    def wrong(self, result, *lines):
        """What is wrong, by the beginnings of plain lines."""
        self.assertEqual(result.code, 2, result)
        self.assertEqual(result.out, "", result)
        plain = [one for one in result.err.split("\n")
                 if one and not one.startswith(("time=", "\t"))]
        self.assertEqual(len(plain), len(lines), result)
        for one, start in zip(plain, lines):
            self.assertTrue(one.startswith(start), (one, start))

    def mistakes(self, result):
        return [(one["position"], one["message"].split(": ", 1)[1])
                for one in result.lines("Probable mistake in script")]

    def test_what_is_fine(self):
        result = self.check(self.scripts("log 'x'") +
                            "- name: by hand\n  script: log(1)\n"
                            "- {name: every, script: log(1), schedule: "
                            "'@every 90m'}\n")
        self.fine(result)
        lines = result.out.splitlines()
        self.assertEqual(lines[0], "r.yml: 3 scripts, 0 registries, no "
                         "errors, 0 warnings")
        day = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
        self.assertRegex(lines[1], r"^s0: every 1h0m0s, next "
                         "%s, %s, %s$" % (day, day, day))
        self.assertIn("no interval and no schedule", lines[2])
        self.assertRegex(lines[3], "^every: every 1h30m0s, next ")
        result = self.check(
            "scripts:\n- {name: a, script: log(1), runAtStart: true}\n"
            "- {name: b, script: log(1), runAtStart: true, interval: 1h, "
            "jitter: 5m}\n")
        self.fine(result)
        lines = result.out.splitlines()
        self.assertIn("only when server starts and by", lines[1])
        self.assertRegex(lines[2], "^b: at the start, every 1h0m0s, next "
                         "%s, %s, %s, each up to 5m0s later$" %
                         (day, day, day))

    def test_from_standard_input(self):
        result = self.box.run("check", "-c", "-", stdin=self.scripts("x ="))
        self.wrong(result, '<stdin>:5: script "s0": unexpected symbol')

    def test_all_errors_at_once(self):
        """Those of the file, of its scripts, of their modules; in JSON too."""
        self.box.write("bad.lua", "local x\nx = = 1")
        text = "version: 1\ncreds:\n- {registry: a, tls: maybe}\n" + \
            self.scripts("log(1)\nlog(", "require 'bad'", "log(1)",
                         "require 'bad' require 'absent'")
        expected = ('r.yml:3:', 'r.yml:9: script "s0": unexpected symbol '
                    "near <eof>", "./bad.lua:2: unexpected symbol",
                    'r.yml:21: script "s3": module absent not found:')
        self.wrong(self.check(text), *expected)
        result = self.check(text, "--logopt", "json")
        self.assertEqual(result.code, 2, result)
        records = [json.loads(one) for one in result.err.splitlines()]
        errors = [one["msg"] for one in records if one["level"] == "ERROR"]
        self.assertEqual(len(errors), 4, result)
        # A run says as much before it starts.
        result = self.box.run("once", "-c", "r.yml")
        self.wrong(result, *expected[:2])

    def test_mistakes_in_names(self):
        result = self.check(self.scripts(
            "local t = tag.lst('a/b')\nlog(#t)\nimge.copy('a', 'b')",
            "function f() return tags end\nf()"))
        self.fine(result, 3)
        self.assertEqual(self.mistakes(result), [
            ("r.yml:5", 'tag has no function or field "lst", did you mean '
             '"ls"?'),
            ("r.yml:7", 'nothing defines the global "imge", did you mean '
             '"image"?'),
            ("r.yml:11", 'nothing defines the global "tags", did you mean '
             '"tag"?')])

    def test_modules_define_globals(self):
        os.mkdir(self.box.path("lib"))
        self.box.write("lib/one.lua", "#!/usr/bin/lua\nrequire 'two'\n"
                       "one_global = 1\nlog(main_global, zzz)")
        self.box.write("lib/two.lua", "two_global = 1")
        text = "defaults: {modules: [lib]}\n" + self.scripts(
            "require 'one'\nlog(one_global, two_global)\nmain_global = 1")
        result = self.check(text)
        self.fine(result, 1)
        self.assertEqual(self.mistakes(result), [
            ("./lib/one.lua:4", 'nothing defines the global "zzz"')])

    def test_modules_of_regbot(self):
        """They need no file."""
        text = "".join("local %s = require '%s'\n" % (one, one) for one in
                       ("semver", "time", "json"))
        self.fine(self.check(self.scripts(text + "log(zz)")), 1)
        self.fine(self.check(self.scripts(
            "parallel(2, {}, tag.newest) log(input, manifest.digest)\n"
            "output(tag.exists, image.referrers, blob.get)")))

    def test_nothing_is_started_or_sent(self):
        """No registry is asked, no credential helper runs, no script."""
        registry = self.fake()
        ran = self.box.path("ran")
        helper = self.box.write("docker-credential-x", "#!/bin/sh\n"
                                "touch %s\n" % ran)
        os.chmod(helper, stat.S_IRWXU)
        entry = {"registry": registry.host, "tls": "disabled",
                 "credHelper": "docker-credential-x"}
        text = config([entry], {"x": "error 'ran' image.copy('%s/a', "
                                "'%s/b')" % (registry.host, registry.host)})
        self.fine(self.check(text, "-v", "debug", env={
            "PATH": self.box.dir + ":" + os.environ["PATH"]}))
        self.assertEqual(registry.requests, [])
        self.assertFalse(os.path.exists(ran))

    def test_chosen_scripts(self):
        text = self.scripts("log(", "log(1)")
        self.fine(self.check(text, "--script", "s1"))
        self.wrong(self.check(text, "--script", "s0"), "r.yml:5: ")

    def test_restrictions(self):
        """What allow means is told, and that this version cannot enforce it;
        the script is looked at nevertheless."""
        result = self.check(
            "scripts:\n- name: x\n  allow:\n  - pull a:5/b:v*\n"
            "  - push a:5/b:v*\n  - pull a:5/b\n  script: log(qqq)\n")
        self.wrong(result, 'r.yml:2: script "x": the script is not run: '
                   '"allow" (r.yml:4)')
        notes = [one for one in result.lines() if "digest" in one["msg"]]
        self.assertEqual([one["position"] for one in notes], ["r.yml:4:5"])
        self.assertEqual(len(self.mistakes(result)), 1)

    def test_what_people_write(self):
        """No false alarm in any example of ours."""
        folder = os.path.join(TOP, "contrib/examples")
        names = [one for one in sorted(os.listdir(folder))
                 if one.endswith(".yml")]
        self.assertGreater(len(names), 3)
        for name in names:
            with self.subTest(name=name):
                result = self.box.run("check", "-c",
                                      os.path.join(folder, name))
                self.assertEqual(result.code, 0, result)
                self.assertEqual(self.mistakes(result), [], result)

    def test_script_that_is_no_block(self):
        result = self.check('scripts:\n- name: x\n  script: "log(1)\\nlog("\n')
        self.wrong(result, 'r.yml:3: script "x": ')
        self.assertNotRegex(result.err, re.escape("<string>"))
