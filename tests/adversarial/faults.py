#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Scripts copy, retag, prune and read while requests fail and processes die at
random, by a seed. Whatever happens, each tag is the old or the new image as a
whole, regbot says truly what became of it, and nothing is left behind.

  faults.py [--faults N] [--kills N] [--seed S] [--registry docker|tagdelete]
            [--only NAME,...] [--slow] [--keep-going] [--list]

docker is Debian's docker-registry, tagdelete one in memory that deletes tags.
--slow adds the faults that take a minute each. Round 0 has no faults."""
import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "integration"))
from fault_check import MOST_SECONDS, Check  # noqa: E402
from fault_kinds import FAULTS  # noqa: E402
from fault_plan import Plan  # noqa: E402
from fault_proxy import FaultProxy  # noqa: E402
from fault_work import Work  # noqa: E402
from lib.client import Client  # noqa: E402
from lib.fakeregistry import FakeRegistry  # noqa: E402
from lib.registry import Registry  # noqa: E402
from lib.run import Box, config, creds  # noqa: E402


class Target:
    """The registry that is written to, seen without the proxy."""

    def __init__(self, kind):
        self.server = Registry() if kind == "docker" else FakeRegistry(page=3)
        self.host = self.server.host
        self.client = Client(self.host)

    def open_uploads(self):
        if isinstance(self.server, FakeRegistry):
            return list(self.server.uploads)
        return [os.path.basename(path)
                for path in self.server.open_uploads()]

    def stop(self):
        self.server.stop()


class Totals:
    def __init__(self):
        self.rows, self.violations = {}, {}

    def add(self, plan, check):
        failed = check.out.failed_repos()
        blamed = {v.repo for v in check.found}
        for event in plan.events:
            row = self.rows.setdefault(event.name, [0, 0, 0, 0])
            row[0] += 1
            row[2 if event.repo in failed or (
                event.kill and check.out.broken) else 1] += 1
            if check.found and (event.repo in blamed or None in blamed):
                row[3] += 1
        for one in check.found:
            self.violations[one.kind] = self.violations.get(one.kind, 0) + 1

    def show(self):
        print("%-28s %8s %8s %8s %8s" % (
            "", "injected", "retried", "error", "violation"))
        for name in sorted(self.rows):
            print("%-28s %8d %8d %8d %8d" % (name, *self.rows[name]))
        for kind in sorted(self.violations):
            print("violations: %-30s %d" % (kind, self.violations[kind]))


def wait(running, plan):
    deadline = time.monotonic() + MOST_SECONDS + 30
    while time.monotonic() < deadline:
        plan.look()
        try:
            running.process.wait(0.05)
            break
        except subprocess.TimeoutExpired:
            pass
    else:
        running.kill_all()
    return running.result()


def one(number, rng, plan, source, target):
    """A run; returns its Check, after all that is to be found was found."""
    work = Work("r%d" % number)
    work.push(source, target.client)
    proxies = [FaultProxy("src", source.host, plan),
               FaultProxy("dst", target.host, plan)]
    box = Box()
    try:
        scripts = list(work.texts(*[p.host for p in proxies]).items())
        rng.shuffle(scripts)
        timeout = rng.choice(["1s", "3s"]) if rng.random() < 0.05 else "10m"
        box.write("regbot.yml", config(
            [creds(p.host, user="u", password="p",
                   reqConcurrent=rng.choice([3, 12])) for p in proxies],
            [{"name": n, "script": t, "timeout": timeout}
             for n, t in scripts], {"parallel": rng.randint(2, 12)}))
        running = box.start("once", "-c", "regbot.yml",
                            env={"TMPDIR": box.dir})
        plan.pid = running.pid
        plan.short = timeout != "10m"
        result = wait(running, plan)
        for proxy in proxies:
            proxy.stop()
        check = Check(work, plan, target, result, box)
        check.all()
        return check
    finally:
        for proxy in proxies:
            proxy.stop()
        box.close()


def report(options, number, plan, check):
    print("FAIL seed %d round %d (%s)" % (options.seed, number,
                                          options.registry))
    for violation in check.found:
        print("  " + str(violation))
    for event in plan.events:
        print("  injected " + str(event))
    print(str(check.result)[-options.log:], flush=True)


def arguments(args):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--registry", choices=("docker", "tagdelete"),
                        default="docker")
    parser.add_argument("--only", help="names of faults, with commas")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("--log", type=int, default=4000,
                        help="how much of the log is shown")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args(args)


def main(args):
    options = arguments(args)
    if options.list:
        print("\n".join(FAULTS))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.access("/dev/shm", os.W_OK):
        tempfile.tempdir = "/dev/shm"	# docker-registry waits for the disk
    names = options.only.split(",") if options.only else [
        n for n, f in FAULTS.items() if options.slow or not f.slow]
    rng, counts, totals = random.Random(options.seed), {}, Totals()
    faults, kills, number, failed = options.faults, options.kills, 0, 0
    source, target = FakeRegistry(page=3), Target(options.registry)
    try:
        while number == 0 or faults > 0 or kills > 0:
            some = number > 0
            chosen = [rng.choice(names) for _ in range(
                min(faults, rng.randint(1, 8)))] if some else []
            dying = 1 if some and kills > 0 and (
                not faults or rng.random() < 0.6) else 0
            slow = [n for n in chosen if FAULTS[n].slow]
            chosen = slow[:1] + [n for n in chosen if n not in slow]
            plan = Plan(rng, counts, chosen, dying, options.slow)
            check = one(number, rng, plan, source, target)
            plan.ended()
            totals.add(plan, check)
            faults -= len([e for e in plan.events if e.name in FAULTS])
            kills -= len(plan.killed)
            if check.found:
                failed += 1
                report(options, number, plan, check)
                if not options.keep_going:
                    break
            number += 1
    finally:
        source.stop()
        target.stop()
        totals.show()
    print("%d passed, %d failed" % (number + (
        0 if options.keep_going else 1 if failed else 0) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
