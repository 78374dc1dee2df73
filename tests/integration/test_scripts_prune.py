# SPDX-License-Identifier: Apache-2.0
"""Scripts that delete what is old, in the way people write them: whatever a
registry holds beside images, nothing must go that they did not mean."""
import datetime
import json
import os
import re
import unittest

from lib import images
from lib.case import Case

BACKUPS = r"""
reg = "REG"
expr = "^bkup%-(.+)%-(%d+)$"
limit = 2
repos = repo.ls(reg)
table.sort(repos)
for k, r in pairs(repos) do
  tags = tag.ls(reg .. "/" .. r)
  table.sort(tags)
  found = {}
  for k, t in pairs(tags) do
    if string.match(t, expr) then
      of, day = string.match(t, expr)
      if not found[of] then found[of] = {} end
      table.insert(found[of], t)
    end
  end
  for of, list in pairs(found) do
    if #list > limit then
      for k, t in pairs({unpack(list, 1, #list - limit)}) do
        tag.delete(reg .. "/" .. r .. ":" .. t)
      end
    end
  end
end
"""

# Keeps the newest two by date; tags without one go by their names.
DATED = r"""
local keep, protected = 2, { ["latest"] = true, ["stable"] = true }
local dated, undated = {}, {}
for _, t in ipairs(tag.ls("REG/app")) do
  if not protected[t] then
    local ok, ic = pcall(image.config, "REG/app:" .. t)
    if not ok then
      log("skipped " .. t)
    elseif ic.created then
      table.insert(dated, { tag = t, at = tostring(ic.created) })
    else
      table.insert(undated, t)
    end
  end
end
table.sort(dated, function(a, b) return a.at > b.at end)
for i, e in ipairs(dated) do
  if i > keep then
    tag.delete(reference.new("REG/app:" .. e.tag))
    log(string.format("%s of %s", e.tag, e.at))
  end
end
log("undated: " .. table.concat(undated, " "))
"""

LABELLED = r"""
cutoff = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - (86400 * 30))
ref = reference.new("REG/app")
for k, t in pairs(tag.ls(ref)) do
  if string.match(t, "^ci%-%d+$") then
    ref:tag(t)
    ic = image.config(ref)
    made = ic.Config.Labels["made"]
    if made == nil then
      log("no label: " .. t)
    elseif made < cutoff then
      tag.delete(ref)
    end
  end
end
"""


EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                       "contrib", "examples", "delete-old.yml")


