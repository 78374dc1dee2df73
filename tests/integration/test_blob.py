# SPDX-License-Identifier: Apache-2.0
"""The Lua module blob: what is read, what is pushed, and at what price."""
import json

from lib import images, misbehave
from lib.case import Case
from lib.client import digest
from lib.run import creds

LARGE = images.noise(3 * 1024 * 1024 + 17, "large")


class Read(Case):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.name = self.reg.client.push_blob("a/b", LARGE)

    def run_script(self, script, *flags):
        result = self.once([self.reg], script.replace(
            "REG", self.reg.host).replace("DIGEST", self.name), *flags)
        self.succeeded(result)
        return result.messages()

    def test_in_parts(self):
        self.assertEqual(self.run_script("""
            b = blob.get("REG/a/b", "DIGEST")
            log(b.size) log(b.digest) log(tostring(b))
            n = 0
            repeat
              s = b:read(100000)
              if s then n = n + #s end
            until not s
            log(n)
            log(#b:get():read())
            log(blob.head("REG/a/b@DIGEST").mediaType)
        """), [str(len(LARGE)), self.name, "%s/a/b@%s" % (
            self.reg.host, self.name), str(len(LARGE)), str(len(LARGE)),
            "application/octet-stream"])

    def test_the_bytes(self):
        data = bytes(range(256)) * 3
        name = self.reg.client.push_blob("a/b", data)
        self.assertEqual(self.run_script("""
            b, sum = blob.get("REG/a/b", "%s"), 0
            s = b:read()
            for i = 1, #s do sum = sum + i * s:byte(i) end
            log(sum)
        """ % name), [str(sum((i + 1) * c for i, c in enumerate(data)))])

    def test_in_branches(self):
        self.assertEqual(self.run_script("""
            local n = parallel(8, {1, 2, 3, 4, 5, 6, 7, 8}, function(i)
              local b = blob.get("REG/a/b", "DIGEST")
              local d = blob.put("REG/c/r" .. i, "text " .. i)
              assert(blob.get("REG/c/r" .. i, d):read() == "text " .. i)
              b:put("REG/c/r" .. i)
              return #b:read(1000) + #b:read(1500000)
            end)
            log(table.concat(n, " "))
            local b = blob.get("REG/a/b", "DIGEST")
            local ok, e = pcall(parallel, 2, {1, 2}, function(i)
              return b:read()
            end)
            log(tostring(e:find("read by another branch of", 1, true) ~= nil))
            pcall(parallel, 2, {1, 2}, function(i)
              if i == 2 then error("x") end
              return b:get():read()
            end, {stop = true})
            log(#b:get():read())
        """), [" ".join(["1501000"] * 8), "true", str(len(LARGE))])

    def test_more_than_the_memory(self):
        """Half read blobs by the thousand: an error, no dead worker."""
        self.assertEqual(self.run_script("""
            local open = {}
            local ok, e = pcall(function()
              for i = 1, 1000 do
                local b = blob.get("REG/a/b", "DIGEST")
                b:read(1) open[#open + 1] = b
              end
            end)
            log(tostring(ok) .. " " .. tostring(e):match("not enough memory"))
            local n = #open
            open = nil collectgarbage()
            log(tostring(n > 100))
            log(#blob.get("REG/a/b", "DIGEST"):read())
        """), ["false not enough memory", "true", str(len(LARGE))])

    def test_a_blob_that_is_not_there(self):
        self.failed(self.once([self.reg], 'blob.get("%s/a/b", "sha256:%s")' % (
            self.reg.host, "0" * 64)),
            r'^<string>:1: Failed retrieving "%s/a/b:latest" blob "sha256:0+":'
            r' request failed: not found \[http 404\]' % self.reg.host)


