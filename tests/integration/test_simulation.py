# SPDX-License-Identifier: Apache-2.0
"""A dry run is a simulation: random scripts that copy, put, delete and look
log in a dry run, word for word, what they then log in the real run. REGBOT_SEEDS
(a number, or FIRST-LAST) tries others than the usual ones."""
import os
import random
import re

from lib import images
from lib.case import Case

PRELUDE = r"""
local function show(v)
  if type(v) == "table" then
    local list = {}
    for _, e in ipairs(v) do list[#list + 1] = show(e) end
    return "[" .. table.concat(list, ",") .. "]"
  end
  return tostring(v)
end
local function try(what, fn)
  local ok, value = pcall(fn)
  log(what .. ": " .. (ok and show(value) or "failed: " .. value))
end
-- Docker's registry lists tags in the order of its directory.
local function tags(repo)
  local list = tag.ls(repo)
  table.sort(list)
  return list
end
local function digest(ref)
  return manifest.head(ref):descriptor().digest
end
"""

# Lines that tell what happened; of the others a dry run has fewer.
KEPT = {"User script message", "Copy image", "Copied image",
        "Image is up to date", "Delete tag", "Delete manifest",
        "Put manifest", "Error running script", "Script summary"}
WORDS = {"Image would be copied": "Copied image"}
NAMES = {"would-copy": "copied", "would-delete": "deleted"}
LEFT_OUT = {"time", "level", "dry-run", "bytes", "elapsed", "mounted",
            "uploaded"}
REPOS = ["app", "lib", "deep/er/one", "fresh", "other"]
TAGS = ["v1", "v2", "v3", "10", "9", "latest", "dev"]


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
    return found


