# SPDX-License-Identifier: Apache-2.0
"""Runs regbot from a build directory, in a directory and home of its own, and
looks at its processes."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from .wait import until

USER, PASSWORD = "robot", "Marker-Pass/7%x"
BUILD = os.environ.get("REGBOT_BUILD") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", "..", ".."))
SECONDS = 60		# a run that takes longer is stuck


def program(name):
    return os.path.join(BUILD, name)


class Line:
    """A line of the text log: attributes by name."""

    PART = re.compile(r'([^\s="]+)=("(?:[^"\\]|\\.)*"|\S*)(?: |$)')
    ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))")

    def __init__(self, text):
        self.text, self.fields = text, {}
        for name, value in self.PART.findall(text):
            self.fields[name] = self.unquote(value)

    @classmethod
    def unquote(cls, value):
        if not value.startswith('"'):
            return value

        def one(found):
            if found.group(3):
                return {"n": "\n", "t": "\t", "r": "\r"}.get(
                    found.group(3), found.group(3))
            return chr(int(found.group(1) or found.group(2), 16))
        return cls.ESCAPE.sub(one, value[1:-1])

    def __getitem__(self, name):
        return self.fields.get(name)


class Result:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err = code, out, err
        self.seconds = seconds

    def lines(self, message=None, script=None):
        """The text log's lines, those with that msg and script."""
        found = [Line(text) for text in self.err.split("\n")
                 if text.startswith("time=")]
        return [one for one in found
                if (message is None or one["msg"] == message) and
                (script is None or one["script"] == script)]

    def messages(self, script=None):
        """What the scripts logged."""
        return [one["message"] for one in
                self.lines("User script message", script)]

    def error(self, script=None):
        """The error that the log names for a script, or None."""
        found = self.lines("Error running script", script)
        return found[0]["error"] if found else None

    def __str__(self):
        return "exit status %s after %.2f s\n--- stdout\n%s\n--- stderr\n%s" \
            % (self.code, self.seconds, self.out[-4000:], self.err[-8000:])


ABSENT = re.compile(r"^.*\bA user does not exist, running with a numeric "
                    r"id.*\n", re.M)


# Processes, by /proc.

def stat(pid):
    """(comm, state, parent, start time), or None when it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    comm = text[text.index("(") + 1:text.rindex(")")]
    rest = text[text.rindex(")") + 2:].split()
    return comm, rest[0], int(rest[1]), rest[19]


def alive(pid, start=None):
    found = stat(pid)
    return found is not None and found[1] not in "ZX" and \
        start in (None, found[3])


def children(pid, comm=None):
    """The living descendants of pid, those with that name."""
    table = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            found = stat(int(name))
            if found:
                table[int(name)] = found
    below, grew = {pid}, True
    while grew:
        more = {p for p, s in table.items() if s[2] in below} - below
        below |= more
        grew = bool(more)
    return sorted(p for p in below - {pid} if table[p][1] not in "ZX" and
                  comm in (None, table[p][0]))


def kill(pid, number=signal.SIGKILL):
    """Sends a signal to a process, which may have ended since it was seen."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def status(pid):
    """/proc/PID/status as a dict."""
    with open("/proc/%d/status" % pid) as file:
        return {name: value.strip() for name, value in
                (line.split(":", 1) for line in file if ":" in line)}


class Program:
    """A regbot that is running."""

    def __init__(self, box, args, env, stdin, path, terminal):
        self.begun = time.monotonic()
        self.out_path = box.path(".stdout-%d" % box.count)
        self.err_path = box.path(".stderr-%d" % box.count)
        box.count += 1
        with open(self.out_path, "wb") as out, \
                open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [path] + list(args), cwd=box.dir, env=env, stdout=out,
                stderr=terminal.slave if terminal else err,
                stdin=subprocess.PIPE if stdin is not None
                else subprocess.DEVNULL, start_new_session=True)
        self.pid = self.process.pid
        if stdin is not None:
            try:    # it may end before it reads
                with self.process.stdin as pipe:
                    pipe.write(stdin.encode())
            except BrokenPipeError:
                pass

    def read(self, path):
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")

    @property
    def err(self):
        """What it wrote to standard error, but for what it says about the
        machine: that it runs as root and has no users for its children
        (test_system.py reads that)."""
        return ABSENT.sub("", self.read(self.err_path))

    def result(self):
        return Result(self.process.returncode, self.read(self.out_path),
                      self.err, time.monotonic() - self.begun)

    def wait(self, seconds=SECONDS):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            text = self.err
            self.kill_all()
            raise AssertionError("regbot still runs after %g s:\n%s" % (
                seconds, text)) from None
        return self.result()

    def wait_for(self, text, seconds=20):
        """Until the log has text in it."""
        def check():
            if text in self.err:
                return True
            if self.process.poll() is not None and text not in self.err:
                raise AssertionError("regbot ended before %r:\n%s" % (
                    text, self.result()))
            return False
        until("the log says %r" % text, check, seconds)

    def children(self, comm=None):
        return children(self.pid, comm)

    def child(self, comm, seconds=10):
        """The pid of a child of that name, once there is one."""
        return until("a %s runs" % comm, lambda: self.children(comm),
                     seconds)[0]

    def family(self):
        """[(pid, start time)] of all children, to ask later if any lives."""
        found = [(pid, stat(pid)) for pid in self.children()]
        return [(pid, s[3]) for pid, s in found if s]

    def signal(self, number):
        self.process.send_signal(number)

    def kill_all(self):
        for pid in self.children():
            kill(pid)
        self.process.kill()
        self.process.wait()


class Box:
    """A directory that is regbot's working directory and home."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="regbot-test-")
        self.count, self.programs = 0, []

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def start(self, *args, env=None, stdin=None, path=None, terminal=None):
        """Starts regbot; its standard error is a file, or a Terminal."""
        full = {"PATH": os.environ["PATH"], "HOME": self.dir, "TZ": "UTC",
                "LC_ALL": "C.UTF-8"}
        for name in os.environ:
            if name.startswith(("ASAN_", "UBSAN_", "LSAN_")):
                full[name] = os.environ[name]
        full.update(env or {})
        started = Program(self, args, full, stdin, path or program("regbot"),
                          terminal)
        self.programs.append(started)
        return started

    def run(self, *args, seconds=SECONDS, **more):
        return self.start(*args, **more).wait(seconds)

    def close(self):
        for one in self.programs:
            if one.process.poll() is None:
                one.kill_all()
        shutil.rmtree(self.dir, ignore_errors=True)


def creds(host, name=None, user=None, password=None, **more):
    """A creds entry for a registry of a test, as text for a config file."""
    entry = {"registry": name or host, "tls": "disabled"}
    if name:
        entry["hostname"] = host
    if user is not None:
        entry.update(user=user, **{"pass": password})
    entry.update(more)
    return entry


def config(entries, scripts, defaults=None, **top):
    """A configuration file; JSON is YAML, and quotes everything right.
    scripts is {name: text} or a list of script maps."""
    if isinstance(scripts, dict):
        scripts = [{"name": n, "script": t} for n, t in scripts.items()]
    return json.dumps({"version": 1, "creds": entries,
                       "defaults": {"skipDockerConfig": True,
                                    **(defaults or {})},
                       "scripts": scripts, **top}, indent=1)
