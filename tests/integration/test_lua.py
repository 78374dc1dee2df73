# SPDX-License-Identifier: Apache-2.0
"""Scripts as people write them, for everything that they use."""
from lib import images
from lib.case import Case
from lib.fakeregistry import FakeRegistry


class Scripts(Case):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.client = self.reg.client

    def run_script(self, script, *flags, **more):
        result = self.once([self.reg], script.replace("REG", self.reg.host),
                           *flags, **more)
        self.succeeded(result)
        return result.messages()

    def test_references(self):
        self.assertEqual(self.run_script("""
            for _, name in ipairs({"alpine", "alpine:3", "foo/bar",
                "registry:5000/a/b:c", "index.docker.io/library/x",
                "localhost/x"}) do
              log(tostring(reference.new(name)))
            end
            r = reference.new("REG/x/y:v1")
            log(r:tag()) r:tag("v2") log(tostring(r):match("[^/]+$"))
            r:digest("sha256:""" + "0" * 64 + """")
            log(r:tag() .. "|" .. r:digest():sub(1, 10))
            copy = reference.new(r) copy:tag("z")
            log(tostring(r:digest() ~= ""))
        """), ["docker.io/library/alpine:latest",
               "docker.io/library/alpine:3", "docker.io/foo/bar:latest",
               "registry:5000/a/b:c", "docker.io/library/x:latest",
               "localhost/x:latest", "v1", "y:v2", "|sha256:000", "true"])

    def test_bad_reference(self):
        self.failed(
            self.once([self.reg], 'reference.new("Bad Ref!")'),
            r'^<string>:1: bad argument #1 to .reference\.new. \(reference parsing '
            r'failed: invalid reference "Bad Ref!"\)')

    def test_list_tags_and_repositories(self):
        for i in range(5):
            images.image("l").push(self.client, "p/r%d" % i, "t%d" % i)
        self.assertEqual(self.run_script("""
            repos = repo.ls("REG")
            table.sort(repos)
            for _, r in ipairs(repos) do
              for _, t in ipairs(tag.ls("REG/" .. r)) do
                log(r .. ":" .. t)
              end
            end
            log(#repo.ls("REG", {limit = 2}))
            log(#repo.ls("REG", {last = "p/r2"}))
        """), ["p/r%d:t%d" % (i, i) for i in range(5)] + ["2", "2"])

    def test_newest_tags(self):
        """By version and by date; the rest is deleted, in a dry run too."""
        for day, name in enumerate(("1.9.0", "1.10.0", "1.2.0", "2.0.0-rc.1",
                                    "latest")):
            images.image(name, created="2021-01-0%dT00:00:00Z" % (day + 1)
                         ).push(self.client, "p/app", name)
        script = """
            a, b = tag.newest("REG/p/app", 2)
            log(table.concat(a, " ") .. " | " .. table.concat(b, " "))
            a, b = tag.newest("REG/p/app", 2, {by = "created"})
            log(table.concat(a, " ") .. " | " .. table.concat(b, " "))
            for _, t in ipairs(b) do
              tag.delete("REG/p/app:" .. t)
              log(t .. " " .. tostring(tag.exists("REG/p/app:" .. t)))
            end
            tags = tag.ls("REG/p/app")
            table.sort(tags)
            log(table.concat(tags, " "))
            log(tostring(manifest.digest("REG/p/app:latest") ==
                manifest.get("REG/p/app:latest"):descriptor().digest))
        """
        want = ["1.10.0 1.9.0 | 1.2.0", "latest 2.0.0-rc.1 | 1.2.0 1.10.0 "
                "1.9.0", "1.2.0 false", "1.10.0 false", "1.9.0 false",
                "2.0.0-rc.1 latest", "true"]
        self.assertEqual(self.run_script(script, "--dry-run"), want)
        self.assertEqual(self.run_script(script), want)

    def test_modules_without_a_file(self):
        self.assertEqual(self.run_script("""
            semver, time = require "semver", require "time"
            json = require "lunajson"
            log(semver.newest({"v1.9", "v1.10", "x"}))
            log(time.format(time.parse("2021-01-01 00:00:00 +0000 UTC")))
            log(json.encode(json.decode('{"b": [], "a": 1}')))
        """), ["v1.10", "2021-01-01T00:00:00Z", '{"a":1,"b":[]}'])

    def test_file_of_a_module_comes_first(self):
        self.box.write("semver.lua", "return {mine = true}")
        self.assertEqual(self.run_script(
            'log(tostring(require("semver").mine))'), ["true"])

    def test_tags_in_pages(self):
        fake = self.fake(page=3)
        for i in range(10):
            fake.add("x/y", "t%02d" % i, images.image())
        result = self.succeeded(self.once([fake], (
            't = tag.ls("%s/x/y") log(table.concat(t, " "))\n'
            'log(#tag.ls("%s/x/y", {last = "t07"}))' % (
                fake.host, fake.host))))
        self.assertEqual(result.messages(), [
            " ".join("t%02d" % i for i in range(10)), "2"])

    def test_image_config(self):
        images.image("c", labels={"version": "1.2", "empty": ""}).push(
            self.client, "x/y", "v1")
        self.assertEqual(self.run_script("""
            ic = image.config("REG/x/y:v1")
            log(ic.Config.Labels["version"])
            log(ic.config.Labels.version)
            log("[" .. ic.Config.Labels["empty"] .. "]")
            log(tostring(ic.Config.Labels["missing"]))
            log(ic.created)
            log(ic.Config.Env[1])
            log(ic.Platform.architecture .. "/" .. ic.Platform.os)
            log(#ic.rootfs.diff_ids .. " " .. ic.history[1].created_by)
        """), ["1.2", "1.2", "[]", "nil", "2024-01-02 03:04:05 +0000 UTC",
               "SEED=c", "amd64/linux", "1 tests"])

    def test_config_of_an_index_is_the_local_platform(self):
        images.index([images.image("amd", architecture="amd64"),
                      images.image("arm", architecture="arm64")]).push(
            self.client, "x/y", "v1")
        self.assertIn(self.run_script(
            'log(image.config("REG/x/y:v1").Config.Env[1])')[0],
            ("SEED=amd", "SEED=arm"))

    def test_manifest(self):
        made = images.image("m", layers=[10, 20, 30])
        made.push(self.client, "x/y", "v1")
        out = self.run_script("""
            m = manifest.get("REG/x/y:v1")
            log(#m.layers .. " " .. #m.Layers)
            log(m.config.digest)
            log(m.layers[2].size)
            log(m.mediaType)
            d = m:descriptor()
            log(d.digest) log(d.size) log(d.mediaType)
            h = manifest.head("REG/x/y:v1")
            log(h:descriptor().digest)
            log(m:config().Config.Env[1])
        """)
        self.assertEqual(out[0], "3 3")
        self.assertEqual(out[2], str(len(made.blobs[2])))
        self.assertEqual(out[3], images.OCI_MANIFEST)
        self.assertEqual(out[4:8], [made.digest, str(len(made.manifest)),
                                    images.OCI_MANIFEST, made.digest])
        self.assertEqual(out[8], "SEED=m")

    def test_manifest_list(self):
        made = images.multi("ml")
        made.push(self.client, "x/y", "v1")
        self.assertEqual(self.run_script("""
            ml = manifest.getList("REG/x/y:v1")
            for _, d in ipairs(ml.manifests) do
              log(d.platform.architecture .. " " .. d.digest)
            end
            m = manifest.get("REG/x/y:v1", "linux/arm64")
            log(m:descriptor().digest)
            log(image.manifestList("REG/x/y:v1"):descriptor().digest)
            log(image.manifest("REG/x/y:v1", "linux/amd64")
              :descriptor().digest)
            log(image.manifestHead("REG/x/y:v1"):descriptor().digest)
        """), ["amd64 " + made.children[0].digest,
               "arm64 " + made.children[1].digest, made.children[1].digest,
               made.digest, made.children[0].digest, made.digest])

    def test_manifest_put_is_byte_for_byte(self):
        made = images.image("put", spaced=True, annotations={"a": "<&>"})
        made.push(self.client, "x/y", "v1")
        self.run_script('manifest.get("REG/x/y:v1"):put("REG/x/y:v2")')
        self.same_image(made, self.client, "x/y", "v2")

    def test_rate_limit(self):
        fake = self.fake(rate={"RateLimit-Limit": "100;w=21600",
                               "RateLimit-Remaining": "76;w=21600"})
        fake.add("x/y", "v1", images.image())
        result = self.succeeded(self.once([fake], """
            log(tostring(image.ratelimitWait("REG/x/y:v1", 50)))
            m = manifest.get("REG/x/y:v1")
            r = m:ratelimit()
            log(r.Remain .. " of " .. r.Limit .. " " .. tostring(r.Set))
            log(tostring(image.ratelimitWait("REG/x/y:v1", 90, "100ms",
              "250ms")))
        """.replace("REG", fake.host)))
        self.assertEqual(result.messages(), ["true", "76 of 100 true",
                                             "false"])
        self.assertTrue(result.lines("Delaying for ratelimit"))

    def test_keep_newest_builds(self):
        made = images.image("k")
        tags = ["build-%d" % i for i in (7, 8, 9, 10, 11)]
        made.push(self.client, "x/y", "latest", *tags)
        self.run_script(r"""
            local builds = {}
            for _, t in ipairs(tag.ls("REG/x/y")) do
              local n = t:match("^build%-(%d+)$")
              if n then
                builds[#builds + 1] = {n = tonumber(n), t = t}
              end
            end
            table.sort(builds, function(a, b) return a.n > b.n end)
            for i = 4, #builds do
              tag.delete("REG/x/y:" .. builds[i].t)
            end
        """)
        self.assertEqual(sorted(self.client.state("x/y")), sorted(
            ["latest", "build-9", "build-10", "build-11"]))

    def test_copy_everything_that_matches(self):
        other = self.registry()
        for tag in ("1.0", "1.1", "2.0", "dev"):
            images.image(tag).push(self.client, "app/web", tag)
        script = """
            src, tgt = "REG/app/web", "OTHER/mirror/web"
            for _, t in ipairs(tag.ls(src)) do
              if string.find(t, "^%d") then
                local ok, err = pcall(image.copy, src .. ":" .. t,
                  tgt .. ":" .. t)
                if not ok then log("failed: " .. err) end
              end
            end
        """.replace("REG", self.reg.host).replace("OTHER", other.host)
        self.succeeded(self.once([self.reg, other], script))
        self.assertEqual(other.client.tags("mirror/web"),
                         ["1.0", "1.1", "2.0"])

    def test_dates(self):
        self.assertEqual(self.run_script("""
            log(os.date("!%Y-%m-%dT%H:%M:%SZ", 86400 * 365))
            log(tostring(os.time() - 86400 * 30 < os.time()))
            log(os.date("!%Y-%m-%d", 1.5))
        """), ["1971-01-01T00:00:00Z", "true", "1970-01-01"])

    def test_lua_5_1(self):
        self.assertEqual(self.run_script(r"""
            local function f(...) return select("#", ...) end
            log(f(unpack({1, 2, 3})))
            log(table.getn({1, 2}))
            log(loadstring("return 7")())
            major = ("3.9"):match("^(%d+)")
            log("v" .. (major + 1))
            log("n=" .. 10 / 2)
            log(string.format("%d", 3.7))
            for w in string.gfind("a b", "%a") do log(w) end
            t = {3, 1, 2}
            table.sort(t, function(a, b) return a <= b end)
            log(table.concat(t, ","))
        """), ["3", "2", "7", "v4", "n=5", "3", "a", "b", "1,2,3"])

    def test_require(self):
        self.box.write("mymod.lua",
                       'local m = {}\nfunction m.hi(n) log("hi " .. n) end\n'
                       "return m\n")
        self.box.write("badmod.lua", "return = 1\n")
        self.assertEqual(self.run_script("""
            require("mymod").hi("there")
            log(tostring(package.loaded.mymod == require "mymod"))
            log(tostring(pcall(require, "nomod")))
        """), ["hi there", "true", "false"])
        self.failed(self.once([], 'require "badmod"'), r"badmod")

    def test_syntax_errors(self):
        for script, place in (("x = = 1", r"<string>:1:"),
                              ("for i=1,2 do\n  log('x')\n", r"<string>:"),
                              ('log("abc\nlog("x")', r"<string>:1:")):
            with self.subTest(script=script):
                self.failed(self.once([], script), place)

    def test_argument_errors(self):
        self.failed(self.once([], "log(nil)"), (
            r"^<string>:1: bad argument #1 to 'log' "
            r"\(string expected, got nil\)"))
        self.failed(self.once([], 'log({})'), r"bad argument #1 to 'log'")
        self.failed(self.once([], "tag.ls()"), r"bad argument #1 to 'tag.ls'")

    def test_error_values(self):
        self.failed(self.once([], "error({code = 1})"), r"^table: 0x")
        self.failed(self.once([], 'error("plain", 0)'), r"^plain\n")
        self.failed(self.once([], "local t = nil\nt.x = 1"), r"^<string>:2: ")

    def test_pcall(self):
        out = self.run_script("""
            ok, err = pcall(tag.ls, "REG/missing")
            log(tostring(ok))
            log(err)
        """)
        self.assertEqual(out[0], "false")
        self.assertRegex(out[1], (
            r"Failed retrieving tag list: failed to list tags for "
            r"%s/missing:latest: request failed: not found \[http 404\]"
            % self.reg.host))

    def test_exit_ends_only_its_script(self):
        result = self.once([], {"a": 'log "one" os.exit(0) log "never"',
                                "b": 'log "two"'})
        self.assertEqual(result.messages(), ["one", "two"], result)

    def test_scripts_share_nothing(self):
        result = self.succeeded(self.once([], {
            "a": 'shared = 1 string.mine = 2',
            "b": 'log(tostring(shared) .. tostring(string.mine))'}))
        self.assertEqual(result.messages("b"), ["nilnil"])

    def test_scripts_run_in_order(self):
        names = ["s%d" % i for i in range(6)]
        result = self.succeeded(self.once([], {n: 'log "x"' for n in names}))
        self.assertEqual([l["script"] for l in
                          result.lines("User script message")], names)

    def test_script_without_a_name(self):
        result = self.once([], [{"script": 'log "ok"'}])
        self.assertEqual(result.messages(), ["ok"], result)

    def test_large_script_and_large_log_line(self):
        result = self.once([], "-- " + "x" * 300000 + "\nlog(('y'):rep("
                           "100000))\nerror 'line 3'")
        self.failed(result, r"^<string>:3: line 3")
        self.assertTrue(result.messages()[0].startswith("y" * 1000))

    def test_platform_that_is_not_there(self):
        images.multi("p").push(self.client, "x/y", "v1")
        self.failed(self.once([self.reg], (
            'manifest.get("%s/x/y:v1", "linux/riscv64")' % self.reg.host)),
            r"platform not found: linux/riscv64")

    def test_registry_that_is_not_there(self):
        with FakeRegistry() as fake:
            host = fake.host
        result = self.once([{"registry": host, "tls": "disabled"}],
                           'tag.ls("%s/x/y")' % host)
        self.failed(result, r"failed to list tags for %s/x/y" % host,
                    r"(?i)refused|connect")

    def test_tls_to_a_plain_registry(self):
        result = self.once([{"registry": self.reg.host}],
                           'tag.ls("%s/x/y")' % self.reg.host)
        self.failed(result, r"%s/x/y" % self.reg.host, r"(?i)tls|ssl|https")

    def test_loopback_must_be_named(self):
        result = self.once([], 'tag.ls("%s/x/y")' % self.reg.host)
        self.failed(result, r"%s" % self.reg.host, r"creds")
