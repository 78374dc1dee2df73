# SPDX-License-Identifier: Apache-2.0
"""Which version regbot says it is, and where contrib/version has it from."""
import os
import shutil
import subprocess

from lib.case import Case

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


class Version(Case):
    def fields(self, text):
        return dict(line.split(None, 1) for line in text.splitlines())

    def test_version(self):
        result = self.box.run("version")
        self.succeeded(result)
        lines = result.out.rstrip("\n").split("\n")
        self.assertEqual([line.split(":")[0] for line in lines][:6], [
            "VCSTag", "VCSRef", "VCSCommit", "VCSState", "VCSDate",
            "Platform"])
        for line in lines:
            self.assertRegex(line, r"^[A-Za-z]+: +\S")
            self.assertNotEqual(line[12], " ", line)

    def test_version_format(self):
        tag = [line for line in self.box.run("version").out.split("\n")
               if line.startswith("VCSTag:")][0].split()[1]
        result = self.box.run("version", "--format", "{{.VCSTag}}")
        self.succeeded(result)
        self.assertEqual(result.out, tag)
        short = self.box.run("--version")
        self.assertEqual((short.code, short.out),
                         (0, "regbot " + result.out + "\n"))
        bad = self.box.run("version", "--format", "{{.Nope}}")
        self.assertNotEqual(bad.code, 0)
        self.assertIn("Nope", bad.err)

    def test_fields_agree(self):
        said = self.fields(self.box.run("version").out)
        self.assertRegex(said["VCSTag:"], r"^v\d+\.\d+\.\d+")
        if said["VCSState:"] == "unknown":
            self.assertEqual(said["VCSCommit:"], "unknown")
            return
        self.assertRegex(said["VCSCommit:"], "^[0-9a-f]{40}$")
        self.assertEqual(said["VCSRef:"], said["VCSCommit:"] + (
            "-dirty" if said["VCSState:"] == "dirty" else ""))
        self.assertRegex(said["VCSDate:"],
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


class Sources(Case):
    """contrib/version on a tree of its own."""

    def setUp(self):
        super().setUp()
        self.box.write("configure.ac", "AC_INIT([regbot], [1.2.3])\n")

    def git(self, *args):
        when = "2026-01-02T03:04:05+02:00"
        return subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.com",
             *args], cwd=self.box.dir, check=True, text=True,
            stdout=subprocess.PIPE, env={
                "PATH": os.environ["PATH"], "HOME": self.box.dir,
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": when,
                "GIT_COMMITTER_DATE": when}).stdout.strip()

    def commit(self):
        self.git("init", "-q")
        self.git("add", "configure.ac")
        self.git("commit", "-q", "-m", "first")
        return self.git("rev-parse", "HEAD")

    def said(self, *printed):
        out = subprocess.run(
            [os.path.join(TOP, "contrib/version"), self.box.dir, *printed],
            check=True, text=True, stdout=subprocess.PIPE).stdout
        return {line.split()[1]: line.split()[2].strip('"')
                for line in out.splitlines()}

    def test_without_git(self):
        said = self.said()
        self.assertEqual(said.pop("VCS_TAG"), "v1.2.3")
        self.assertEqual(set(said.values()), {"unknown"})

    def test_archive(self):
        self.box.write(".tarball-version", '#define VCS_TAG "v9"\n')
        self.assertEqual(self.said(), {"VCS_TAG": "v9"})

    def test_clone_without_a_tag(self):
        commit = self.commit()
        self.assertEqual(self.said(), {
            "VCS_TAG": "v1.2.3-1-g" + commit[:12], "VCS_REF": commit,
            "VCS_COMMIT": commit, "VCS_STATE": "clean",
            "VCS_DATE": "2026-01-02T01:04:05Z"})

    def test_clone_with_a_tag(self):
        self.commit()
        self.git("tag", "v1.9.0")
        self.assertEqual(self.said()["VCS_TAG"], "v1.9.0")
        self.git("commit", "-q", "--allow-empty", "-m", "second")
        self.assertRegex(self.said()["VCS_TAG"], "^v1.9.0-1-g[0-9a-f]{12}$")

    def test_changed_files(self):
        commit = self.commit()
        self.box.write("new", "not known to git")
        self.assertEqual(self.said()["VCS_STATE"], "clean")
        self.box.write("configure.ac", "AC_INIT([regbot], [1.2.4])\n")
        said = self.said()
        self.assertEqual(said["VCS_STATE"], "dirty")
        self.assertEqual(said["VCS_REF"], commit + "-dirty")

    def test_clone_that_git_cannot_read(self):
        """"sudo make install" installs what was built before."""
        self.commit()
        printed = self.box.write("vcs.h", '#define VCS_TAG "before"\n')
        shutil.rmtree(self.box.path(".git/objects"))
        self.assertEqual(self.said(printed), {"VCS_TAG": "before"})
        self.assertEqual(self.said()["VCS_TAG"], "v1.2.3")
