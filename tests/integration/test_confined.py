# SPDX-License-Identifier: Apache-2.0
"""What the processes may do and what they hold, seen from outside."""
import os
import re
import subprocess
import threading
import unittest

from lib import images, misbehave
from lib.case import Case
from lib.run import PASSWORD, USER, creds, program, status


class Linked(unittest.TestCase):
    def output(self, *command):
        return subprocess.run(command, check=True, capture_output=True,
                              text=True).stdout

    def libraries(self, name):
        found = self.output("ldd", program(name))
        self.assertIn("libc.so", found)
        return found

    def test_supervisor_has_neither_network_nor_lua(self):
        self.assertNotRegex(self.libraries("regbot"), "libcurl|liblua")

    def test_worker_has_no_network(self):
        found = self.output("ldd", program("regbot-worker"))
        self.assertRegex(found, r"libc\.so|statically linked")
        self.assertNotRegex(found, "libcurl|yaml|seccomp")
        if "statically linked" in found:
            found = self.output("nm", program("regbot-worker"))
            self.assertRegex(found, " T lua_newstate")
            self.assertNotRegex(found, " T (curl|yaml|seccomp)_")
            self.assertNotRegex(found, " T (getaddrinfo|dlopen|getpwnam)\n")

    def test_broker_has_no_lua(self):
        self.assertNotRegex(self.libraries("regbot-broker"), "liblua|yaml")

    def test_hardened(self):
        for name in ("regbot", "regbot-broker", "regbot-worker"):
            done = subprocess.run(
                ["readelf", "-hldW", program(name)], check=True,
                capture_output=True, text=True).stdout
            self.assertRegex(done, r"Type: +DYN", name)
            self.assertIn("GNU_RELRO", done, name)
            if "libasan" not in done:
                self.assertRegex(done, "BIND_NOW|NOW", name)
            self.assertRegex(done, r"GNU_STACK.* RW +0x", name)


class Running(Case):
    """Looks at a worker and a broker that are busy with a request."""

    def setUp(self):
        super().setUp()
        self.reg, self.gate = self.fake(), threading.Event()
        self.addCleanup(self.gate.set)
        seen = threading.Event()
        self.reg.add("x/y", "v1", images.image())
        self.reg.on("*", "/v2/", misbehave.unauthorized('Basic realm="r"'),
                    times=1)
        self.reg.on("GET", "/tags/list", misbehave.hold(self.gate, seen))
        self.running = self.begin(
            [creds(self.reg.host, user=USER, password=PASSWORD)],
            'secret_of_script = "x"\ntag.ls("%s/x/y")' % self.reg.host,
            "-v", "trace", env={"MARKER_ENV": "Env-Marker-91"})
        self.assertTrue(seen.wait(20))
        self.worker = self.running.child("regbot-worker")
        self.broker = self.running.child("regbot-broker")

    def finish(self):
        self.gate.set()
        return self.succeeded(self.running.wait())

    def test_status(self):
        for pid in (self.worker, self.broker):
            with self.subTest(name=status(pid)["Name"]):
                found = status(pid)
                self.assertEqual(found["Seccomp"], "2")
                self.assertEqual(found["NoNewPrivs"], "1")
                for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                    self.assertEqual(int(found[name], 16), 0, name)
        self.finish()

    def test_user(self):
        if os.getuid() != 0:
            self.skipTest("only root changes its user")
        for pid in (self.worker, self.broker):
            found = status(pid)
            for name in ("Uid", "Gid"):
                self.assertNotIn("0", found[name].split(), found["Name"])
            self.assertNotIn("0", found["Groups"].split(), found["Name"])
        self.assertNotEqual(status(self.worker)["Uid"],
                            status(self.broker)["Uid"])
        self.finish()

    def test_core_dumps_and_limits(self):
        for pid in (self.worker, self.broker):
            with open("/proc/%d/limits" % pid) as file:
                limits = file.read()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
        with open("/proc/%d/limits" % self.worker) as file:
            self.assertRegex(file.read(), r"Max file size +0 +0 ")
        self.finish()

    def descriptors(self, pid):
        found = {}
        for name in os.listdir("/proc/%d/fd" % pid):
            found[int(name)] = os.readlink("/proc/%d/fd/%s" % (pid, name))
        return found

    def test_worker_descriptors(self):
        """0 and 1 null, 2 a pipe, then nothing but channels of its own and
        what its loop is made of."""
        found = self.descriptors(self.worker)
        self.assertEqual(found.pop(0), "/dev/null")
        self.assertEqual(found.pop(1), "/dev/null")
        self.assertRegex(found.pop(2), r"^pipe:")
        self.assertRegex(found.pop(3), r"^socket:")
        for number, name in found.items():
            self.assertRegex(name, r"^(socket:|anon_inode:)", number)
        self.assertFalse(self.inet_sockets(self.worker))
        self.finish()

    def test_broker_descriptors(self):
        found = self.descriptors(self.broker)
        self.assertEqual(found.pop(0), "/dev/null")
        self.assertEqual(found.pop(1), "/dev/null")
        for number, name in found.items():
            self.assertRegex(name, r"^(socket:|anon_inode:|pipe:)", number)
        self.assertTrue(self.inet_sockets(self.broker))
        self.finish()

    def test_supervisor_has_no_network_socket(self):
        self.assertFalse(self.inet_sockets(self.running.pid))
        self.finish()

    def inet_sockets(self, pid):
        """The inodes of pid's sockets that are TCP or UDP."""
        inodes = {re.search(r"\d+", name).group()
                  for name in self.descriptors(pid).values()
                  if name.startswith("socket:")}
        known = set()
        for table in ("tcp", "tcp6", "udp", "udp6"):
            with open("/proc/net/" + table) as file:
                known |= {line.split()[9] for line in
                          file.read().split("\n")[1:] if line}
        return inodes & known

    def memory(self, pid):
        """All that can be read of a process's memory."""
        found = []
        with open("/proc/%d/maps" % pid) as maps, \
                open("/proc/%d/mem" % pid, "rb", 0) as mem:
            for line in maps:
                span, flags = line.split()[:2]
                if "r" not in flags or "[v" in line:
                    continue
                first, last = (int(x, 16) for x in span.split("-"))
                if last - first > 1 << 30:
                    continue	# a sanitizer's shadow
                try:
                    mem.seek(first)
                    found.append(mem.read(last - first))
                except (OSError, OverflowError, ValueError):
                    continue
        return b"".join(found)

    def test_password_is_nowhere_but_where_it_belongs(self):
        if os.getuid() != 0:
            self.skipTest("only root reads another process's memory")
        marker = PASSWORD.encode()
        worker = self.memory(self.worker)
        # The reading works: the script's text is there.
        self.assertIn(b"secret_of_script", worker)
        self.assertFalse(marker in worker, "password in the worker")
        self.assertFalse(b"Env-Marker-91" in worker, "environment in worker")
        self.assertFalse(b"Env-Marker-91" in self.memory(self.broker),
                         "environment in the broker")
        for pid in (self.running.pid, self.worker, self.broker):
            with open("/proc/%d/cmdline" % pid, "rb") as file:
                self.assertNotIn(marker, file.read())
        for pid in (self.worker, self.broker):
            with open("/proc/%d/environ" % pid, "rb") as file:
                text = file.read()
                self.assertNotIn(marker, text)
                self.assertNotIn(b"MARKER_ENV", text)
                self.assertNotIn(b"HOME=", text)
        result = self.finish()
        self.assertNotIn(PASSWORD, result.err + result.out)
        self.assertNotIn("Basic ", result.err.replace("Basic realm", ""))

    def test_not_dumpable(self):
        """Files under /proc of a process that is not dumpable are root's."""
        for pid in (self.worker, self.broker):
            self.assertEqual(os.stat("/proc/%d/environ" % pid).st_uid, 0)
        self.finish()


