# SPDX-License-Identifier: Apache-2.0
"""What other regbots get wrong, and this one must not: a test each."""
import json
import platform
import re
import signal

from lib import images
from lib.case import Case
from lib.client import digest


class Weaknesses(Case):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.client = self.reg.client

    def script(self, text, *flags, **more):
        return self.once([self.reg], text.replace("REG", self.reg.host),
                         *flags, **more)

    def run_script(self, text, *flags, **more):
        return self.succeeded(self.script(text, *flags, **more)).messages()

    def test_a_dry_run_pushes_no_manifest_and_no_blob(self):
        made = images.image("d", labels={"a": "1"})
        made.push(self.client, "x/y", "v1")
        proxy = self.proxy(self.reg)
        result = self.succeeded(self.once([proxy], """
            local m, ic = manifest.get("REG/x/y:v1"), image.config("REG/x/y:v1")
            m:put("REG/x/y:v2") manifest.put("REG/x/y:v1", "REG/x/y:v3")
            ic.config.Labels.a = "2"
            m.config.digest, m.config.size = blob.put("REG/x/y", ic:export())
            m:export():put("REG/x/y:v4")
            blob.put("REG/x/z", blob.get("REG/x/y", m.layers[1].digest))
            log(table.concat(tag.ls("REG/x/y"), " "))
            log(image.config("REG/x/y:v4").Config.Labels.a)
            log(blob.get("REG/x/z", m.layers[1].digest).size)
            log(#blob.get("REG/x/z", m.layers[1].digest):read())
        """.replace("REG", proxy.host), "--dry-run"))
        size = str(len(made.blobs[1]))
        self.assertEqual(result.messages(), ["v1 v2 v3 v4", "2", size, size])
        self.assertEqual(proxy.writes(), [])
        self.assertEqual(len(result.lines("Put manifest")), 3)
        self.assertEqual(len(result.lines("Put blob")), 2)
        self.assertEqual({one["dry-run"] for one in
                          result.lines("Put blob")}, {"true"})
        self.assertEqual(self.client.tags("x/y"), ["v1"])

    def test_a_text_is_pushed_not_the_reference(self):
        found = self.run_script("""
            log((blob.put("REG/x/y", "the content")))
            log((blob.put(reference.new("REG/x/y"), "more content")))
        """)
        self.assertEqual(found, [digest(b"the content"),
                                 digest(b"more content")])
        for data in (b"the content", b"more content"):
            self.assertEqual(self.client.blob("x/y", digest(data)), data)

    def test_blobs_that_were_got_keep_nothing_open(self):
        made = images.image("b", layers=[3000000, 2000000])
        made.push(self.client, "x/y", "v1")
        self.assertEqual(self.run_script("""
            local m, open, n = manifest.get("REG/x/y:v1"), {}, 0
            for i = 1, 40 do
              local b = blob.get("REG/x/y", m.layers[1 + i % 2].digest)
              n = n + #b:read(1000)
              open[i] = b
            end
            log(n) log(#open[1]:read() + 1000 == open[1].size and "all" or "")
        """, defaults={"timeout": "30s"}), ["40000", "all"])

    def test_a_loop_ends_in_time_and_at_a_signal(self):
        loop = 'log "here"\nwhile true do pcall(error) end'
        self.failed(self.script(loop, defaults={"timeout": "1s"}),
                    r"^<string>:2: timeout of 1s reached\n")
        running = self.begin([self.reg], loop, command="server",
                             defaults={"interval": "1s"})
        family = running.family()
        running.wait_for("message=here")
        running.signal(signal.SIGTERM)
        self.assertRegex(running.wait(10).error("t"),
                         r"^<string>:2: stopped by SIGTERM\n")
        self.gone(family, 1)

    def test_a_wrong_schedule_is_an_error_not_a_crash(self):
        for text in ("61 * * * *", "TZ=UTC", "@sometimes"):
            for command in ("server", "once"):
                result = self.begin([self.reg], [
                    {"name": "a", "script": 'log "ran"', "schedule": text}
                ], command=command).wait()
                self.assertEqual(result.code, 2, result)
                self.assertRegex(result.err, 'regbot.yml:\\d+:\\d+: key '
                                 '"schedule" is "%s"' % re.escape(text))
                self.assertEqual(result.messages(), [])

    def test_an_unchanged_manifest_is_put_byte_for_byte(self):
        odd = images.image("o", spaced=True)
        manifest = json.loads(odd.manifest)
        manifest["novel"] = {"b": 1.50, "a": [None]}
        odd.manifest = json.dumps(manifest, indent=7).encode() + b"\n "
        for data in odd.blobs:
            self.client.push_blob("x/y", data)
        self.client.push_manifest("x/y", "v1", odd.manifest, odd.media_type)
        self.run_script("""
            manifest.put("REG/x/y:v1", "REG/x/y:v2")
            manifest.get("REG/x/y:v1"):put("REG/x/y:v3")
            manifest.get("REG/x/y:v1"):export():put("REG/x/y:v4")
        """)
        for name in ("v2", "v3", "v4"):
            self.assertEqual(self.client.manifest("x/y", name).body,
                             odd.manifest)

    def test_a_changed_manifest_keeps_what_it_had(self):
        made = images.image("c")
        manifest = {"novel": {"b": 1, "a": 2}, **json.loads(made.manifest)}
        for data in made.blobs:
            self.client.push_blob("x/y", data)
        self.client.push_manifest("x/y", "v1", json.dumps(manifest).encode(),
                                  made.media_type)
        self.run_script("""
            local m = manifest.get("REG/x/y:v1")
            m.annotations.k = "v" m:export():put("REG/x/y:v2")
        """)
        manifest["annotations"] = {"k": "v"}
        self.assertEqual(
            self.client.manifest("x/y", "v2").body,
            json.dumps(manifest, separators=(",", ":")).encode())

    def test_the_result_of_a_head_cannot_be_put(self):
        images.image("h").push(self.client, "x/y", "v1")
        for put in ('manifest.put(m, "REG/x/y:v2")', 'm:put("REG/x/y:v2")'):
            self.failed(
                self.script('m = manifest.head("REG/x/y:v1") ' + put),
                r"Failed to put manifest: it was only looked up with head and "
                r"has no content to push; write manifest\.get")
        self.assertEqual(self.client.tags("x/y"), ["v1"])

    def test_a_platform_of_an_index_is_deleted_not_the_index(self):
        made = images.multi("p")
        made.push(self.client, "x/y", "v1")
        self.run_script("""
            local m = manifest.get("REG/x/y@%s", "linux/arm64")
            log(m:descriptor().digest) m:delete()
        """ % made.digest)
        self.assertEqual(self.client.digest("x/y", "v1"), made.digest)
        self.assertIsNone(self.client.digest("x/y", made.children[1].digest))
        self.assertEqual(self.client.digest(
            "x/y", made.children[0].digest), made.children[0].digest)

    def test_a_platform_that_nobody_named_is_not_deleted_or_put(self):
        made = images.multi("p")
        made.push(self.client, "x/y", "v1")
        for code in ('manifest.get("REG/x/y:v1"):delete()',
                     'manifest.get("REG/x/y:v1"):export():put("REG/x/y:v1")',
                     'manifest.put(manifest.get("REG/x/y:v1"), "REG/x/y:v1")'):
            for flags in ((), ("--dry-run",)):
                self.failed(self.script(code, *flags), (
                    r'it is one image of an index.* write '
                    r'manifest.getList\("REG/x/y:v1"\) for the whole index, '
                    r'or name the platform').replace("REG", self.reg.host))
        self.same_image(made, self.client, "x/y", "v1")
        self.run_script('manifest.get("REG/x/y:v1", "linux/arm64")'
                        ':put("REG/x/y:arm64")')
        self.assertEqual(self.client.digest("x/y", "arm64"),
                         made.children[1].digest)

    def test_an_exported_config_keeps_ports_and_volumes(self):
        made = images.image("e", labels={"a": "1"})
        config = json.loads(made.blobs[0])
        config["config"]["ExposedPorts"] = {"443/tcp": {}, "80/tcp": {}}
        config["config"]["Volumes"] = {"/v": {}}
        text = json.dumps(config).encode()
        manifest = json.loads(made.manifest)
        manifest["config"].update(digest=digest(text), size=len(text))
        for data in [text] + made.blobs[1:]:
            self.client.push_blob("x/y", data)
        self.client.push_manifest("x/y", "v1", json.dumps(manifest).encode(),
                                  made.media_type)
        found, = self.run_script("""
            local ic = image.config("REG/x/y:v1")
            ic.Config.Labels.a = "2"
            log((blob.put("REG/x/y", ic:export())))
        """)
        now = json.loads(self.client.blob("x/y", found))
        config["config"]["Labels"]["a"] = "2"
        self.assertEqual(now["config"], config["config"])

    def sparse(self, made):
        """A registry that takes an index without its platforms."""
        fake = self.fake()
        fake.missing = lambda place, data: []
        fake.add("x/y", "v1", made)
        return fake

    def test_one_word_names_the_platform_that_fits(self):
        made = images.multi("w")
        mine = 1 if platform.machine() in ("aarch64", "arm64") else 0
        for word, which in (("local", mine), ("linux", mine), ("amd64", 0),
                            ("arm64", 1)):
            fake = self.sparse(made)
            self.succeeded(self.once([fake], """
                image.copy("REG/x/y:v1", "REG/x/z:v1", {platforms = {"%s"}})
            """.replace("REG", fake.host) % word))
            place = fake.repo("x/z")
            self.assertEqual(place["tags"], {"v1": made.digest}, word)
            self.assertEqual(set(place["manifests"]), {
                made.digest, made.children[which].digest}, word)

    def test_other_platforms_are_copied_to_the_same_index(self):
        made = images.multi("o")
        fake = self.sparse(made)

        def copy(which, *flags):
            result = self.succeeded(self.once([fake], """
                image.copy("REG/x/y:v1", "REG/x/z:v1", {platforms = {%s}})
            """.replace("REG", fake.host) % which, *flags))
            line = result.lines("Script summary")[0]
            return line["copied"] or line["would-copy"]
        both = '"linux/amd64", "linux/arm64"'
        self.assertEqual(copy('"linux/arm64"'), "1")
        self.assertEqual(copy('"linux/arm64"'), "0")
        self.assertEqual(copy(both, "--dry-run"), "1")
        self.assertIsNone(fake.repo("x/z")["manifests"].get(
            made.children[0].digest))
        self.assertEqual(copy(both), "1")
        self.assertEqual(set(fake.repo("x/z")["manifests"]), {
            made.digest, *(c.digest for c in made.children)})
        for name, data in made.all_blobs().items():
            self.assertEqual(fake.repo("x/z")["blobs"][name], data)
        self.assertEqual(copy(both), "0")
        self.assertEqual(copy(both, "--dry-run"), "0")

    def test_one_word_takes_one_of_several_variants(self):
        made = images.index([images.image("v%d" % i, architecture="arm")
                             for i in range(3)], platforms=[
            {"os": "linux", "architecture": "arm", "variant": v}
            for v in ("v5", "v7", "v6")])
        fake = self.sparse(made)
        self.succeeded(self.once([fake], """
            image.copy("REG/x/y:v1", "REG/x/z:v1", {platforms = {"arm"}})
        """.replace("REG", fake.host)))
        self.assertEqual(set(fake.repo("x/z")["manifests"]), {
            made.digest, made.children[1].digest})

    def test_a_catalog_is_read_page_by_page(self):
        fake = self.fake(page=100)
        for i in range(250):
            fake.repo("p/r%03d" % i)["tags"]["t"] = "sha256:" + "0" * 64
        result = self.succeeded(self.once([fake], """
            local all = repo.ls("REG")
            log(#all) log(all[250])
            log(#repo.ls("REG", {limit = 130}))
            local some = repo.ls("REG", {limit = 2, last = "p/r120"})
            log(table.concat(some, " "))
        """.replace("REG", fake.host)))
        self.assertEqual(result.messages(), [
            "250", "p/r249", "130", "p/r121 p/r122"])

    def test_a_limit_of_tags_holds(self):
        fake = self.fake()
        fake.repo("x/y")["tags"] = {
            "t%03d" % i: "sha256:" + "0" * 64 for i in range(50)}
        # A registry that ignores n sends all of them.
        fake.on("GET", "/tags/list", lambda handler: handler.reply(
            200, {"Content-Type": "application/json"}, json.dumps(
                {"name": "x/y", "tags": sorted(
                    fake.repo("x/y")["tags"])}).encode()))
        result = self.succeeded(self.once([fake], """
            log(table.concat(tag.ls("REG/x/y", {limit = 3}), " "))
            log(table.concat(tag.ls("REG/x/y", {last = "t047"}), " "))
        """.replace("REG", fake.host)))
        self.assertEqual(result.messages(), ["t000 t001 t002", "t048 t049"])

    def test_the_last_tag_is_honoured(self):
        for i in range(5):
            images.image("l").push(self.client, "x/y", "t%d" % i)
        # docker's registry lists them in no order, and all of them always.
        self.assertEqual(self.run_script("""
            local all = tag.ls("REG/x/y")
            local pages, last = {}, nil
            repeat
              local page = tag.ls("REG/x/y", {limit = 2, last = last})
              for _, t in ipairs(page) do pages[#pages + 1] = t end
              last = page[#page]
            until #page == 0
            log(#all) log(tostring(table.concat(all) == table.concat(pages)))
        """), ["5", "true"])
