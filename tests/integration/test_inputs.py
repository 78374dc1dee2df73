# SPDX-License-Identifier: Apache-2.0
"""Inputs and outputs: files and commands that a script is given, and the
files that it gives."""
import json
import os
import signal
import stat

from lib.case import Case
from lib.run import alive, kill
from lib.wait import until


class Exchange(Case):
    def write(self, inputs="", script="log('ran')", outputs="", more=""):
        """A configuration of one script."""
        body = "".join("      %s\n" % line for line in script.split("\n"))
        self.box.write("regbot.yml", "scripts:\n  - name: t\n%s%s%s"
                       "    script: |\n%s" % (
                           "    inputs: %s\n" % inputs if inputs else "",
                           "    outputs: %s\n" % outputs if outputs else "",
                           more, body))

    def start(self, *args, flags=(), **more):
        self.write(*args, **more)
        return self.box.start("once", "-c", "regbot.yml", *flags)

    def run_it(self, *args, **more):
        return self.start(*args, **more).wait()

    def refused(self, inputs, *patterns):
        """Nothing of the script runs."""
        result = self.run_it(inputs)
        self.assertEqual(result.messages(), [], result)
        self.failed(result, r"^the script was not started, since its input "
                    r'"i" \(regbot.yml:3\) ', *patterns)
        return result


class Inputs(Exchange):
    def test_lines_of_a_file(self):
        self.box.write("in.txt", "one\r\n\n two \nthree")
        result = self.succeeded(self.run_it(
            "{i: {file: in.txt}}",
            "log(#input.i .. '|' .. table.concat(input.i, '|'))"))
        self.assertEqual(result.messages(), ["3|one| two |three"])

    def test_json_of_a_file(self):
        self.box.write("in.json", json.dumps(
            {"a": [1, 2.5, {"b": "\u00e9"}], "n": None, "t": True}))
        result = self.succeeded(self.run_it(
            "{i: {file: in.json}}",
            "log(input.i.a[1] .. ' ' .. input.i.a[2] .. input.i.a[3].b)\n"
            "log(tostring(input.i.n) .. tostring(input.i.t))"))
        self.assertEqual(result.messages(), ["1 2.5\u00e9", "niltrue"])

    def test_command(self):
        """By its arguments, no shell; in a small environment."""
        self.write("{i: {command: [printf, '%s\\n', '$HOME', 'a b', '*']}, "
                   "e: {command: [env], env: [GIVEN]}}",
                   "log(table.concat(input.i, '|'))\n"
                   "for _, l in ipairs(input.e) do\n"
                   "  log((l:gsub('=.*', '')))\n"
                   "end")
        result = self.succeeded(self.box.start(
            "once", "-c", "regbot.yml",
            env={"GIVEN": "x", "SECRET": "y"}).wait())
        self.assertEqual(result.messages()[0], "$HOME|a b|*")
        self.assertIn("GIVEN", result.messages())
        self.assertIn("PATH", result.messages())
        self.assertNotIn("SECRET", result.messages())

    def test_command_beside_the_configuration(self):
        path = self.box.write("mine", "#!/bin/sh\necho \"$0\" \"$PWD\"\n")
        os.chmod(path, 0o755)
        os.mkdir(self.box.path("conf"))
        self.write("{i: {command: [./../mine]}}", "log(input.i[1])")
        os.rename(self.box.path("regbot.yml"),
                  self.box.path("conf/regbot.yml"))
        result = self.succeeded(
            self.box.start("once", "-c", "conf/regbot.yml").wait())
        self.assertEqual(result.messages()[0].split()[1], self.box.dir)

    def test_no_input(self):
        result = self.succeeded(self.run_it(
            "", "log(tostring(next(input)))\n"
            "log(select(2, pcall(function() return input.inuse end)))"))
        self.assertEqual(result.messages()[0], "nil")
        self.assertIn('the input "inuse" is not configured: add "inputs: '
                      '{inuse: {file: PATH}}" to the script',
                      result.messages()[1])

    def test_read_before_each_run(self):
        self.box.write("in.txt", "1")
        self.write("{i: {file: in.txt}}", "log('got ' .. input.i[1])",
                   more="    interval: 1s\n")
        program = self.box.start("server", "-c", "regbot.yml")
        program.wait_for("got 1")
        self.box.write("in.txt", "2")
        program.wait_for("got 2")
        os.unlink(self.box.path("in.txt"))
        program.wait_for("no such file or directory")
        self.box.write("in.txt", "3")
        program.wait_for("got 3")
        program.signal(signal.SIGTERM)
        program.wait()

    def test_dry_run_reads_them(self):
        result = self.succeeded(self.run_it(
            "{i: {command: [echo, x]}}", "log(input.i[1])",
            flags=["--dry-run"]))
        self.assertEqual(result.messages(), ["x"])

    def test_largest(self):
        """4 MiB in all, beside a script and variables."""
        with open(self.box.path("in"), "w") as file:
            for i in range(64 * 1024):
                file.write("%063d\n" % i)
        result = self.succeeded(self.run_it(
            "{i: {file: in, maxSize: 4194304}}",
            "log(#input.i .. ' ' .. tonumber(input.i[65536]))"))
        self.assertEqual(result.messages(), ["65536 65535"])

    def test_standard_error_goes_to_the_log(self):
        result = self.succeeded(self.run_it(
            "{i: {command: [sh, -c, 'echo careful >&2; echo x']}}"))
        line, = result.lines("Command of an input wrote to standard error")
        self.assertEqual(line["message"], "careful")
        self.assertEqual(line["input"], "i")


