# SPDX-License-Identifier: Apache-2.0
"""What README.md and the manuals show as an example runs, without a warning.

Each block is told apart by how it looks: Lua, a configuration, or commands.
A block that is none of these stands in SHOWN, by its first line. Lua blocks run
after PRELUDE, which makes what they take for granted; names of registries
stand for two that are filled like those of the text."""
import os
import re
import shlex

from lib import images
from lib.case import Case
from lib.run import program

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SHOWN = (r"20\d\d-", r"time=20\d\d-", r"user: '", r"contrib/", r"apt-get ")
LUA = r"\s*(local|if|for|while|function|return|parallel|print|log|image|" \
      r"tag|manifest|repo|blob|output|require)\b"
PRELUDE = """
local repo = "registry:5000/app"
local ref = repo .. ":v1"
local ic = image.config(ref)
local month_ago = os.time() - 30 * 86400
local time = require "time"
local semver = require "semver"
local json = require "json"
"""


def text(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def blocks():
    """(where, text) of every example."""
    for page in sorted(os.listdir(os.path.join(TOP, "contrib", "man"))):
        path = "contrib/man/" + page
        for found in re.finditer(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$",
                                 text(path), re.M):
            body = re.sub(r"^\.\\\".*\n", "", found[1], flags=re.M)
            body = body.replace("\\&", "").replace("\\e", "\\")
            yield path + ": " + body.split("\n", 1)[0], body.replace(
                "\\-", "-")
    for found in re.finditer(r"^```\w*\n((?:.*\n)*?)```$", text("README.md"),
                             re.M):
        yield "README.md: " + found[1].split("\n", 1)[0], found[1]


def indented(code):
    return "".join("      %s\n" % line for line in code.split("\n"))


class Samples(Case):
    def servers(self):
        hub, mirror = self.fake(referrers=True), self.registry()
        for tag in ("3.18", "3.19", "3.20", "3.20.1"):
            hub.add("library/alpine", tag, images.multi(tag))
            images.image(tag).push(mirror.client, "library/debian", tag)
        for name in ("app", "app/web"):
            for tag in ["v1", "v2", "1.2.3", "1.3.0"] + [
                    "build-%d" % n for n in range(1, 6)]:
                images.image(name + tag).push(mirror.client, name, tag)
        self.names = {"registry:5000": mirror, "docker.io": hub}

    def creds(self):
        return "creds:\n" + "".join(
            "  - {registry: %s, hostname: %s, tls: disabled}\n" % (
                name, server.host) for name, server in self.names.items())

    def clean(self, result):
        self.succeeded(result)
        self.assertNotRegex(result.err, r"level=(WARN|ERROR)")

    def config(self, body):
        """The file as it is, but for where the registries are."""
        body = re.sub(r"^creds:\n(?:  .*\n)+", "", body, flags=re.M)
        body = re.sub(r"/var/lib/regbot/", "", body)
        if "kubectl" in body:
            os.chmod(self.box.write("kubectl", "#!/bin/sh\necho app:v1\n"),
                     0o755)
        return self.creds() + body

    def run_config(self, body):
        self.box.write("regbot.yml", self.config(body))
        path = self.box.dir + ":" + os.environ["PATH"]
        self.clean(self.box.run("once", "-c", "regbot.yml",
                                env={"PATH": path}))

    def run_lua(self, body):
        # What shows only how a statement begins is given its end.
        ends = len(re.findall(r"\b(then|do|function)\b", body)) - len(
            re.findall(r"\b(end|elseif)\b", body))
        self.box.write("lua.yml", self.creds() + (
            "scripts:\n  - name: sample\n    script: |\n") + indented(
                PRELUDE + body + "\nend" * ends))
        self.clean(self.box.run("once", "-c", "lua.yml"))

    def run_shell(self, body):
        """Commands of regbot; a server is left out, for it does not end."""
        self.box.write("regbot.yml", self.creds() + "scripts:\n"
                       "  - {name: hello, script: log 'hello'}\n"
                       "  - {name: mirror, script: log 'mirror'}\n")
        self.box.write("creds.yml", self.creds())
        bin_dir = os.path.dirname(program("regbot"))
        for command in re.split(r"\n(?=regbot )", body.strip("\n")):
            if not command.startswith("regbot ") or re.match(
                    r"regbot server", command):
                continue
            with self.subTest(command=command):
                self.box.write("run.sh", "PATH=%s:$PATH\nset -eo pipefail\n%s\n" % (
                    shlex.quote(bin_dir), re.sub(
                        r"^regbot lua ", "regbot lua -c creds.yml ", command)))
                self.clean(self.box.run("run.sh", path="/bin/bash"))

    def test_all(self):
        self.servers()
        count = 0
        for where, body in blocks():
            first = body.lstrip("\n")
            if re.match("|".join(SHOWN), first):
                continue
            count += 1
            with self.subTest(sample=where):
                if re.match(r"(version|creds|defaults|scripts):", first):
                    self.run_config(body)
                elif re.match(LUA, first):
                    self.run_lua(body)
                elif first.startswith("regbot "):
                    self.run_shell(body)
                else:
                    self.fail("what kind of sample is this?")
        self.assertGreater(count, 10)
