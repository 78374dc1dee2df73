# SPDX-License-Identifier: Apache-2.0
"""What is broken when, in one run: the n-th request that fits a fault gets it,
the n-th that fits a kill sees a process die. Remembers what was done."""
import os
import re
import signal
import threading
from urllib.parse import urlsplit

from fault_kinds import FAULTS
from lib.run import children, kill, stat

MOMENTS = [("any", ".*", "."), ("put manifest", "PUT", "/manifests/"),
           ("tag deletion", "PUT|DELETE", "/old/manifests/"),
           ("delete", "DELETE", "/manifests/"),
           ("upload", "PUT|PATCH", "/uploads/"), ("post", "POST", "."),
           ("read", "GET|HEAD", "."), ("get blob", "GET", "/blobs/")]
VICTIMS = [("broker", signal.SIGKILL)] * 4 + \
    [("worker", signal.SIGKILL)] * 3 + [
    ("supervisor", signal.SIGTERM), ("supervisor", signal.SIGTERM),
    ("supervisor", signal.SIGINT), ("supervisor", signal.SIGKILL)]
SLOW_VICTIMS = [("broker", signal.SIGSTOP)]


def owner(port, pids):
    """Which of these processes has the connection from that port."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table]
    inodes = {"socket:[%s]" % row[9] for row in rows[1:]
              if row[1].endswith(":%04X" % port)}
    for pid in pids:
        try:
            for name in os.listdir("/proc/%d/fd" % pid):
                if os.readlink("/proc/%d/fd/%s" % (pid, name)) in inodes:
                    return pid
        except OSError:
            pass
    return None


class Event:
    """A fault or a kill that happened."""

    def __init__(self, name, exchange, kill=False):
        self.kill = kill
        self.name, self.method = name, exchange.command
        self.path, self.repo = exchange.path, exchange.repo()
        self.side = exchange.server.side

    def __str__(self):
        return "%s: %s %s %s" % (self.name, self.side, self.method,
                                 self.path[:110])


class Kill:
    def __init__(self, rng, counts, victims):
        self.moment, methods, path = rng.choice(MOMENTS)
        self.methods, self.path = re.compile(methods), re.compile(path)
        self.victim, self.signal = rng.choice(victims)
        self.after = rng.random() < 0.6
        self.at = rng.randint(1, max(counts.get(self.moment, 20), 1))
        self.seen = 0

    def due(self, exchange):
        if self.methods.fullmatch(exchange.command) and \
                self.path.search(exchange.path):
            self.seen += 1
            return self.seen == self.at
        return False

    @property
    def name(self):
        return "%s %s" % (signal.Signals(self.signal).name, self.victim)


class Plan:
    """faults: names; kills: how many. counts says how many requests fitted
    what in an earlier run, and is brought up to date here."""

    def __init__(self, rng, counts, faults=(), kills=0, slow=False):
        self.lock, self.counts, self.seen = threading.Lock(), counts, {}
        self.waiting = [(name, rng.randint(1, max(counts.get(name, 10), 1)))
                        for name in faults]
        self.kills = [
            Kill(rng, counts, VICTIMS + (SLOW_VICTIMS if slow else []))
            for _ in range(kills)]
        self.events, self.killed, self.answers = [], [], {}
        self.uploads, self.pid, self.short = {}, None, False
        self.family, self.begun = set(), 0

    def take(self, exchange):
        """The fault for this request, or None."""
        with self.lock:
            self.begun += 1
            due = [one for one in self.kills if one.due(exchange)]
            for moment, methods, path in MOMENTS:
                if re.fullmatch(methods, exchange.command) and \
                        re.search(path, exchange.path):
                    self.seen[moment] = self.seen.get(moment, 0) + 1
            chosen = None
            for fault in FAULTS.values():
                if not fault.fits(exchange):
                    continue
                count = self.seen[fault.name] = \
                    self.seen.get(fault.name, 0) + 1
                ready = [pair for pair in self.waiting
                         if pair[0] == fault.name and pair[1] <= count]
                if ready and chosen is None:
                    self.waiting.remove(ready[0])
                    chosen = fault
            exchange.fault = chosen
            if chosen:
                self.events.append(Event(chosen.name, exchange))
                self.touch(exchange)
        exchange.late = None
        for one in due:
            if one.after:
                exchange.late = one
            else:
                self.kill(one.victim, one.signal, exchange)
        return chosen and chosen.act

    def answered(self, exchange, answer):
        """The registry has answered, regbot does not know it yet."""
        late, exchange.late = exchange.late, None
        if late:
            self.kill(late.victim, late.signal, exchange)
        with self.lock:
            if answer.status == 200 and exchange.command in ("GET", "HEAD"):
                self.answers.setdefault(self.kind(exchange), []).append(
                    (exchange.path, answer))
            where = urlsplit(answer.get("Location"))
            if exchange.command == "POST" and answer.status == 202:
                self.uploads[where.path.split("/")[-1]] = \
                    exchange.fault is not None

    @staticmethod
    def kind(exchange):
        found = re.search("/(tags|manifests|blobs)/", exchange.path)
        return exchange.command, found and found.group(1)

    def earlier(self, exchange):
        """An answer to another request of this kind."""
        with self.lock:
            others = [a for path, a in self.answers.get(
                self.kind(exchange), ()) if path != exchange.path]
        return others[-1] if others else None

    # Uploads: name -> whether a fault touched it, so that it may be left.

    def touch(self, exchange):
        name = exchange.path.split("?")[0].split("/")[-1]
        if name in self.uploads:
            self.uploads[name] = True

    def end_upload(self, exchange):
        """Behind regbot's back."""
        exchange.data, method = b"", exchange.command
        exchange.command = "DELETE"
        exchange.ask()
        exchange.command = method

    # Kills.

    def look(self):
        """Remembers the processes that run now."""
        for pid in children(self.pid):
            found = stat(pid)
            if found:
                self.family.add((pid, found[3]))

    def kill(self, victim, number, exchange=None):
        self.look()
        pids = [self.pid] if victim == "supervisor" else \
            children(self.pid, "regbot-" + victim)
        if not pids:
            return
        with self.lock:
            self.killed.append((victim, number))
            if exchange:
                self.events.append(Event("%s %s" % (
                    signal.Signals(number).name, victim), exchange, True))
            pid = pids[self.begun % len(pids)]
        if victim == "broker" and exchange:
            pid = owner(exchange.client_address[1], pids) or pid
        kill(pid, number)

    def ended(self):
        """Keeps the counts for the next run."""
        for name, count in self.seen.items():
            self.counts[name] = max(self.counts.get(name, 0), count)
