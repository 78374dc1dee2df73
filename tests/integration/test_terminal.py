# SPDX-License-Identifier: Apache-2.0
"""What a terminal shows: one status line that leaves nothing behind, colours,
and no code that a script or a registry made up."""
import json
import re
import threading

from lib import images, misbehave
from lib.case import Case
from lib.run import config, creds
from lib.terminal import Terminal as Pseudo

LINE = re.compile(r"time=\S+ level=[A-Z]+ msg=")
NAME = "mirror \u00fcber 日本 with a name that is long, and longer than 40"


class Terminal(Case):
    def terminal(self, columns):
        return self.keep(Pseudo(columns))

    def only_lines(self, screen):
        """Only whole lines of the log, and the cursor on a fresh one."""
        self.assertEqual((screen.lines[-1], screen.at), ("", 0), screen.lines)
        for line in screen.lines[:-1]:
            self.assertRegex(line, LINE)

    def status(self, terminal, columns):
        """Waits for a status line that takes one row of so many columns."""
        screen = terminal.wait_for(
            "a status line of %d columns" % columns,
            lambda s: s if s.lines[-1] and s.columns == columns and
            len(s.lines[-1]) < columns and s.at == 0 else None)
        self.assertRegex(screen.lines[-1], r"\d B")
        return screen

    def test_nothing_is_left(self):
        """At every width, and when it changes."""
        fake, gates = self.fake(), [threading.Event(), threading.Event()]
        fake.add("one/x", "v1", images.image())
        fake.add("two/x", "v1", images.image())
        fake.on("GET", "one/x/tags/list", misbehave.hold(gates[0]))
        fake.on("GET", "two/x/tags/list", misbehave.hold(gates[1]))
        self.box.write("regbot.yml", config([creds(fake.host)], {NAME: "\n".join([
            'log "begin"', 'tag.ls("%s/one/x")' % fake.host, 'log "middle"',
            'tag.ls("%s/two/x")' % fake.host, 'log "end"'])}))
        runs = []
        for columns, later in ((20, 20), (40, 40), (65, 65), (80, 80),
                               (200, 200), (100, 30), (40, 90)):
            terminal = self.terminal(columns)
            runs.append((terminal, columns, later, self.box.start(
                "once", "-c", "regbot.yml", env={"TERM": "xterm"},
                terminal=terminal)))
        for terminal, columns, later, _ in runs:
            self.status(terminal, columns)
            terminal.resize(later)
            screen = self.status(terminal, later)
            self.only_lines_above(screen)
            if later >= 65:
                self.assertTrue(screen.lines[-1].startswith(
                    "mirror \u00fcber ?? with"), screen.lines)
        gates[0].set()
        for terminal, _, later, _ in runs:
            terminal.wait_for("the next line", lambda s: [
                line for line in s.lines if "message=middle" in line])
            self.only_lines_above(self.status(terminal, later))
        gates[1].set()
        for terminal, _, _, running in runs:
            self.assertEqual(running.wait().code, 0)
            terminal.stop_reading()
            screen = terminal.screen()
            self.only_lines(screen)
            self.assertIn("message=end", "".join(screen.lines))

    def test_total(self):
        """The line says how much there is to upload, without what is there
        already."""
        fake, gate = self.fake(), threading.Event()
        registry = self.registry()
        made = images.image("total", layers=[3 << 20, 1 << 20])
        fake.add("x/y", "v1", made)
        there = [data for data in made.blobs if 1 << 19 < len(data) < 2 << 20]
        registry.client.push_blob("x/y", there[0])
        fake.on("GET", "/blobs/", misbehave.hold(gate))
        self.box.write("regbot.yml", config(
            [creds(fake.host), creds(registry.host)],
            {"t": 'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                fake.host, registry.host)}))
        terminal = self.terminal(100)
        running = self.box.start("once", "-c", "regbot.yml",
                                 env={"TERM": "xterm"}, terminal=terminal)
        terminal.wait_for("the total", lambda s: "0 B of 3.0 MiB copied" in
                          s.lines[-1])
        gate.set()
        self.assertEqual(running.wait().code, 0)

    def only_lines_above(self, screen):
        for line in screen.lines[:-1]:
            self.assertRegex(line, LINE)

    def run_on(self, script, *flags, name="t", **env):
        """The terminal after a run, and its exit status."""
        terminal = self.terminal(80)
        running = self.box.start(
            "once", "-c", "-", *flags, env=env, terminal=terminal,
            stdin=config([], {name: script}))
        code = running.wait().code
        terminal.stop_reading()
        return terminal, code

    def test_colors(self):
        terminal, _ = self.run_on('log "x" error "y"', TERM="xterm")
        for color in (b"level=\x1b[32mINFO\x1b[m ",
                      b"level=\x1b[33mWARN\x1b[m "):
            self.assertIn(color, terminal.bytes())
        for env in ({"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}, {}):
            with self.subTest(env=env):
                terminal, _ = self.run_on('log "x" error "y"', **env)
                self.assertNotIn(b"\x1b", terminal.bytes())
        result = self.box.run("once", "-c", "-", env={"TERM": "xterm"},
                              stdin=config([], {"t": 'log "x"'}))
        self.assertNotIn("\x1b", result.err)

    def test_json_is_json_here_too(self):
        terminal, _ = self.run_on('log "x" error "y"', "--logopt", "json",
                                  TERM="xterm")
        for line in terminal.bytes().decode().splitlines():
            json.loads(line)

    def test_no_code_from_outside(self):
        """The screen of the test knows only what the program itself sends."""
        terminal, code = self.run_on(
            'local s = "" for i = 0, 255 do s = s .. string.char(i) end '
            'log(s .. "\\27[2J\\194\\155" .. "31m") error(s)',
            name="a\x1b[2J\u009b1m\r\nb", TERM="xterm")
        self.assertEqual(code, 1)
        screen = terminal.screen()
        self.assertEqual((screen.lines[-1], screen.at), ("", 0))
        self.assertEqual(screen.colors, {"32", "33", ""})