class Spoiled(Case):
    def setUp(self):
        super().setUp()
        self.reg = self.fake()
        self.name = digest(LARGE)
        self.blobs = self.reg.repo("a/b")["blobs"]
        self.blobs[self.name] = LARGE

    def once_get(self, rest):
        return self.once([self.reg], 'b = blob.get("%s/a/b", "%s") %s' % (
            self.reg.host, self.name, rest))

    def test_a_byte(self):
        self.blobs[self.name] = LARGE[:-1] + bytes([LARGE[-1] ^ 1])
        self.failed(self.once_get("b:read()"), r"blob digest mismatch, "
                    "expected %s, received sha256:" % self.name)
        self.blobs[self.name] = bytes([LARGE[0] ^ 1]) + LARGE[1:]
        self.failed(self.once_get(
            "n = 0 while true do s = b:read(1000000) n = n + #s "
            "log(n) end"), "digest mismatch")

    def test_shorter_than_it_said(self):
        def short(handler):
            if handler.headers["Range"] and handler.command == "GET":
                self.blobs[self.name] = LARGE[:-5]
            return False
        self.reg.on("GET", "/blobs/sha256:", short)
        self.failed(self.once_get("b:read()"), "the registry sent %d of its "
                    "%d bytes" % (len(LARGE) - 5, len(LARGE)))

    def test_without_ranges(self):
        self.reg.on("GET", "/blobs/sha256:", misbehave.data(
            LARGE, "application/octet-stream"))
        result = self.succeeded(self.once_get(
            "log(#b:read(2000000)) log(#b:read())"))
        self.assertEqual(result.messages(), [
            "2000000", str(len(LARGE) - 2000000)])

    def test_another_range(self):
        self.reg.on("GET", "/blobs/sha256:", misbehave.reply(206, {
            "Content-Range": "bytes 7-16/%d" % len(LARGE)}, b"0123456789"))
        self.failed(self.once_get("b:read()"),
                    "a range other than the one requested")

    def test_a_part_that_is_cut(self):
        self.reg.on("GET", "/blobs/sha256:", misbehave.hang_up(), times=1,
                    skip=1)
        self.assertEqual(self.succeeded(self.once_get(
            "log(#b:read())")).messages(), [str(len(LARGE))])


class Put(Case):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.client = self.reg.client

    def run_script(self, script, *flags, more=()):
        result = self.once([self.reg, *more], script.replace(
            "REG", self.reg.host), *flags)
        self.succeeded(result)
        return result.messages()

    def test_texts(self):
        data = b"a \0 text\xff"
        found = self.run_script(
            'd, n = blob.put("REG/x/y", "a \\0 text\\255") log(d) log(n) '
            'd, n = blob.put("REG/x/y", "") log(d) log(n) '
            'log(blob.get("REG/x/y", d):read() == "" and "same" or "no") '
            'd, n = blob.put("REG/x/y", ("x"):rep(8 * 1024 * 1024)) log(n)')
        self.assertEqual(found, [digest(data), str(len(data)), digest(b""),
                                 "0", "same", str(8 * 1024 * 1024)])
        self.assertEqual(self.client.blob("x/y", digest(data)), data)
        self.no_uploads(self.reg)

    def test_within_a_registry_it_is_mounted(self):
        name = self.client.push_blob("a/b", LARGE)
        proxy = self.proxy(self.reg)
        self.succeeded(self.once([proxy], (
            'b = blob.get("%s/a/b", "%s") log(b:put("%s/c/d"))' % (
                proxy.host, name, proxy.host))))
        self.assertEqual(self.client.blob("c/d", name), LARGE)
        self.assertEqual([r for r in proxy.seen
                          if r.method in ("GET", "PUT", "PATCH") and
                          "/blobs/" in r.path], [])

    def test_between_registries_it_is_streamed(self):
        source = self.fake()
        source.repo("a/b")["blobs"][digest(LARGE)] = LARGE
        found = self.run_script(
            'b = blob.get("%s/a/b", "%s") d, n = blob.put("REG/c/d", b) '
            'log(d) log(n) b:put("REG/c/d")' % (source.host, digest(LARGE)),
            more=[source])
        self.assertEqual(found, [digest(LARGE), str(len(LARGE))])
        self.assertEqual(self.client.blob("c/d", digest(LARGE)), LARGE)
        self.assertEqual(len(source.find("GET", "/blobs/")), 1)

    def test_a_failed_upload_is_cancelled(self):
        fake = self.fake()
        fake.on("PUT", "/blobs/uploads/", misbehave.reply(403, {}, b"{}"))
        self.failed(self.once([fake], 'blob.put("%s/x/y", "text")' % (
            fake.host)), "Failed to put blob: request failed: unauthorized")
        self.no_uploads(fake)
        self.assertEqual(len(fake.find("DELETE", "/blobs/uploads/")), 1)

    def test_what_is_too_large(self):
        self.failed(self.once([self.reg], 'blob.put("%s/x/y", ("x"):rep(2^23'
                              ' + 1))' % self.reg.host),
                    r"Failed to put blob: it has 8388609 bytes, a script can "
                    r"put at most 8388608")


