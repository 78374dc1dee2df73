# SPDX-License-Identifier: Apache-2.0
"""Whatever a registry serves and whatever a script passes: an error that the
script can catch, that says what is wrong and names the limit."""
import json

from lib import images
from lib.case import Case
from lib.client import digest


def nested(depth):
    return b"[" * depth + b"]" * depth


CONFIGS = {
    # name: (config, what the error says; None: it can be read)
    "deep": (b'{"x":' + nested(40) + b"}",
             "is nested deeper than 32 levels"),
    "deeper": (b'{"x":' + nested(1000000) + b"}",
               "is too complex: the limits are 1000000 values and 65536 "
               "objects and arrays"),
    "many": (b'{"history":[' + b",".join([b"{}"] * 70000) + b"]}",
             "is too complex"),
    "list": (b'{"config":{"Env":[' + b",".join([b'"a"'] * 70000) + b"]}}",
             'the config\'s "Env" has 70000 entries, at most 65536 are read'),
    "nulls": (b'{"history":[' + b",".join([b"null"] * 900000) + b"]}",
              '"history" has 900000 entries, at most 65536 are read'),
    "large": (b'{"os":"' + b"x" * (9 << 20) + b'"}',
              "at most 8388608 are read"),
    "empty": (b"", "is empty, not JSON"),
    "array": (b"[]", "is not an object"),
    "null": (b'{"config":{"Labels":null},"history":null}', None),
    "labels": (b'{"config":{"Labels":{' + b",".join(
        b'"k%d":"v"' % i for i in range(100000)) + b"}}}", None),
    "no-labels": (b"{}", None),
}

MANIFESTS = {
    "layers": (dict(layers=[images.descriptor("l", b"")] * 1025),
               'the manifest\'s "layers" has 1025 entries, at most 1024'),
    "negative": (dict(config=dict(mediaType="c", size=-1, digest=digest(b""))),
                 '"size" is not a possible size'),
    "no-config": (dict(config=None), 'the manifest has no "config"'),
    "string": (dict(config="x"), "the manifest's config"),
    "nested": (dict(x=json.loads(nested(40))),
               "the manifest is nested deeper than 32 levels"),
    "large": (dict(x="y" * (9 << 20)),
              "the manifest is larger than 8388608 bytes"),
}


