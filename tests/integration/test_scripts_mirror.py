# SPDX-License-Identifier: Apache-2.0
"""Scripts that mirror, in the way people write them: modules that several
scripts require, many registries, semantic versions, digests as targets."""
import unittest

from lib import images
from lib.case import Case
from lib.run import config, creds

MIRROR = r"""
local mirror = {}
mirror.targets = { "docker.io/acme", "ghcr.io/acme", "quay.io/acme" }

-- gsub's second result must not get into the name
local function join(registry, path)
  if string.find(registry, "gcr.io", 1, true) then
    return registry .. "/" .. path
  end
  return registry .. "/" .. string.gsub(path, "/", "-")
end

function mirror.version(t)
  return string.match(t, "^v?(%d+)%.(%d+)%.(%d+)(.-)$")
end

function mirror.tags(path, source)
  source = source or "gcr.io/acme/prod"
  local from = reference.new(join(source, path))
  for _, t in ipairs(tag.ls(from)) do
    local major, _, _, rest = mirror.version(t)
    if major ~= nil and string.sub(rest, 1, 1) ~= "-" then
      from:tag(t)
      for _, target in ipairs(mirror.targets) do
        local to = reference.new(join(target, path))
        to:tag(t)
        if not image.ratelimitWait(from, 10) then
          error "Timed out waiting on rate limit"
        end
        image.copy(from, to)
      end
    end
  end
end

function mirror.pinned(list, prefix)
  for _, name in ipairs(list) do
    local path, digest = string.match(name, "^[^/]+/(.-)@(.*)$")
    path = path:match("^[^:]+")
    local i = string.find(string.reverse(path), "/", 1, true)
    if i then path = string.sub(path, -i + 1) end
    local to = reference.new("quay.io/acme/" .. prefix .. "-" .. path)
    to:digest(digest)
    image.copy(reference.new(name), to)
  end
end

return mirror
"""


class TestMirror(Case):
    def setUp(self):
        super().setUp()
        self.fakes = {name: self.fake(page=4) for name in (
            "docker.io", "gcr.io", "ghcr.io", "quay.io")}
        self.entries = [creds(fake.host, name)
                        for name, fake in self.fakes.items()]
        self.box.write("mirror.lua", MIRROR)

    def run_scripts(self, scripts, defaults=None):
        self.box.write("regbot.yml", config(self.entries, scripts, defaults))
        return self.succeeded(self.box.run("once", "-c", "regbot.yml"))

    def test_many_scripts_share_a_module(self):
        source, scripts = self.fakes["gcr.io"], {}
        source.rate = {"RateLimit-Limit": "100;w=60",
                       "RateLimit-Remaining": "50;w=60"}
        paths = ["px", "cloud/api", "cloud/job/admin"]
        for path in paths:
            for t in ("0.1.0", "v0.10.2", "1.0.0-rc1", "latest", "1.0.0"):
                source.add("acme/prod/" + path, t, images.multi(path + t))
            scripts["sync " + path] = "mirror = require 'mirror'\n" \
                "mirror.tags(\"%s\")\n" % path
        self.run_scripts(scripts, {"parallel": 16, "timeout": "10m"})
        for name in ("docker.io", "ghcr.io", "quay.io"):
            for path in paths:
                got = self.fakes[name].repos["acme/" + path.replace("/", "-")]
                there = source.repos["acme/prod/" + path]
                self.assertEqual(sorted(got["tags"]),
                                 ["0.1.0", "1.0.0", "v0.10.2"])
                for t, digest in got["tags"].items():
                    self.assertEqual(digest, there["tags"][t])
        for fake in self.fakes.values():
            fake.requests.clear()
        self.run_scripts(scripts, {"parallel": 16})
        self.assertEqual([fake.writes() for fake in self.fakes.values()],
                         [[]] * 4)

    def test_pinned_images_go_by_digest(self):
        hub, gcr = self.fakes["docker.io"], self.fakes["gcr.io"]
        a = hub.add("library/mongo", "4", images.multi("mongo"))
        b = hub.add("library/redis", None, images.image("r", docker=True))
        c = gcr.add("x/y/z", None, images.multi("z"))
        self.run_scripts({"pinned": """
            local mirror = require 'mirror'
            local sets = { shop = { "docker.io/mongo:4@%s",
              "docker.io/redis@%s" }, play = { "gcr.io/x/y/z@%s" } }
            for ns, list in pairs(sets) do mirror.pinned(list, ns) end
            """ % (a, b, c)})
        for repo, digest in (("shop-mongo", a), ("shop-redis", b),
                             ("play-z", c)):
            place = self.fakes["quay.io"].repos["acme/" + repo]
            self.assertIn(digest, place["manifests"])
            self.assertEqual(place["tags"], {})

    def test_tags_of_the_same_digest(self):
        hub = self.fakes["docker.io"]
        for t, seed in (("mirror", "b"), ("v1", "a"), ("v2", "b"),
                        ("v3", "c")):
            hub.add("library/app", t, images.multi(seed))
        result = self.run_scripts({"same": """
            target = manifest.descriptor("app:mirror").Digest
            for k, t in pairs(tag.ls("app")) do
              if t ~= "mirror" and
                  target == manifest.descriptor("app:" .. t).Digest then
                log("the same: " .. t)
              end
            end
            if not string.match(manifest.getList("app:v1"):descriptor().Digest,
                "^sha256:%x+$") then error("no digest") end
            """})
        self.assertEqual(result.messages(), ["the same: v2"])

    def test_a_failed_copy_does_not_end_the_others(self):
        hub, quay = self.fakes["docker.io"], self.fakes["quay.io"]
        for t in ("1", "2", "3"):
            hub.add("library/app", t, images.image(t))
        quay.on("PUT", "/manifests/2$",
                lambda handler: quay.fail(handler, 403, "DENIED"))
        result = self.run_scripts({"all": """
            local failed = {}
            for _, t in ipairs(tag.ls("app")) do
              local ok, err = pcall(image.copy, "app:" .. t,
                "quay.io/acme/app:" .. t)
              if not ok then failed[#failed + 1] = t log(err) end
            end
            log(table.concat(failed, ","))
            """})
        self.assertEqual(result.messages()[1], "2")
        self.assertRegex(result.messages()[0], (
            r'^<string>:4: Failed copying "docker.io/library/app:2" to '
            r'"quay.io/acme/app:2": failed to put manifest .*403'))
        self.assertEqual(sorted(quay.repos["acme/app"]["tags"]), ["1", "3"])


if __name__ == "__main__":
    unittest.main()
