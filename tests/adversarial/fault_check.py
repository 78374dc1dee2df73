# SPDX-License-Identifier: Apache-2.0
"""What must hold when a run is over: the registry's tags, what regbot said of
them, its exit status, and that nothing is left."""
import os
import re
import signal

from fault_kinds import FAULTS
from fault_work import placeholder
from lib.client import digest
from lib.run import alive
from lib.wait import Late, until

MOST_SECONDS = 120
STOPS = (("supervisor", signal.SIGTERM), ("supervisor", signal.SIGINT))
DEAD = ("supervisor", signal.SIGKILL)


class Violation:
    def __init__(self, kind, text, repo=None):
        self.kind, self.text, self.repo = kind, text, repo

    def __str__(self):
        return "%s: %s" % (self.kind, self.text)


class Outcome:
    """What the log says: what -> "ok" or the error, and what was read."""

    def __init__(self, result):
        self.result, self.actions, self.got = result, {}, []
        for text in result.messages():
            found = re.match(r"(ok|fail) ([^ ]+?)(?:: (.*))?$", text, re.S)
            if found:
                verdict, what, why = found.groups()
                self.actions.setdefault(what, []).append(
                    None if verdict == "ok" else why or "")
            elif text.startswith("got "):
                self.got.append(text[4:].split(" = ", 1))
        self.errors = [why for all_of in self.actions.values()
                       for why in all_of if why is not None]
        self.broken = result.lines("Error running script")

    def verdict(self, what):
        """True, False, or None where the action did not end."""
        said = self.actions.get(what)
        return None if not said else said[-1] is None

    def failed_repos(self):
        found = {what.split(":")[0] for what, all_of in self.actions.items()
                 if any(why is not None for why in all_of)}
        for line in self.broken + [None]:
            for repo in re.findall(r"127\.0\.0\.1:\d+/([\w/]+)",
                                   line["error"] if line else
                                   " ".join(self.errors)):
                found.add(repo)
        return found


class Check:
    """store: a Target (faults.py)."""

    def __init__(self, work, plan, store, result, box):
        self.work, self.plan, self.store, self.box = work, plan, store, box
        self.out, self.found = Outcome(result), []
        self.result = result

    def wrong(self, kind, text, repo=None):
        self.found.append(Violation(kind, text, repo))

    def all(self):
        self.processes()
        for repo in self.work.repos():
            self.tags(repo)
        self.said()
        self.status()
        self.uploads()
        self.retried()
        return self.found

    # Tags.

    def tags(self, repo):
        client = self.store.client
        tags = set(client.tags(repo)) | {
            t for r, t in self.work.goals if r == repo}
        for tag in sorted(tags):
            self.tag(repo, tag, client.digest(repo, tag))

    def allowed(self, repo, tag):
        goal = self.work.goals.get((repo, tag))
        if goal is None:
            return []
        verdict = goal.what and self.out.verdict(goal.what)
        if verdict:
            return [goal.after]
        return [goal.before, goal.after]

    def tag(self, repo, tag, now):
        name = "%s:%s" % (repo, tag)
        wanted = self.allowed(repo, tag)
        if now is None:
            if wanted and None not in wanted:
                self.wrong("tag is gone", name, repo)
            return
        if now not in [made.digest for made in wanted if made]:
            kind = "wrong image"
            if self.is_placeholder(repo, tag):
                if DEAD in self.plan.killed:
                    return
                kind = "placeholder left"
            elif now in self.work.made:
                kind = "image of another tag or time"
            self.wrong(kind, "%s is %s, after %s" % (name, now, [
                made and made.digest[:19] for made in wanted]), repo)
            return
        for lacking in self.lacking(self.work.made[now], repo, tag):
            self.wrong("incomplete image", "%s lacks %s" % (name, lacking),
                       repo)

    def is_placeholder(self, repo, tag):
        def blob(name):
            reply = self.store.client.call(
                "GET", "/v2/%s/blobs/%s" % (repo, name))
            return reply.body if reply.status == 200 else None
        return placeholder(self.store.client.manifest(repo, tag).json(), blob)

    def lacking(self, made, repo, ref):
        reply = self.store.client.manifest(repo, ref)
        if reply.body != made.manifest or \
                reply.headers["Content-Type"] != made.media_type:
            yield "its bytes"
        for child in made.children:
            if self.store.client.digest(repo, child.digest) is None:
                yield child.digest
            else:
                yield from self.lacking(child, repo, child.digest)
        for data in made.blobs:
            if not self.store.client.has_blob(repo, digest(data)):
                yield "blob " + digest(data)

    # What regbot said.

    def said(self):
        for what, value in self.out.got:
            if value != self.work.expected.get(what):
                self.wrong("wrong answer", "%s was read as %r" % (
                    what, value), "%s/read/%s" % (self.work.root,
                                                  what.split(" ")[-1]))
        for why in self.out.errors + [
                line["error"] for line in self.out.broken]:
            if not why or len(why) < 20 or "nil" == why:
                self.wrong("error without a reason", repr(why))
        for word in ("Sanitizer", "runtime error", "protocol error",
                     "SIGSEGV", "SIGSYS", "SIGABRT"):
            if word in self.result.err:
                self.wrong("crash", word)

    def status(self):
        stopped = [s for s in STOPS if s in self.plan.killed]
        done = not self.out.broken and not self.out.errors
        code = self.result.code
        if DEAD in self.plan.killed:
            good = (-signal.SIGKILL, 0, 1)
        elif stopped:
            good = (0, 1) if done else (1,)
            if code == 0 and not self.all_done():
                self.wrong("exit status", "0, but not all was done")
        else:
            good = (0,) if done else (1,)
            if done and not self.all_done():
                self.wrong("work left out", "without an error")
        if code not in good:
            self.wrong("exit status", "%s, not one of %s" % (code, good))
        if self.result.seconds > MOST_SECONDS:
            self.wrong("hang", "%.0f s" % self.result.seconds)

    def all_done(self):
        return all(self.out.verdict(goal.what) for goal in
                   self.work.goals.values() if goal.what)

    # What is left.

    def processes(self):
        try:
            until("no process is left", lambda: not [
                one for one in self.plan.family if alive(*one)], 3)
        except Late:
            self.wrong("process left", str([
                one for one in self.plan.family if alive(*one)]))
        left = [name for name in os.listdir(self.box.dir)
                if name != "regbot.yml" and not name.startswith(".std")]
        if left:
            self.wrong("file left", str(left))

    def uploads(self):
        """One may stay where regbot could not end it: its process was killed,
        or a fault hit one of its requests."""
        if any(number in (signal.SIGKILL, signal.SIGSTOP) and
               victim != "worker" for victim, number in self.plan.killed):
            return
        if any(e.name in ("refused", "extra_later")
               for e in self.plan.events):
            return

        def left():
            return [name for name in self.store.open_uploads()
                    if self.plan.uploads.get(name) is False]
        try:
            until("no upload is open", lambda: not left(), 5)
        except Late:
            self.wrong("upload left open", str(left()))

    # Errors that should not be.

    def retried(self):
        """No error comes from faults that regbot must get over once each."""
        if self.plan.killed or self.plan.short:
            return
        if any(not FAULTS[e.name].retried for e in self.plan.events):
            return
        twice = {(e.path) for e in self.plan.events}
        if len(twice) < len(self.plan.events):
            return
        for why in self.out.errors:
            self.wrong("not retried" if self.plan.events else
                       "error without a fault", why)