class Scripts(Case):
    """What a script cannot reach."""

    def test_what_lua_does_not_have(self):
        result = self.succeeded(self.once([], (
            'log(tostring(pcall(debug.sethook)))\n'
            'log(tostring(pcall(package.loadlib, "libm.so.6", "*")))\n'
            'package.cpath = "/usr/lib/x86_64-linux-gnu/?.so"\n'
            'log(tostring(pcall(require, "libm")))')))
        self.assertEqual(result.messages(), ["false", "false", "false"],
                         result)

    def test_files_and_programs(self):
        for call in ('io.open("/etc/passwd")', 'io.popen("id")',
                     'os.execute("id")', 'os.remove("x")',
                     'dofile("/etc/passwd")', 'loadfile("/etc/passwd")',
                     'io.lines("/etc/passwd")', 'os.tmpname()',
                     'os.rename("a", "b")', 'require("/etc/passwd")',
                     'require("../../etc/passwd")'):
            with self.subTest(call=call):
                result = self.once([], (
                    "ok, err = pcall(function() return %s end)\n"
                    "log(tostring(ok and err ~= nil))" % call))
                self.succeeded(result)
                self.assertEqual(result.messages(), ["false"], result)

    def test_bytecode_is_refused(self):
        result = self.once([], (
            'f, err = load(string.dump(function() end), "x", "b")\n'
            'log(tostring(f))'))
        if result.code == 0:
            self.assertEqual(result.messages(), ["nil"], result)
        else:
            self.failed(result, r"<string>:1")
        # ... nor does a script that is bytecode run.
        result = self.box.run("once", "-c", "-", stdin=(
            'scripts: [{name: t, script: "\\eLuaS"}]\n'))
        self.assertNotEqual(result.code, 0, result)

    def test_environment(self):
        result = self.begin([], 'log(tostring(os.getenv("HOME")))').wait()
        self.assertEqual(result.messages(), ["nil"], result)
        running = self.begin([], [{
            "name": "t", "env": ["GIVEN"],
            "script": 'log(os.getenv("GIVEN")) '
                      'log(tostring(os.getenv("OTHER")))'}],
            env={"GIVEN": "value", "OTHER": "secret"})
        self.assertEqual(running.wait().messages(), ["value", "nil"])
