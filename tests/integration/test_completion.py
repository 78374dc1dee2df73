# SPDX-License-Identifier: Apache-2.0
"""The completion scripts: what they print, and what they complete."""
import os
import shutil
import subprocess

from lib.case import Case

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SCRIPTS = {"bash": "regbot", "zsh": "_regbot", "fish": "regbot.fish"}
LEVELS = {"trace", "debug", "info", "warn", "error"}
COMMANDS = {"check", "lua", "once", "server", "version", "completion", "help"}
ALL = {"-h", "--help", "-v", "--verbosity", "--logopt"}
RUN = {"-c", "--config", "--dry-run", "--script"}

DRIVE = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_regbot
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(shell):
    return os.path.join(TOP, "contrib/completions", SCRIPTS[shell])


class Completion(Case):
    def shell(self, name, *args):
        """What a shell prints."""
        if not shutil.which(name):
            self.skipTest("cannot find %s. On Debian: apt-get install %s" % (
                name, name))
        done = subprocess.run([name, *args], cwd=self.box.dir, text=True,
                              env={"PATH": os.environ["PATH"],
                                   "HOME": self.box.dir, "LC_ALL": "C.UTF-8"},
                              stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def bash(self, *words):
        return set(self.shell("bash", "--norc", "-c", DRIVE, "bash",
                              script("bash"), "regbot", *words).split())

    def fish(self, line):
        out = self.shell("fish", "--no-config", "-c",
                         "source $argv[1]; complete -C $argv[2]",
                         script("fish"), line)
        return {one.split("\t")[0] for one in out.splitlines()}

    def test_printed_as_installed(self):
        for shell in SCRIPTS:
            with open(script(shell)) as file:
                want = file.read()
            result = self.box.run("completion", shell)
            self.succeeded(result)
            self.assertEqual(result.out, want)
            self.assertEqual(result.err, "")

    def test_other_shells(self):
        result = self.box.run("completion", "tcsh")
        self.assertEqual(result.code, 2, result)
        self.assertIn('unknown command "tcsh"', result.err)
        self.assertEqual(self.box.run("completion").out,
                         self.box.run("help", "completion").out)

    def test_bash_commands_and_flags(self):
        self.assertEqual(self.bash(""), COMMANDS | ALL | RUN | {"--version"})
        self.assertEqual(self.bash("o"), {"once"})
        for before in (["once"], ["-v", "info", "server"],
                       ["-c", "server", "once"],
                       ["--config", "=", "version", "once"],
                       ["once", "--dry-run", "-c", "f.yml"],
                       ["once", "--script", "server"]):
            self.assertEqual(self.bash(*before, ""), ALL | RUN, before)
        self.assertEqual(self.bash("once", "--d"), {"--dry-run"})
        self.assertEqual(self.bash("check", ""), ALL | RUN - {"--dry-run"})
        self.assertEqual(self.bash("lua", "-"), {
            "-c", "--config", "--dry-run", "-e", "--execute", "--timeout",
            } | ALL)
        self.box.write("my.lua", "")
        for before in (["lua"], ["lua", "-e", "x"], ["lua", "x.lua"]):
            self.assertEqual(self.bash(*before, "m"), {"my.lua"}, before)
        self.assertEqual(self.bash("version", "--f"), {"--format"})
        self.assertEqual(self.bash("help", ""), COMMANDS - {"help"})
        self.assertEqual(self.bash("completion", ""), set(SCRIPTS) | ALL)
        self.assertEqual(self.bash("completion", "zsh", ""), ALL)

    def test_bash_values(self):
        for before in (["-v", ""], ["once", "--verbosity", ""],
                       ["once", "--verbosity", "="]):
            self.assertEqual(self.bash(*before), LEVELS, before)
        self.assertEqual(self.bash("--verbosity", "=", "de"), {"debug"})
        self.assertEqual(self.bash("once", "--logopt", ""), {"json"})
        self.assertEqual(self.bash("version", "--format", ""), set())
        self.assertEqual(self.bash("once", "--script", ""), set())
        self.box.write("my.yml", "")
        for before in (["-c"], ["once", "--config"], ["--config", "="]):
            self.assertEqual(self.bash(*before, "my"), {"my.yml"}, before)

    def test_fish(self):
        self.assertEqual(self.fish("regbot "), COMMANDS)
        self.assertLessEqual(ALL | RUN, self.fish("regbot once -") |
                             self.fish("regbot once --"))
        self.assertEqual(self.fish("regbot version --fo"), {"--format"})
        self.assertEqual(self.fish("regbot once -v "), LEVELS)
        self.assertEqual(self.fish("regbot completion "), set(SCRIPTS))

    def test_zsh(self):
        """It can be read, and says what it completes."""
        self.shell("zsh", "-f", "-n", script("zsh"))
        said = self.shell("zsh", "-f", "-c", "compdef() { echo $*; }; "
                          "source $1; whence -w _regbot", "zsh", script("zsh"))
        self.assertEqual(said, "_regbot regbot\n_regbot: function\n")