class Script:
    """One random script; every step is logged, and none ends it."""

    def __init__(self, seed, hosts):
        self.random = random.Random(seed)
        self.prefix = "s%d" % seed
        self.hosts, self.digests = hosts, []
        self.steps = []

    def fill(self, clients):
        """What the registries have at first."""
        made = []
        for i in range(5):
            made.append(images.image(
                "%s/%d" % (self.prefix, i), labels={"n": str(i)},
                docker=i == 3, created="2024-01-0%dT00:00:00Z" % (i + 1)))
        made.append(images.index([made[0], made[4]]))
        made.append(images.index([made[1], made[3]], docker=True))
        self.digests = [one.digest for one in made]
        self.kinds = {one.digest: one for one in made}
        for client in clients:
            for repo in REPOS[:3]:
                for tag in self.random.sample(TAGS, 4):
                    self.random.choice(made).push(
                        client, "%s/%s" % (self.prefix, repo), tag)

    def repo(self):
        return "%s/%s/%s" % (self.random.choice(self.hosts), self.prefix,
                             self.random.choice(REPOS))

    def ref(self, digests=0.15):
        if self.random.random() < digests:
            return "%s@%s" % (self.repo(), self.random.choice(self.digests))
        return "%s:%s" % (self.repo(), self.random.choice(TAGS))

    def add(self, what, body):
        self.steps.append("try(%r, function() %s end)" % (
            "%d %s" % (len(self.steps), what), body))

    # The kinds of steps.

    def copy(self):
        more = self.random.choice([
            "", "", "", ", {forceRecursive = true}", ", {digestTags = true}"])
        self.add("copy", 'image.copy("%s", "%s"%s)' % (
            self.ref(), self.ref(0), more))

    def retag(self):
        repo = self.repo()
        self.add("retag", 'image.copy("%s:%s", "%s:%s")' % (
            repo, self.random.choice(TAGS), repo, self.random.choice(TAGS)))

    def delete_tag(self):
        self.add("delete tag", 'tag.delete("%s")' % self.ref(0))

    def delete_manifest(self):
        how = self.random.choice(["head", "getList", "get"])
        self.add("delete", 'manifest.%s("%s"):delete()' % (how, self.ref()))

    def put(self):
        self.add("put", 'manifest.put(manifest.getList("%s"), "%s")' % (
            self.ref(), self.ref(0)))

    def edit(self):
        self.add("edit", """
  local m = manifest.getList("%s")
  m.annotations = m.annotations or {}
  m.annotations.step = "%d"
  m = m:export()
  manifest.put(m, "%s")
  return m:descriptor().digest""" % (self.ref(), self.random.randrange(3),
                                     self.ref(0)))

    def list_tags(self):
        self.add("tags", self.random.choice([
            'return tags("%s")', 'return #tag.ls("%s", {limit = 2})']) %
            self.repo())

    def list_repos(self):
        self.add("repos", """
  local found = {}
  for _, r in ipairs(repo.ls("%s")) do
    if r:find("^%s/") then found[#found + 1] = r end
  end
  return found""" % (self.random.choice(self.hosts), self.prefix))

    def head(self):
        self.add("head", 'return digest("%s")' % self.ref())

    def config(self):
        self.add("config", 'local c = image.config("%s") '
                 'return c.Config.Labels.n .. " " .. c.created' % self.ref())

    def platforms(self):
        self.add("platforms", """
  local list = {}
  for _, d in ipairs(manifest.getList("%s").manifests) do
    list[#list + 1] = d.platform.architecture .. "=" .. d.digest
  end
  return list""" % self.ref())

    def prune(self):
        self.add("prune", """
  local repo, list = "%s", {}
  for _, t in ipairs(tags(repo)) do
    local ok, c = pcall(image.config, repo .. ":" .. t)
    list[#list + 1] = (ok and c.created or "none") .. " " .. t
  end
  table.sort(list)
  for i = 1, #list - %d do
    local ref = repo .. ":" .. list[i]:match("%%S+$")
    %s
  end
  return list""" % (self.repo(), self.random.randint(1, 3), self.random.choice([
            "tag.delete(ref)", "manifest.head(ref):delete()",
            "pcall(function() manifest.head(ref):delete() end)"])))

    def mirror(self):
        self.add("mirror", """
  local from, to = "%s", "%s"
  for _, t in ipairs(tags(from)) do
    if t:find("^%s") then image.copy(from .. ":" .. t, to .. ":" .. t) end
  end""" % (self.repo(), self.repo(), self.random.choice(["v", "", "1"])))

    KINDS = [copy, copy, copy, retag, delete_tag, delete_tag,
             delete_manifest, put, edit, list_tags, list_tags, list_repos,
             head, head, config, platforms, prune, mirror]

    def look(self):
        """Everything, as it is in the end."""
        for host in self.hosts:
            for name in REPOS:
                repo = "%s/%s/%s" % (host, self.prefix, name)
                self.add("all of " + repo, """
  local list = {}
  for _, t in ipairs(tags("%s")) do
    list[#list + 1] = t .. "=" .. digest("%s:" .. t)
  end
  return list""" % (repo, repo))
                for one in self.digests:
                    self.add("is " + name, 'return digest("%s@%s")' % (
                        repo, one))

    def text(self, steps=25):
        for _ in range(steps):
            self.random.choice(self.KINDS)(self)
        self.look()
        return PRELUDE + "\n".join(self.steps)


def seeds():
    given = os.environ.get("REGBOT_SEEDS", "8")
    first, _, last = given.partition("-")
    return range(int(first), int(last) + 1) if last else range(int(first))


class Simulation(Case):
    def test_a_dry_run_logs_what_the_real_run_does(self):
        registries = [self.registry(), self.registry()]
        for seed in seeds():
            script = Script(seed, [one.host for one in registries])
            script.fill([one.client for one in registries])
            text = script.text()
            dry, real = (self.once(registries, text, "-v", "debug", *flags)
                         for flags in (["--dry-run"], []))
            with self.subTest(seed=seed):
                self.succeeded(dry)
                self.succeeded(real)
                # Later ones mostly follow from the first.
                for number, (one, other) in enumerate(
                        zip(told(dry), told(real))):
                    if one != other:
                        self.fail("line %d, dry and real:\n%s\n%s\n%s" % (
                            number, one, other, "\n".join(script.steps)))
                self.assertEqual(len(told(dry)), len(told(real)))
