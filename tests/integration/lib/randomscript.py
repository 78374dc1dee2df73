# SPDX-License-Identifier: Apache-2.0
"""Random scripts that copy, put, delete and look, for test_simulation."""
import random

from . import images

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
-- Docker's registry lists tags in the order of its directory. A dry run does
-- not pretend the tags under which it keeps what refers to a manifest.
local function tags(repo)
  local list = {}
  for _, t in ipairs(tag.ls(repo)) do
    if not t:find("^sha256%-%x+$") then list[#list + 1] = t end
  end
  table.sort(list)
  return list
end
local function digest(ref)
  return manifest.head(ref):descriptor().digest
end
"""

REPOS = ["app", "lib", "deep/er/one", "fresh", "other"]
TAGS = ["v1", "v2", "v3", "10", "9", "latest", "dev"]


class Script:
    """One random script; every step is logged, and none ends it."""

    def __init__(self, seed, hosts):
        self.random = random.Random(seed)
        self.prefix = "s%d" % seed
        self.hosts, self.digests, self.blobs = hosts, [], []
        self.steps = []
        self.defaults = self.random.choice([
            None, None, None, {"referrers": True}, {"digestTags": True}])

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
        self.blobs = [images.digest(b) for one in made for b in one.blobs]
        for client, lists in clients:
            for name in REPOS[:3]:
                repo = "%s/%s" % (self.prefix, name)
                for tag in self.random.sample(TAGS, 4):
                    one = self.random.choice(made)
                    one.push(client, repo, tag)
                    if self.random.random() < 0.6:
                        self.attach(client, repo, one, lists)
                    if self.random.random() < 0.3:
                        images.cosign_tagged(one).push(
                            client, repo, images.fallback(one) + ".sig")

    def attach(self, client, repo, one, lists):
        """Something that refers to it, and perhaps to that, or to a child.
        lists: the registry has its own lists of these."""
        made = [images.signature(one), images.sbom(one)]
        found = {one: self.random.sample(made, self.random.randint(1, 2))}
        if self.random.random() < 0.5:
            found[found[one][0]] = [images.sbom(found[one][0], "deep")]
        if one.children and self.random.random() < 0.5:
            found[one.children[0]] = [images.sbom(one.children[0])]
        for subject, referrers in found.items():
            for referrer in referrers:
                referrer.push(client, repo)
                self.digests.append(referrer.digest)
            if not lists:
                images.listing(*referrers).push(
                    client, repo, images.fallback(subject))

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
        # Some registries refuse an index with only some of its platforms,
        # which a dry run cannot know.
        more = self.random.choice([
            "", "", "", ", {forceRecursive = true}", ", {digestTags = true}",
            ", {referrers = true}", ", {referrers = true}",
            ", {referrers = true, digestTags = true}",
            ", {referrers = true, forceRecursive = true}",
            ', {platforms = {"linux/amd64", "linux/arm64"}}',
            ', {platforms = {"linux/s390x"}}',
            ', {platforms = {"linux/arm64", "linux/amd64", "linux/s390x"}, '
            'referrers = true}'])
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

    def referrers(self):
        self.add("referrers", """
  local list = {}
  for _, d in ipairs(image.referrers("%s"%s)) do
    list[#list + 1] = (d.artifactType or "none") .. "=" .. d.digest
  end
  table.sort(list)
  return list""" % (self.ref(0.3), self.random.choice(
            ["", "", ', "application/spdx+json"'])))

    def delete_referrer(self):
        self.add("delete referrer", """
  local ref = "%s"
  for _, d in ipairs(image.referrers(ref)) do
    manifest.%s(reference.new(ref):digest(d.digest)):delete()
    return d.digest
  end""" % (self.ref(0.3), self.random.choice(["head", "getList"])))

    def put_referrer(self):
        self.add("put referrer", """
  local from, to = "%s", "%s"
  for _, d in ipairs(image.referrers(from)) do
    local m = manifest.getList(reference.new(from):digest(d.digest))
    manifest.put(m, reference.new(to):digest(d.digest))
    return d.digest
  end""" % (self.ref(0.3), self.ref(0)))

    def exists(self):
        self.add("exists", 'return tag.exists("%s")' % self.ref(0))

    def digest(self):
        self.add("digest", 'return manifest.digest("%s")' % self.ref())

    def newest(self):
        self.add("newest", """
  local list, rest = tag.newest("%s", %d%s)
  return {list, rest}""" % (self.repo(), self.random.randint(1, 3),
                            self.random.choice([
                                "", ', {by = "created"}',
                                ', {by = "created", match = "^v"}',
                                ', {range = ">1"}'])))

    def parallel(self):
        body = self.random.choice([
            'image.copy(from .. ":" .. t, to .. ":p" .. t)',
            'image.copy(from .. ":" .. t, to .. ":" .. t, '
            '{referrers = true})',
            'tag.delete(from .. ":" .. t)',
            'return digest(from .. ":" .. t)',
            'manifest.put(manifest.getList(from .. ":" .. t), '
            'to .. ":p" .. t)'])
        self.add("parallel", """
  local from, to = "%s", "%s"
  return parallel(%d, tags(from), function(t) %s end)""" % (
            self.repo(), self.repo(), self.random.randint(1, 4), body))

    def put_text(self):
        self.add("put text", 'return (blob.put("%s", "text %d"))' % (
            self.repo(), self.random.randrange(3)))

    def blob(self):
        if self.random.random() < 0.3:
            wanted = images.digest(b"text %d" % self.random.randrange(3))
        else:
            wanted = self.random.choice(self.blobs)
        self.add("blob", """
  local b = blob.%s("%s", "%s")
  %s""" % (self.random.choice(["get", "head"]), self.repo(), wanted,
           self.random.choice([
               "return b.size", "return #b:read()",
               "return #b:read(10) + #(b:read() or '')",
               'return (b:put("%s"))' % self.repo()])))

    def blobs_of(self):
        self.add("blobs of", """
  local ref, found = "%s", {}
  local m = manifest.get(ref)
  for _, d in ipairs(m.layers) do
    found[#found + 1] = #blob.get(ref, d.digest):read()
  end
  found[#found + 1] = #blob.get(ref, m.config.digest):read()
  return found""" % self.ref())

    def edit_config(self):
        self.add("edit config", """
  local from, to = "%s", "%s"
  local m, ic = manifest.get(from), image.config(from)
  ic.config.Labels.n = "e%d"
  m.config.digest, m.config.size = blob.put(to, ic:export())
  m:export():put(to)
  return image.config(to).config.Labels.n""" % (
            self.ref(), self.ref(0), self.random.randrange(3)))

    KINDS = [copy, copy, copy, copy, retag, delete_tag, delete_tag,
             delete_manifest, put, edit, list_tags, list_tags, list_repos,
             head, head, config, platforms, prune, mirror, referrers,
             referrers, delete_referrer, put_referrer, exists, digest,
             newest, newest, parallel, parallel, put_text, blob, blob,
             blobs_of, edit_config, edit_config]

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
                for one in sorted(set(self.digests)):
                    self.add("is " + name, 'return digest("%s@%s")' % (
                        repo, one))

    def text(self, steps=30):
        for _ in range(steps):
            self.random.choice(self.KINDS)(self)
        self.look()
        return PRELUDE + "\n".join(self.steps)
