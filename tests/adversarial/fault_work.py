# SPDX-License-Identifier: Apache-2.0
"""What regbot is told to do in a run, and what may be in the registry when it
is over. Every action logs "ok WHAT" or "fail WHAT: WHY"."""
from lib import images

SHARERS = "abcdef"
HELPERS = """
local failed = false
local function try(what, f, ...)
  local ok, value = pcall(f, ...)
  if ok then log("ok " .. what)
  else failed = true log("fail " .. what .. ": " .. tostring(value)) end
  return ok, value
end
local function got(what, value) log("got " .. what .. " = " .. value) end
local SRC, DST = "%s", "%s"
%s
if failed then error("not everything was done") end
"""
MIRROR = """
local ok, tags = try("list", tag.ls, SRC .. "/R/app")
for _, t in ipairs(ok and tags or {}) do
  try("R/app:" .. t, image.copy, SRC .. "/R/app:" .. t, DST .. "/R/app:" .. t,
      {digestTags = true})
end
"""
RETAG = """
try("R/base:prod", image.copy, DST .. "/R/base:v1", DST .. "/R/base:prod")
try("R/other:v1", image.copy, DST .. "/R/base:v1", DST .. "/R/other:v1")
try("R/other:all", image.copy, DST .. "/R/base:all", DST .. "/R/other:all")
"""
PRUNE = """
local ok, tags = try("list", tag.ls, DST .. "/R/old")
for _, t in ipairs(ok and tags or {}) do
  local ref = DST .. "/R/old:" .. t
  if t:match("^tmp%-") then try("R/old:" .. t, tag.delete, ref)
  else
    local read, ic = try("config", image.config, ref)
    if read and ic.created < "2021" then try("R/old:" .. t, tag.delete, ref) end
  end
end
"""
REMOVE = """
local ok, m = try("head", manifest.head, DST .. "/R/gone:a")
if ok then try("R/gone:a", m.delete, m) end
"""
SHARED = """
for i = 1, 3 do
  local name = "/R/share:NAME" .. i
  try(name:sub(2), image.copy, SRC .. name, DST .. name)
end
"""
READ = """
for i = 1, 6 do
  for _, r in ipairs({"x", "y"}) do
    for _, host in ipairs({SRC, DST}) do
      local ok, tags = try("list", tag.ls, host .. "/R/read/" .. r)
      if ok then table.sort(tags) got(r, table.concat(tags, " ")) end
      local read, ic = try("config", image.config,
                           host .. "/R/read/" .. r .. ":one")
      if read then got("label " .. r, ic.config.Labels.name) end
    end
  end
end
"""


class Goal:
    """A tag's image before, and after the action `what` of a script; None
    where there is no tag."""

    def __init__(self, before, after, what=None):
        self.before, self.after, self.what = before, after, what


class Work:
    """One run: everything is in repositories under `root`."""

    def __init__(self, root):
        self.root, self.goals, self.expected = root, {}, {}
        self.source = []	# (repository, tag, image)
        self.made = {}		# digest -> image
        self.scripts = {
            "mirror": MIRROR, "retag": RETAG, "prune": PRUNE,
            "remove": REMOVE, "read": READ,
            **{"share-" + n: SHARED.replace("NAME", n) for n in SHARERS}}
        self.app()
        self.base()
        self.old()
        self.gone()
        self.share()
        self.read()

    def image(self, name, **more):
        sizes = more.pop("layers", [3000, 90000])
        return self.keep(images.image("%s/%s" % (self.root, name),
                                      layers=sizes, **more))

    def index(self, name, **more):
        return self.keep(images.index([
            self.image("%s/%s" % (name, a), architecture=a, layers=[2000],
                       **more) for a in ("amd64", "arm64", "s390x")], **more))

    def keep(self, made):
        self.made[made.digest] = made
        return made

    def goal(self, repo, tag, before, after, what=None):
        repo = "%s/%s" % (self.root, repo)
        self.goals[repo, tag] = Goal(before, after, what and "%s:%s" % (
            repo, what if what is not True else tag))

    def copied(self, repo, tag, made, before=None):
        self.source.append(("%s/%s" % (self.root, repo), tag, made))
        self.goal(repo, tag, before, made, True)

    def app(self):
        multi = self.index("multi")
        self.copied("app", "one", self.image("one", spaced=True))
        self.copied("app", "two", self.image("two", docker=True),
                    self.image("before", docker=True))
        self.copied("app", "multi", multi, self.index("multi-before"))
        self.copied("app", "list", self.index("list", docker=True))
        same = self.image("same")
        self.copied("app", "same", same, same)
        self.copied("app", multi.digest.replace(":", "-") + ".sig",
                    self.image("signature", layers=[300]))

    def base(self):
        v1, every = self.image("base"), self.index("all")
        self.goal("base", "v1", v1, v1)
        self.goal("base", "all", every, every)
        self.goal("base", "prod", self.image("base-before"), v1, True)
        self.goal("other", "v1", None, v1, True)
        self.goal("other", "all", None, every, True)

    def old(self):
        keep, aged = self.image("keep"), self.image(
            "aged", created="2020-01-01T00:00:00Z")
        dated = self.image("aged2", docker=True,
                           created="2019-01-01T00:00:00Z")
        self.goal("old", "keep", keep, keep)
        young = self.image("young")
        self.goal("old", "young", young, young)
        for tag, made in (("tmp-1", keep), ("tmp-2", self.index("tmp")),
                          ("aged", aged), ("aged-2", dated)):
            self.goal("old", tag, made, None, True)

    def gone(self):
        made, other = self.image("gone"), self.image("stays")
        self.goal("gone", "a", made, None, "a")
        self.goal("gone", "b", made, None, "a")
        self.goal("gone", "stays", other, other)

    def share(self):
        layers = [images.noise(n, "%s/%d" % (self.root, n)) for n in
                  (500, 600, 700, 20000, 70000)]
        for name in [c + i for c in SHARERS for i in "123"]:
            self.copied("share", name, self.keep(images.image(
                "%s/share/%s" % (self.root, name), raw_layers=layers)))

    def read(self):
        for name, tags in (("x", "one two three four five"),
                           ("y", "one six seven eight")):
            made = self.image("read/" + name, labels={"name": name},
                              layers=[200])
            for tag in tags.split():
                self.source.append(("%s/read/%s" % (self.root, name), tag,
                                    made))
                self.goal("read/" + name, tag, made, made)
            self.expected[name] = " ".join(sorted(tags.split()))
            self.expected["label " + name] = name

    # Before a run.

    def push(self, source, client):
        """source is a FakeRegistry, client of the other one."""
        for repo, tag, made in self.source:
            source.add(repo, tag, made)
        for (repo, tag), goal in self.goals.items():
            if goal.before:
                goal.before.push(client, repo, tag)

    def texts(self, source, target):
        return {name: HELPERS.replace("%s", "\0").replace(
            "\0", source, 1).replace("\0", target, 1).replace(
            "\0", text.replace("R/", self.root + "/"), 1)
            for name, text in self.scripts.items()}

    def repos(self):
        return sorted({repo for repo, _ in self.goals})


def placeholder(manifest, blob):
    """Whether a manifest is what takes the place of a deleted tag."""
    layers = manifest.get("layers") or []
    return len(layers) == 1 and layers[0]["size"] == 2 and \
        b"delete-tag" in (blob(manifest["config"]["digest"]) or b"")
