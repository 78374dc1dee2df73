#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills workers and brokers at random while many scripts copy. Whatever
happens, regbot ends with status 0 or 1, nothing is left running, and every tag
at the target is a whole image.

  storm.py [ROUNDS [SEED]]"""
import os
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "integration"))
from lib import images  # noqa: E402
from lib.registry import Registry  # noqa: E402
from lib.run import Box, alive, config, creds, kill, stat  # noqa: E402
from lib.wait import until  # noqa: E402

IMAGES = 12


def whole(made, client, repo):
    """Whether repo:v is there as a whole, or not at all."""
    if client.digest(repo, "v") is None:
        return True
    return client.manifest(repo, "v").body == made.manifest and all(
        client.has_blob(repo, name) for name in made.all_blobs())


def one(rng, source, target, made, repo):
    scripts = {"s%d" % i: 'for n = 1, 3 do pcall(image.copy, "%s/%s/%d:v", '
               '"%s/%s/%d:v") end' % (source.host, repo, i, target.host,
                                      repo, i) for i in range(IMAGES)}
    box = Box()
    seen = set()
    try:
        box.write("r.yml", config(
            [creds(source.host), creds(target.host)],
            [{"name": n, "script": t, "timeout": "30s"}
             for n, t in scripts.items()], {"parallel": 3}))
        running = box.start("once", "-c", "r.yml")
        deadline = time.monotonic() + 90
        while running.process.poll() is None:
            if time.monotonic() > deadline:
                return "still runs:\n" + running.err
            family = running.children()
            for pid in family:
                found = stat(pid)
                if found:
                    seen.add((pid, found[3]))
            if family and rng.random() < 0.15:
                kill(rng.choice(family))
            time.sleep(rng.random() * 0.02)
        result = running.wait(5)
        if result.code not in (0, 1):
            return str(result)
        until("no process is left",
              lambda: not [one for one in seen if alive(*one)], 2)
        broken = [i for i in range(IMAGES)
                  if not whole(made[i], target.client, "%s/%d" % (repo, i))]
        return "half copied: %s\n%s" % (broken, result) if broken else None
    finally:
        box.close()


def main(args):
    rounds = int(args[0]) if args else 5
    rng = random.Random(int(args[1]) if len(args) > 1 else 1)
    failed = 0
    with Registry() as source, Registry() as target:
        for number in range(rounds):
            repo = "storm%d" % number
            made = [images.multi("%s%d" % (repo, i), layers=[50000] * 3)
                    for i in range(IMAGES)]
            for i in range(IMAGES):
                made[i].push(source.client, "%s/%d" % (repo, i), "v")
            wrong = one(rng, source, target, made, repo)
            if wrong:
                failed += 1
                print("FAIL round %d: %s" % (number, wrong), flush=True)
    print("%d passed, %d failed" % (rounds - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