class BadInput(Case):
    def setUp(self):
        super().setUp()
        self.fake = self.fake()

    def put(self, tag, manifest, *blobs):
        place = self.fake.repo("x")
        for data in blobs:
            place["blobs"][digest(data)] = data
        place["manifests"][digest(manifest)] = (images.OCI_MANIFEST, manifest)
        place["tags"][tag] = digest(manifest)

    def put_config(self, tag, config, more=None):
        self.put(tag, json.dumps({
            "schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
            "config": images.descriptor(images.OCI_CONFIG, config),
            "layers": [], **(more or {})}).encode(), config)

    def run_script(self, script):
        return self.succeeded(self.once([self.fake], script.replace(
            "REG", self.fake.host), defaults={"timeout": "50s"})).messages()

    def test_configs(self):
        for name, (config, _) in CONFIGS.items():
            self.put_config(name, config)
        found = self.run_script("".join("""
            ok, e = pcall(function()
              local ic = image.config("REG/x:%s")
              return tostring(ic.Config.Labels.missing) .. #tostring(
                ic:export())
            end)
            log(tostring(ok) .. " " .. tostring(e))
        """ % name for name in CONFIGS))
        for (name, (_, want)), got in zip(CONFIGS.items(), found):
            if want is None:
                self.assertRegex(got, r"^true nil\d+$", name)
            else:
                self.assertRegex(got, r"^false <string>:\d+: Failed "
                                 r"retrieving .*config: ", name)
                self.assertIn(want, got)

    def test_manifests(self):
        for name, (more, _) in MANIFESTS.items():
            self.put_config(name, b"{}", more)
        found = self.run_script("".join("""
            ok, e = pcall(manifest.get, "REG/x:%s")
            log(tostring(ok) .. " " .. tostring(e))
        """ % name for name in MANIFESTS))
        for (name, (_, want)), got in zip(MANIFESTS.items(), found):
            self.assertRegex(got, r'^false .*Failed retrieving ".*" manifest',
                             name)
            self.assertIn(want, got)

    def test_arguments(self):
        """Of each function, everything that it does not take."""
        self.put_config("v1", b"{}")
        found = self.run_script("""
            local bad = {{}, {1}, {{}}, {true}, {print}, {"a\\0b"},
              {("a"):rep(5000)}, {"REG/x:v1", {}, {}}, {"REG/x:v1", print},
              {"REG/x:v1", ("a/"):rep(3000)}, {"REG/x:v1", "\\255\\254"},
              {"Bad Ref!"}, {"ocidir://x"}, {0/0}, {-1}}
            local calls, failed = 0, 0
            local function try(name, f, a)
              local ok, e = pcall(f, table.unpack(a, 1, 3))
              calls = calls + 1
              if ok then return end
              failed = failed + 1
              assert(type(e) == "string" and #e < 9000, name)
            end
            local m = manifest.get("REG/x:v1")
            local ic, b = image.config(m), blob.get("REG/x", m.config.digest)
            for n, functions in pairs({manifest = manifest, image = image,
                tag = {ls = tag.ls}, repo = repo, blob = blob,
                reference = reference}) do
              for name, f in pairs(functions) do
                for _, a in ipairs(bad) do try(n .. "." .. name, f, a) end
              end
            end
            for _, v in ipairs({m, ic, b, reference.new("REG/x:v1")}) do
              for _, name in ipairs({"get", "head", "put", "export", "config",
                  "descriptor", "ratelimit", "ratelimitWait", "read", "tag",
                  "digest", "close"}) do
                local f = v[name]
                if type(f) == "function" then
                  for _, a in ipairs(bad) do
                    try(name, f, a)
                    try(name, f, {v, a[1]})
                  end
                end
              end
            end
            log(calls) log(failed)
        """)
        self.assertGreater(int(found[0]), 500)
        self.assertGreater(int(found[1]), 300)

    def test_edits(self):
        """Of a manifest and a config, into what they cannot be."""
        self.put_config("v1", b"{}")
        found = self.run_script("""
            local function edit(f)
              local m, ic = manifest.get("REG/x:v1"), image.config("REG/x:v1")
              local ok, e = pcall(f, m, ic)
              log(tostring(ok) .. " " .. tostring(e):match("[^\\n]*"):sub(1,
                200))
            end
            edit(function(m)
              for i = 1, 70000 do m.layers[i] = {} end m:export()
            end)
            edit(function(m) m.layers[1] = m.layers return m:export() end)
            edit(function(m) m.config.size = -1 return m:export() end)
            edit(function(m) m.config.digest = "x" return m:export() end)
            edit(function(m, ic)
              for i = 1, 200000 do ic.config.Labels["k" .. i] = "v" end
              return #tostring(ic:export())
            end)
            edit(function(m, ic)
              ic.config.Labels.k = ("x"):rep(9 * 1024 * 1024)
              return ic:export()
            end)
            edit(function(m, ic) ic.config.Labels = nil ic.config.Env = 7
              ic.rootfs.diff_ids = ic.rootfs return #tostring(ic:export())
            end)
        """)
        for got, want in zip(found, (
                "^false .*a list of more than 65536 entries",
                '^false .*Failed exporting manifest: the manifest',
                '^false .*Failed exporting manifest: the manifest',
                '^false .*Failed exporting manifest: the manifest',
                r"^true \d+$",
                "^false .*Failed exporting config: the image config is larger "
                "than 8388608 bytes", r"^true \d+$")):
            self.assertRegex(got, want)