class BadInputs(Exchange):
    def test_missing_file(self):
        self.refused("{i: {file: none}}", "open none: no such file or "
                     "directory; it must be there before the script runs$")

    def test_no_regular_file(self):
        os.mkfifo(self.box.path("fifo"))
        self.refused("{i: {file: fifo}}", "fifo is not a regular file$")
        self.refused("{i: {file: /dev/zero}}", "is not a regular file$")
        self.refused("{i: {file: .}}", "is not a regular file$")

    def test_unreadable(self):
        self.refused("{i: {command: [./none]}}",
                     "cannot run ./none: No such file or directory$")
        self.refused("{i: {command: [no-such-program]}}",
                     "cannot run no-such-program: No such file")

    def test_failing_command(self):
        self.refused("{i: {command: [sh, -c, 'echo not logged in >&2; "
                     "echo x; exit 3']}}",
                     "sh failed with exit status 3: not logged in$")
        self.refused("{i: {command: [sh, -c, 'kill -TERM $$']}}",
                     "sh was killed by SIGTERM$")

    def test_late_command(self):
        """With all that it started."""
        result = self.refused(
            "{i: {command: [sh, -c, 'sleep 300 & echo $! > pid; wait'], "
            "timeout: 300ms}}", "sh did not end within 300ms; raise its "
            "timeout if it may take longer$")
        self.assertLess(result.seconds, 20)
        with open(self.box.path("pid")) as file:
            pid = int(file.read())
        until("the command's child is gone", lambda: not alive(pid))

    def test_what_a_command_leaves_running(self):
        self.succeeded(self.run_it(
            "{i: {command: [sh, -c, 'sleep 300 & echo $! > pid; echo x']}}"))
        with open(self.box.path("pid")) as file:
            pid = int(file.read())
        until("the command's child is gone", lambda: not alive(pid))

    def test_too_large(self):
        self.box.write("in", "x" * 101)
        self.refused("{i: {file: in, maxSize: 100}}", "in is larger than 100 "
                     "bytes, which is the limit; raise its maxSize")
        result = self.refused("{i: {command: [yes]}}", "yes printed more "
                              "than 1048576 bytes, which is the limit")
        self.assertLess(result.seconds, 20)

    def test_all_together_too_large(self):
        self.box.write("in", "x" * 3000000)
        self.refused("{a: {file: in, maxSize: 4000000}, "
                     "i: {file: in, maxSize: 4000000}}",
                     "may have 4194304 bytes together")

    def test_not_what_it_should_be(self):
        with open(self.box.path("bin"), "wb") as file:
            file.write(bytes(range(256)) * 16)
        self.box.write("deep", "[" * 100 + "]" * 100)
        self.refused("{i: {file: bin}}", "it has a zero byte, so it is not "
                     "text")
        self.refused("{i: {file: bin, format: json}}", "it is not valid JSON")
        self.refused("{i: {file: deep}}", "it is nested deeper than 32")
        self.refused("{i: {command: [echo, '[1, 2'] }}", "it is truncated")

    def test_an_endless_error_output(self):
        result = self.refused("{i: {command: [sh, -c, 'yes >&2'], "
                              "timeout: 500ms}}", "did not end within 500ms")
        self.assertLess(len(result.err), 20000)

    def test_others_go_on(self):
        """A slow command is nobody else's business."""
        self.box.write("regbot.yml", """
defaults: {parallel: 2}
scripts:
  - name: slow
    inputs: {i: {command: [sh, -c, 'until test -e go; do sleep 0.05; done']}}
    script: log("slow ran")
  - name: fast
    script: log("fast ran")
""")
        program = self.box.start("once", "-c", "regbot.yml")
        program.wait_for("fast ran")
        self.assertNotIn("slow ran", program.err)
        self.box.write("go", "")
        self.succeeded(program.wait())

    def begun(self):
        program = self.start("{i: {command: [sh, -c, 'echo $$ > pid; "
                             "exec sleep 300']}}")
        until("the command runs", lambda: os.path.exists(
            self.box.path("pid")) and os.path.getsize(self.box.path("pid")))
        with open(self.box.path("pid")) as file:
            return program, int(file.read())

    def test_stopped_in_the_middle(self):
        for number in signal.SIGTERM, signal.SIGINT:
            program, pid = self.begun()
            program.signal(number)
            result = program.wait(10)
            self.assertNotEqual(result.code, 0)
            self.assertRegex(result.error(), "^stopped by %s before the "
                             "script started$" % number.name, result)
            until("the command is gone", lambda: not alive(pid))
            os.unlink(self.box.path("pid"))

    def test_killed_supervisor_leaves_no_command(self):
        program, pid = self.begun()
        kill(program.pid)
        until("the command is gone", lambda: not alive(pid))
        program.wait()