class EditLabels(Case):
    """Reads an image's configuration, changes its labels, and pushes it under
    the same layers."""

    SCRIPT = """
        local ref = reference.new("REG/app/web:v1")
        local m, ic = manifest.get(ref), image.config(ref)
        ic.config.Labels.edited = "yes"
        ic.Config.Labels["version"] = nil
        ic = ic:export()
        m.config.digest, m.config.size = blob.put(ref, ic)
        m = m:export()
        ref:tag("v2")
        m:put(ref)
        log(m:descriptor().digest)
        log(image.config(ref).Config.Labels.edited)
    """

    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.client = self.reg.client
        self.made = images.image("w", labels={"version": "1", "k": "v"})
        config = json.loads(self.made.blobs[0])
        config["config"]["ExposedPorts"] = {"80/tcp": {}}
        config["config"]["Volumes"] = {"/data": {}}
        config["zz.unknown"] = [1, 2.50]
        config = {"zz.first": 1, **config}
        self.config = json.dumps(config).encode()
        manifest = json.loads(self.made.manifest)
        manifest["config"].update(digest=digest(self.config),
                                  size=len(self.config))
        for data in [self.config] + self.made.blobs[1:]:
            self.client.push_blob("app/web", data)
        self.old = self.client.push_manifest(
            "app/web", "v1", json.dumps(manifest).encode(),
            images.OCI_MANIFEST)

    def test_it_works(self):
        result = self.succeeded(self.once(
            [self.reg], self.SCRIPT.replace("REG", self.reg.host)))
        made, edited = result.messages()
        self.assertEqual(edited, "yes")
        self.assertEqual(self.client.digest("app/web", "v2"), made)
        self.assertEqual(self.client.digest("app/web", "v1"), self.old)
        manifest = self.client.manifest("app/web", "v2").json()
        config = self.client.blob("app/web", manifest["config"]["digest"])
        self.assertEqual(len(config), manifest["config"]["size"])
        # Nothing else has changed, not even the order.
        want = json.loads(self.config)
        want["config"]["Labels"] = {"k": "v", "edited": "yes"}
        pairs = json.loads(config, object_pairs_hook=list)
        self.assertEqual([k for k, v in pairs if k != "history"],
                         [k for k in want if k != "history"])
        self.assertEqual(json.loads(config)["config"], want["config"])
        self.assertEqual(json.loads(config)["zz.unknown"], [1, 2.50])
        old = json.loads(self.made.manifest)
        self.assertEqual(manifest["layers"], old["layers"])
        self.assertEqual(list(manifest), list(old))

    def test_a_dry_run_sees_the_same(self):
        script = self.SCRIPT.replace("REG", self.reg.host)
        dry = self.succeeded(self.once([self.reg], script, "--dry-run"))
        self.assertEqual(self.client.tags("app/web"), ["v1"])
        self.assertEqual(dry.messages(), self.succeeded(
            self.once([self.reg], script)).messages())

    def test_with_a_login_that_may_not_push(self):
        self.failed(self.once([creds("127.0.0.1:1")], self.SCRIPT.replace(
            "REG", "127.0.0.1:1")), "manifest get|Failed retrieving")
