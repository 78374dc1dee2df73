# SPDX-License-Identifier: Apache-2.0
"""The log, as regbot's users know it: text and JSON."""
import json
import re

from lib import images
from lib.case import Case
from lib.run import config, program

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)"


class Log(Case):
    def log(self, script, *flags, **more):
        return self.box.run("once", "-c", "-", *flags,
                            stdin=config([], {"t": script}), **more)

    def after_time(self, result):
        """The log lines without their first attribute, and without the one at
        the script's end."""
        lines = result.err.rstrip("\n").split("\n")
        self.assertIn(' msg="Script summary" script=t ', lines.pop(), result)
        for line in lines:
            self.assertRegex(line, "^time=%s level=" % TIME)
        return [line.split(" ", 1)[1] for line in lines]

    def test_quoting(self):
        script = "\n".join([
            'log("ünï")', 'log("say \\"hi\\"")', 'log("a\\nb\\tc")',
            'log("k=v")', 'log("")', 'log("back\\\\slash")', 'log(42)',
            'log(10/4)', 'log("no_quotes_needed")', 'log("hello world")'])
        self.assertEqual(self.after_time(self.log(script)), [
            'level=INFO msg="User script message" script=t message=' + value
            for value in ("ünï", '"say \\"hi\\""', '"a\\nb\\tc"', '"k=v"',
                          '""', "back\\slash", "42", "2.5",
                          "no_quotes_needed", '"hello world"')])

    def test_control_characters(self):
        result = self.log('log("a\\27[31m\\1\\127b\\r")')
        self.assertIn('message="a\\x1b[31m\\x01\\x7fb\\r"', result.err)

    def test_one_record_one_line(self):
        """A script cannot forge a line of the log."""
        result = self.log('log("x\\ntime=2020-01-01T00:00:00.000Z '
                          'level=ERROR msg=forged")')
        self.assertEqual(len(result.lines()), 2)

    def test_invalid_utf8_does_not_get_out(self):
        result = self.box.start("once", "-c", "-", stdin=config(
            [], {"t": 'log("a\\255\\192b")'}))
        self.succeeded(result.wait())
        with open(result.err_path, "rb") as raw:
            raw.read().decode("utf-8")

    def test_script_name_is_quoted(self):
        result = self.box.run("once", "-c", "-", stdin=config(
            [], {'two words "q"': 'log "x"'}))
        self.assertIn('script="two words \\"q\\"" message=x', result.err)

    def test_error(self):
        result = self.log('log("before")\nerror("boom")\nlog("after")')
        self.assertEqual(result.code, 1)
        self.assertEqual(result.messages(), ["before"])
        line = result.lines("Error running script")[0]
        self.assertEqual(line["level"], "WARN")
        self.assertEqual(line["script"], "t")
        self.assertTrue(line["error"].startswith("<string>:2: boom\n"),
                        result)
        self.assertIn("stack traceback:", line["error"])
        # The error stands once more at the end, for a person to read.
        rest = result.err.split("\n")
        self.assertIn("<string>:2: boom", rest)

    def test_error_has_its_line_of_the_file(self):
        text = ("scripts:\n- name: t\n  script: |\n"
                "    log \"one\"\n\n    error(\"boom\")\n"
                "- name: long\n  timeout: 1s\n  script: |\n"
                "    local n = 0\n    while true do n = n + 1 end\n")
        self.box.write("r.yml", text)
        result = self.box.run("once", "-c", "r.yml")
        self.assertEqual(
            [line["position"] for line in result.lines(
                "Error running script")],
            ["r.yml:6", "r.yml:11"], result)
        result = self.box.run("once", "-c", "-", stdin=text)
        self.assertEqual(result.lines("Error running script")[0]["position"],
                         "<stdin>:6", result)

    def test_warning_has_its_line_of_the_file(self):
        result = self.succeeded(self.box.run("once", "-c", "-", "-v",
            "debug", stdin=("scripts:\n- name: t\n  script: |\n"
            "    pcall(tag.ls, \"localhost:1/x\", {limt = 2})\n"
            "    log(string.match(\"v1\", \"v\\d\") or \"none\")\n")))
        self.assertEqual(
            [(line["level"], line["position"])
             for line in result.lines(script="t")
             if line["message"] and "<string>:" in line["message"]],
            [("DEBUG", "<stdin>:5"), ("WARN", "<stdin>:4")], result)

    def test_first_error_is_the_one_printed(self):
        result = self.box.run("once", "-c", "-", stdin=config(
            [], {"a": 'error "A"', "b": 'error "B"'}))
        self.assertEqual(len(result.lines("Error running script")), 2)
        plain = [line for line in result.err.split("\n")
                 if line.startswith("<string>")]
        self.assertEqual(plain, ["<string>:1: A"])

    def test_syntax_error_of_the_last_is_told_first(self):
        """In the words that running it alone gives; the others run."""
        wrong = 'log "c"\n-- more\nlog("d" .. = 3)'
        alone = self.log(wrong)
        self.assertEqual(alone.code, 1)
        result = self.box.run("once", "-c", "-", "-v", "debug", stdin=config(
            [], {"a": 'log "a"', "b": 'log "\\d"', "c": wrong,
                 "empty": "-- nothing"}))
        self.assertEqual(result.code, 1, result)
        self.assertEqual(result.messages(), ["a", "d"])
        self.assertEqual(result.error("c"), alone.error("t"))
        told = result.lines("Syntax error in script")
        self.assertEqual([(one["script"], one["error"]) for one in told],
                         [("c", alone.error("t"))])
        order = [(one["msg"], one["script"]) for one in result.lines()]
        self.assertLess(order.index(("Syntax error in script", "c")),
                        order.index(("Starting script", "a")))
        self.assertEqual(len(result.lines("Error running script")), 1)
        # What is only a warning comes once, when the script runs.
        self.assertEqual(len(result.lines("Backslash without meaning")), 1)
        self.assertIn('script "c" failed', result.err.split("\n"))

    def test_last_line_names_the_scripts_that_failed(self):
        result = self.log('error("boom")')
        self.assertEqual(result.err.rstrip("\n").split("\n")[-1],
                         'script "t" failed')
        result = self.box.run("once", "-c", "-", stdin=config(
            [], {"a": 'log "x"', "b": 'error "B"', "c": 'error "C"'}))
        self.assertEqual(result.err.rstrip("\n").split("\n")[-1],
                         '2 of 3 scripts failed: "b" (with the error above), '
                         '"c"')

    def test_levels(self):
        script = 'log("x")'
        for level, shown in (("debug", 1), ("INFO", 1), ("info", 1),
                             ("warn", 0), ("error", 0), ("INFO+1", 0),
                             ("trace", 1)):
            with self.subTest(level=level):
                result = self.log(script, "-v", level)
                self.succeeded(result)
                self.assertEqual(len(result.messages()), shown, result)

    def test_debug_names_start_and_end(self):
        result = self.log('log("x")', "-v", "debug")
        self.assertEqual(len(result.lines("Starting script", "t")), 1)
        self.assertEqual(len(result.lines("Finished script", "t")), 1)
        self.assertEqual(result.lines("Starting script")[0]["level"],
                         "DEBUG")

    def json_log(self, result):
        """All lines of standard error: each is one JSON object."""
        lines = result.err.split("\n")
        self.assertEqual(lines.pop(), "", result)
        records = []
        for line in lines:
            try:
                records.append(json.loads(line))
            except ValueError:
                self.fail("%r is no JSON in %s" % (line, result))
            self.assertEqual(list(records[-1])[:3], ["time", "level", "msg"])
        return records

    def test_json(self):
        result = self.log('log("hello \\"json\\" <&> ünï\\n")\n'
                          'error("boom")', "--logopt", "json")
        self.assertEqual(result.code, 1)
        records = self.json_log(result)
        self.assertEqual(list(records[0]), [
            "time", "level", "msg", "script", "message"])
        self.assertRegex(records[0]["time"],
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-])")
        self.assertEqual(records[0]["message"], 'hello "json" <&> ünï\n')
        self.assertEqual(records[1]["msg"], "Error running script")
        self.assertTrue(records[1]["error"].startswith("<string>:2: boom"))
        last = records[-1]
        self.assertEqual(last["level"], "ERROR")
        self.assertEqual(last["msg"], 'script "t" failed')
        self.assertEqual(last["script"], "t")
        self.assertEqual(last["failed"], 1)
        self.assertTrue(last["error"].startswith("<string>:2: boom"))

    def test_json_only(self):
        """Whatever ends the program says it in JSON."""
        self.box.write("bad.yml", "scripts: [\n")
        self.box.write("good.yml", config([], {"t": 'log "x"'}))
        for args in (["once", "-c", "bad.yml"],
                     ["server", "-c", "bad.yml"],
                     ["once", "-c", "missing.yml"],
                     ["once"],
                     ["wrong"],
                     ["once", "--wrong"],
                     ["once", "-c", "good.yml", "-v", "wrong"],
                     ["version", "--format", "{{"]):
            for flags in (["--logopt", "json"], ["--logopt=json"]):
                with self.subTest(args=args, flags=flags):
                    result = self.box.run(*args, *flags)
                    self.assertEqual(result.code, 2, result)
                    records = self.json_log(result)
                    self.assertGreaterEqual(len(records), 1, result)
                    self.assertEqual(records[-1]["level"], "ERROR")

    def test_json_of_children_that_die(self):
        """What a child prints when it dies is part of a record."""
        result = self.log('local t = {} while true do '
                          't[#t + 1] = ("x"):rep(1000000) end',
                          "--logopt", "json", "-v", "trace")
        self.assertEqual(result.code, 1)
        self.assertIn("not enough memory", self.json_log(result)[-1]["error"])

    def test_json_values_have_types(self):
        registry = self.registry()
        images.image().push(registry.client, "x/y", "v1")
        result = self.once([registry], (
            'image.copy("%s/x/y:v1", "%s/x/y:v2")' % (
                registry.host, registry.host)), "--logopt", "json")
        self.succeeded(result)
        record = self.json_log(result)[0]
        self.assertEqual(record["msg"], "Copy image")
        self.assertIs(record["dry-run"], False)
        self.assertIs(record["digestTags"], False)

    def test_copy_lines(self):
        a, b = self.registry(), self.registry()
        made = images.image("lines", layers=[10, 20])
        made.push(a.client, "x/y", "v1")
        result = self.once([a, b], 'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
            a.host, b.host))
        self.succeeded(result)
        self.assertEqual(len(result.lines("Copy layer")), 2, result)
        self.assertEqual(len(result.lines("Copy config")), 1, result)
        self.assertRegex(
            result.lines("Copy image")[0].text,
            r"script=t source=%s/x/y:v1 target=%s/x/y:v1 digestTags=false "
            r"forceRecursive=false includeExternal=false dry-run=false$" % (
                re.escape(a.host), re.escape(b.host)))

    def summary(self, result, script="t"):
        """The line at a script's end: its attributes but the usual ones."""
        line, = result.lines("Script summary", script)
        self.assertEqual(line["level"], "INFO")
        self.assertRegex(line["elapsed"], r"^[0-9.hm]+s$")
        return {k: v for k, v in line.fields.items() if k not in (
            "time", "level", "msg", "script", "elapsed")}

    def test_summary(self):
        """A line at a script's end says what it did."""
        one, two = self.registry(), self.registry()
        made = images.image("sum", layers=[10, 20])
        made.push(one.client, "x/y", "v1")
        made.push(two.client, "have/it", "v1")
        script = "\n".join([
            'image.copy("ONE/x/y:v1", "TWO/have/it:v1")',
            'image.copy("ONE/x/y:v1", "TWO/new/a:v1")',
            'image.copy("ONE/x/y:v1", "TWO/new/b:v1")',
            'pcall(image.copy, "ONE/x/y:none", "TWO/new/a:none")',
            'tag.delete("TWO/have/it:v1")',
        ]).replace("ONE", one.host).replace("TWO", two.host)
        dry = self.succeeded(self.once([one, two], script, "--dry-run"))
        got = self.summary(dry)
        self.assertEqual(int(got.pop("would-copy")) +
                         int(got.pop("up-to-date")), 3)
        self.assertEqual(got, {"would-delete": "1", "failed": "1"})
        real = self.succeeded(self.once([one, two], script))
        got = self.summary(real)
        self.assertGreater(int(got.pop("bytes")), 30)
        self.assertEqual(got, {
            "copied": "2", "up-to-date": "1", "deleted": "1", "failed": "1"})

    def test_summary_of_a_script_that_failed(self):
        result = self.box.run("once", "-c", "-", stdin=config(
            [], {"a": 'error "x"', "b": 'log "fine"'}))
        for script in "ab":
            self.assertEqual(self.summary(result, script), {
                "copied": "0", "up-to-date": "0", "deleted": "0",
                "failed": "0", "bytes": "0"})

    def test_print_goes_to_the_log(self):
        result = self.log('print("to", 1, nil)')
        self.succeeded(result)
        self.assertIn("to\t1\tnil", result.err.replace("\\t", "\t"))

    def test_log_that_nobody_reads(self):
        """A closed standard error kills regbot with no signal."""
        result = self.box.run(
            "-c", 'exec "$0" once -c - 2>&-', program("regbot"),
            stdin=config([], {"t": 'for i = 1, 1000 do log("x") end'}),
            path="/bin/sh")
        self.assertIn(result.code, (0, 1))
