# SPDX-License-Identifier: Apache-2.0
"""A dry run is a simulation: random scripts that copy, put, delete and look
log in a dry run, word for word, what they then log in the real run. REGBOT_SEEDS
(a number, or FIRST-LAST) tries others than the usual ones."""
import os
import re

from lib.case import Case
from lib.client import Client
from lib.randomscript import Script

# Lines that tell what happened; of the others a dry run has fewer.
KEPT = {"User script message", "Copy image", "Copied image",
        "Image is up to date", "Delete tag", "Delete manifest",
        "Put manifest", "Error running script", "Script summary"}
WORDS = {"Image would be copied": "Copied image"}
NAMES = {"would-copy": "copied", "would-delete": "deleted"}
LEFT_OUT = {"time", "level", "dry-run", "bytes", "elapsed", "mounted",
            "uploaded"}


def told(result):
    """What a run logged, without what may differ."""
    found = []
    for line in result.lines():
        message = WORDS.get(line["msg"], line["msg"])
        if message not in KEPT:
            continue
        fields = {NAMES.get(name, name): value
                  for name, value in line.fields.items()
                  if name not in LEFT_OUT}
        fields["msg"] = message
        for name in "message", "error":
            # Why a registry does not have or take it, in its words.
            if name in fields:
                fields[name] = re.sub(r"(\[http 40[04]\]).*", r"\1",
                                      fields[name], flags=re.S)
        found.append(" ".join("%s=%s" % pair
                              for pair in sorted(fields.items())))
    return ordered(found)


def ordered(lines):
    """The lines of a parallel step may come in any order."""
    found, step = [], []
    for line in lines:
        end = re.search(r"message=\d+ (parallel)?", line)
        if not end:
            step.append(line)
            continue
        found += (sorted(step) if end.group(1) else step) + [line]
        step = []
    return found + step


def seeds():
    given = os.environ.get("REGBOT_SEEDS", "4")
    first, _, last = given.partition("-")
    return range(int(first), int(last) + 1) if last else range(int(first))


class Simulation(Case):
    def simulate(self, registries, places, seed):
        """places: a client for each, and whether it lists referrers."""
        script = Script(seed, [one.host for one in registries])
        script.fill(places)
        text = script.text()
        defaults = {"copy": script.defaults} if script.defaults else None
        dry, real = (told(self.succeeded(self.once(
            registries, text, "-v", "debug", *flags,
            defaults=defaults))) for flags in (["--dry-run"], []))
        # Later ones mostly follow from the first.
        for number, (one, other) in enumerate(zip(dry, real)):
            if one != other:
                self.fail("line %d, dry and real:\n%s\n%s\n%s" % (
                    number, one, other, "\n".join(script.steps)))
        self.assertEqual(len(dry), len(real))

    def same(self, registries, text):
        """What a script logs in a dry run, and then in the real one."""
        dry, real = (told(self.succeeded(self.once(registries, text, *flags)))
                     for flags in (["--dry-run"], []))
        self.assertEqual(dry, real)
        return "\n".join(real)

    def test_a_repository_with_blobs_alone(self):
        """It is listed, but has no list of tags; after it was listed, that
        one is empty."""
        registry = self.registry()
        text = self.same([registry], """
            local repo_name = "%s/new/blobs"
            blob.put(repo_name, "text")
            log(tostring(pcall(tag.ls, repo_name)))
            log(table.concat(repo.ls("%s"), ","))
            log(tostring(#tag.ls(repo_name)))""" % (
                registry.host, registry.host))
        self.assertRegex(text, r"message=false[^\0]*message=new/blobs "
                         r"[^\0]*message=0 ")

    def test_a_dry_run_logs_what_the_real_run_does(self):
        registries = [self.registry(), self.registry()]
        for seed in seeds():
            with self.subTest(seed=seed):
                self.simulate(registries, [
                    (one.client, False) for one in registries], seed)

    def test_with_a_registry_that_lists_referrers(self):
        registries = [self.registry(), self.fake(referrers=True)]
        for seed in seeds():
            with self.subTest(seed=seed):
                self.simulate(registries, [
                    (registries[0].client, False),
                    (Client(registries[1].host), True)], 1000 + seed)