class TestPrune(Case):
    def setUp(self):
        super().setUp()
        self.fake_one = self.fake(delete_tags=False)

    def odd(self, tag, config, **more):
        """An image whose config is these bytes, or this as JSON."""
        if not isinstance(config, bytes):
            config = json.dumps(config).encode()
        text = json.dumps({
            "schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
            "config": images.descriptor(images.OCI_CONFIG, config, **more),
            "layers": []})
        self.fake_one.add("app", tag, images.Image(
            images.OCI_MANIFEST, text.encode(), [config]))

    def prune(self, script, *flags):
        return self.once([self.fake_one], script.replace(
            "REG", self.fake_one.host), *flags)

    def both_ways(self, script):
        """The same deletions are said by a dry run and done."""
        dry = self.succeeded(self.prune(script, "--dry-run"))
        self.assertEqual(self.fake_one.writes(), [])
        real = self.succeeded(self.prune(script))
        said = [line["image"] for line in dry.lines("Delete tag")]
        self.assertEqual(said, [line["image"]
                                for line in real.lines("Delete tag")])
        return real

    def tags(self, repo="app"):
        return sorted(self.fake_one.repos[repo]["tags"])

    def created(self, tag, age, form="%Y-%m-%dT%H:%M:%SZ"):
        """An image of that age in days."""
        at = datetime.datetime.now(datetime.timezone.utc)
        at -= datetime.timedelta(days=age)
        self.odd(tag, {"created": at.strftime(form), "os": "linux"})

    def test_example_deletes_what_is_old(self):
        """Hours count, on the day itself too; no date is no age."""
        self.created("young", 0)
        self.created("just-young", 29.99)
        self.created("just-old", 30.01)
        self.created("nanoseconds", 31, "%Y-%m-%dT%H:%M:%S.123456789Z")
        self.created("zone", 32, "%Y-%m-%dT%H:%M:%S+02:00")
        self.created("old", 400)
        for keep in ("latest", "stable"):
            self.created(keep, 400)
        self.odd("no-date", {"os": "linux"})
        self.odd("zero", {"created": "0001-01-01T00:00:00Z"})
        self.odd("epoch", {"created": "1970-01-01T00:00:01Z"})
        self.odd("buildpack", {"created": "1980-01-01T00:00:01Z"})
        self.odd("broken", b"{")
        with open(EXAMPLE) as file:
            text = file.read()
        self.assertIn("registry:5000/ci/app", text)
        text = text.replace("ci/app", "app").replace(
            "registry:5000", self.fake_one.host)
        result = self.succeeded(self.box.run("once", "-c", "-", stdin=text))
        self.assertEqual(self.tags(), [
            "broken", "buildpack", "epoch", "just-young", "latest", "no-date",
            "stable", "young", "zero"])
        self.assertIn("Skipping no-date, which has no date", result.messages())
        self.assertTrue([m for m in result.messages() if re.match(
            r"Skipping broken: .*%s/app:broken" %
            re.escape(self.fake_one.host), m)], result)

    def test_manuals_ways_to_compare_dates(self):
        """As regbot-lua.7 shows them."""
        self.created("a", 29.99)
        self.created("b", 30.01)
        result = self.succeeded(self.prune(r"""
            local month_ago = os.time() - 30 * 86400
            for _, t in ipairs {"a", "b"} do
              local ic = image.config("REG/app:" .. t)
              if ic.created and ic.created:sub(1, 19) <
                  os.date("!%Y-%m-%d %H:%M:%S", month_ago) then
                log("old " .. t)
              end
            end
            local day = os.date("!%Y-%m-%d", month_ago)
            log(tostring(("2001-01-01T00:00:00Z"):sub(1, 10) < day))
        """))
        self.assertEqual(result.messages(), ["old b", "true"], result)

    def test_backups_in_all_repositories(self):
        for repo in ("app", "library/web"):
            for t in ("bkup-3.1-20210101", "bkup-latest-20210103",
                      "bkup-latest-20210101", "bkup-latest-20210102",
                      "latest", "3.1"):
                self.fake_one.add(repo, t, images.image(repo))
        self.both_ways(BACKUPS)
        for repo in ("app", "library/web"):
            self.assertEqual(self.tags(repo), [
                "3.1", "bkup-3.1-20210101", "bkup-latest-20210102",
                "bkup-latest-20210103", "latest"])

    def test_by_date_of_creation(self):
        for i, t in enumerate(("latest", "stable", "a", "b", "c", "d")):
            self.fake_one.add("app", t, images.image(
                t, created="2024-01-0%dT00:00:00.25Z" % (i + 1)))
        self.odd("nodate", {"architecture": "amd64", "os": "linux"})
        self.odd("html", b"<html>")
        self.odd("strange", {"created": "yesterday"})
        result = self.both_ways(DATED)
        self.assertEqual(result.messages(), [
            "skipped html", "skipped strange",
            "b of 2024-01-04 00:00:00.25 +0000 UTC",
            "a of 2024-01-03 00:00:00.25 +0000 UTC", "undated: nodate"])
        self.assertEqual(self.tags(), ["c", "d", "html", "latest", "nodate",
                                       "stable", "strange"])

    def test_by_a_label_that_may_be_missing(self):
        self.odd("ci-1", {"config": {"Labels": {"made": "2001-01-01"}}})
        self.odd("ci-2", {"config": {"Labels": {"made": "9999-01-01"}}})
        for i, config in enumerate((
                {}, {"config": None}, {"config": {}},
                {"config": {"Labels": None}}, {"config": {"Labels": {}}},
                {"config": {"Labels": {"": "x", "ü": "made"}}})):
            self.odd("ci-%d" % (i + 3), config)
        result = self.both_ways(LABELLED)
        self.assertEqual(result.messages(), [
            "no label: ci-%d" % i for i in range(3, 9)])
        self.assertEqual(self.tags(), ["ci-%d" % i for i in range(2, 9)])

    def test_labels_that_cannot_be_read_delete_nothing(self):
        for config in ({"config": {"Labels": []}}, {"config": []}, [],
                       {"config": {"Labels": {"made": 1}}}, None, b""):
            self.odd("ci-1", config)
            self.failed(self.prune(LABELLED),
                        r'Failed retrieving ".*/app:ci-1" config: ')
            self.assertEqual(self.tags(), ["ci-1"])

    def test_comparing_a_missing_label(self):
        self.odd("ci-1", {})
        self.failed(self.prune(
            'ic = image.config("REG/app:ci-1")\n'
            'if ic.Config.Labels["made"] < "2024" then\n'
            '  tag.delete("REG/app:ci-1")\nend'),
            r"^<string>:2: attempt to compare nil with string\nstack "
            r"traceback:\n\t<string>:2: in main chunk\n\t\[C\]: \?$")
        self.assertEqual(self.fake_one.writes(), [])

    def test_copy_then_prune_in_a_dry_run(self):
        for t in ("1", "2", "3", "4"):
            self.fake_one.add("app", t, images.image(t))
        self.fake_one.add("old/app", "0", images.image("0"))
        result = self.succeeded(self.prune("""
            for _, t in ipairs(tag.ls("REG/app")) do
              image.copy("REG/app:" .. t, "REG/old/app:" .. t)
            end
            local tags = tag.ls("REG/old/app")
            table.sort(tags)
            for i = 1, #tags - 3 do tag.delete("REG/old/app:" .. tags[i]) end
            log(table.concat(tag.ls("REG/old/app"), " "))
            log(image.config("REG/old/app:4").Config.Env[1])
            manifest.head("REG/old/app:4"):delete()
            log(table.concat(tag.ls("REG/old/app"), " "))
            """, "--dry-run"))
        self.assertEqual(result.messages(), ["2 3 4", "SEED=4", "2 3"])
        self.assertEqual(self.fake_one.writes(), [])


if __name__ == "__main__":
    unittest.main()