class Outputs(Exchange):
    def read(self, name):
        with open(self.box.path(name)) as file:
            return file.read()

    def test_written(self):
        result = self.succeeded(self.run_it(
            script="output('r', {z = 1, a = {1, 2}, e = {}})\n"
            "output('r', {b = {true, 'x'}, a = 10 / 2})",
            outputs="{r: {file: out.json}, unused: {file: other.json}}"))
        self.assertEqual(self.read("out.json"), '{"a":5,"b":[true,"x"]}\n')
        self.assertFalse(os.path.exists(self.box.path("other.json")))
        line, = result.lines("Output written")
        self.assertEqual((line["output"], line["file"], line["bytes"]),
                         ("r", "out.json", "22"))

    def test_not_configured(self):
        self.failed(self.run_it(script="output('r', 1)"),
                    r'the output "r" is not configured: add "outputs: \{r: '
                    r'\{file: PATH\}\}" to the script')

    def test_only_of_a_success(self):
        self.box.write("out.json", "old")
        self.failed(self.run_it(
            script="output('r', 1)\noutput('s', 2)\nerror('no')",
            outputs="{r: {file: out.json}, s: {file: s, always: true}}"))
        self.assertEqual(self.read("out.json"), "old")
        self.assertEqual(self.read("s"), "2\n")

    def test_dry_run(self):
        result = self.succeeded(self.run_it(
            script="output('r', 1)", outputs="{r: {file: out.json}}",
            flags=["--dry-run"]))
        self.assertFalse(os.path.exists(self.box.path("out.json")))
        line, = result.lines("Output would be written")
        self.assertEqual(line["dry-run"], "true")

    def test_of_a_timeout(self):
        """The worker can still say what it has."""
        self.failed(self.run_it(
            script="output('r', 1)\nwhile true do end",
            outputs="{r: {file: r, always: true}}",
            more="    timeout: 1s\n"), "timeout of 1s")
        self.assertEqual(self.read("r"), "1\n")

    def test_symbolic_link(self):
        self.box.write("target", "old")
        os.symlink("target", self.box.path("link"))
        self.failed(self.run_it(script="output('r', 1)",
                                outputs="{r: {file: link}}"),
                    r'^the output "r" \(regbot.yml:3\) was not written: link '
                    r'is a symbolic link')
        self.assertEqual(self.read("target"), "old")

    def test_no_directory(self):
        self.failed(self.run_it(script="output('r', 1)",
                                outputs="{r: {file: none/r}}"),
                    "there is no directory none: create it")

    def test_mode(self):
        self.succeeded(self.run_it(script="output('r', 1)",
                                   outputs="{r: {file: r}}"))
        mode = stat.S_IMODE(os.stat(self.box.path("r")).st_mode)
        self.assertEqual(mode & ~0o644, 0)

    def test_largest(self):
        self.succeeded(self.run_it(
            script="output('r', ('x'):rep(4 * 1024 * 1024 - 2))",
            outputs="{r: {file: r}, s: {file: s}}"))
        self.assertEqual(os.path.getsize(self.box.path("r")),
                         4 * 1024 * 1024 + 1)
        self.failed(self.run_it(
            script="output('s', 1)\n"
            "output('r', ('x'):rep(4 * 1024 * 1024 - 2))",
            outputs="{r: {file: r}, s: {file: s}}"),
            "it is larger than 4194303 bytes as JSON, which is the limit")
