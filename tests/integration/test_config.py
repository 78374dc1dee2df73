# SPDX-License-Identifier: Apache-2.0
"""Configurations, good and bad: a mistake is named with its place."""
import base64
import json
import os

from lib import images
from lib.case import Case
from lib.run import PASSWORD, USER

RUN = 'scripts:\n  - name: x\n    script: log "ok"\n'


class BadConfig(Case):
    def refused(self, text, place, *patterns):
        """Refused with status 2 and FILE:LINE:COL (or FILE:LINE)."""
        self.box.write("r.yml", text)
        result = self.box.run("once", "-c", "r.yml")
        self.assertEqual(result.code, 2, result)
        self.assertIn("r.yml:" + place, result.err, result)
        for pattern in patterns:
            self.assertRegex(result.err, pattern, result)
        return result

    def test_malformed_yaml(self):
        self.refused("version: 1\nscripts:\n  - name: x\n   script: |\n"
                     '      log("x")\n', "4:")

    def test_tab(self):
        self.refused("version: 1\nscripts:\n\t- name: x\n", "3:1")

    def test_scripts_is_a_string(self):
        self.refused("version: 1\nscripts: hello\n", "2:10",
                     "(?i)sequence|list")

    def test_root_is_a_list(self):
        self.refused("- a\n- b\n", "1:1")

    def test_bad_duration(self):
        self.refused("version: 1\ndefaults:\n  interval: abc\nscripts: []\n",
                     "3:13", "abc")

    def test_duration_without_unit(self):
        self.refused("version: 1\ndefaults:\n  timeout: 60\nscripts: []\n",
                     "3:12", "60")

    def test_bad_number(self):
        self.refused("version: 1\ndefaults:\n  parallel: x\nscripts: []\n",
                     "3:13")

    def test_version_2(self):
        self.refused("version: 2\nscripts: []\n", "1:10",
                     "unsupported config version")

    def test_version_is_text(self):
        self.refused("version: abc\nscripts: []\n", "1:10")

    def test_tls_value(self):
        self.refused("creds:\n  - registry: x\n    tls: bogus\n", "3:10",
                     "bogus", "enabled")

    def test_bool_value(self):
        self.refused("creds:\n  - registry: x\n    repoAuth: yep\n", "3:15")

    def test_template(self):
        result = self.refused(
            "creds:\n  - registry: x\n    pass: '{{ nofunc }}'\n", "3:11",
            "nofunc")
        self.assertNotIn("Traceback", result.err)

    def test_template_error_does_not_show_the_secret(self):
        result = self.refused("creds:\n  - registry: x\n"
                              "    pass: 'hidden-word {{'\n", "3:")
        self.assertNotIn("hidden-word", result.err)

    def test_characters_that_are_no_text(self):
        """Where they are, not where the parser's buffer begins."""
        for data, place, pattern in (
                (RUN.encode() + b"# Gr\xfc\xdfe\n", "4:5", "LATIN1"),
                (RUN.encode("utf-16"), "1:1", "UTF-16"),
                (RUN.encode() + b"x\0y\n", "4:2", "NUL")):
            with self.subTest(pattern=pattern):
                with open(self.box.path("r.yml"), "wb") as f:
                    f.write(data)
                result = self.box.run("once", "-c", "r.yml")
                self.assertEqual(result.code, 2, result)
                self.assertIn("r.yml:" + place, result.err)
                self.assertRegex(result.err, pattern)

    def test_quote_that_is_not_closed(self):
        self.refused("creds:\n  - registry: x\n    user: 'me\n" + RUN,
                     "3:11", "never closed")

    def test_template_without_quotes(self):
        self.refused('creds:\n  - registry: x\n    user: {{env "U"}}\n' +
                     RUN, "3:11", "single quotes")

    def test_second_document(self):
        self.refused(RUN + "---\n" + RUN, "4:1", "second document")

    def test_undefined_alias(self):
        self.refused("version: 1\nscripts: *nowhere\n", "2:")

    def test_billion_laughs(self):
        text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        for i in range(9):
            text += "%s: &%s [%s]\n" % (
                chr(98 + i), chr(98 + i),
                ", ".join(["*" + chr(97 + i)] * 10))
        self.box.write("r.yml", text)
        result = self.box.run("once", "-c", "r.yml", seconds=20)
        self.assertEqual(result.code, 2, result)

    def test_deep_nesting(self):
        self.box.write("r.yml", "x-a: " + "[" * 5000 + "]" * 5000 + "\n")
        result = self.box.run("once", "-c", "r.yml", seconds=20)
        self.assertEqual(result.code, 2, result)

    def test_unknown_key_in_a_restricted_file_is_an_error(self):
        self.refused('scripts:\n  - name: x\n    alow: []\n'
                     '    protect: ["x:*"]\n    script: log "ok"\n', "3:5",
                     "alow", "allow")


class AllErrors(Case):
    TEXT = ("version: 2\ncreds:\n  - registry: x\n    tls: bogus\n"
            "scripts:\n  - name: a\n    script: log 'no'\n"
            "    interval: -5m\n  - name: b\n    scrip: log 'no'\n")
    PLACES = ["r.yml:1:10", "r.yml:4:10", "r.yml:8:15", "r.yml:10:5"]

    def test_each_is_a_line_with_its_place(self):
        self.box.write("r.yml", self.TEXT)
        result = self.box.run("once", "-c", "r.yml")
        self.assertEqual(result.code, 2, result)
        self.assertEqual([l.split(": ")[0] for l in result.err.splitlines()],
                         self.PLACES, result)

    def test_each_is_a_record(self):
        self.box.write("r.yml", self.TEXT)
        result = self.box.run("server", "-c", "r.yml", "--logopt", "json")
        self.assertEqual(result.code, 2, result)
        records = [json.loads(l) for l in result.err.splitlines()]
        self.assertEqual([r["level"] for r in records], ["ERROR"] * 4)
        self.assertEqual([r["msg"].split(": ")[0] for r in records],
                         self.PLACES, result)


class GoodConfig(Case):
    def ok(self, text, **more):
        self.box.write("r.yml", text)
        result = self.box.run("once", "-c", "r.yml", **more)
        self.succeeded(result)
        self.assertEqual(result.messages(), ["ok"], result)
        return result

    def test_no_version(self):
        self.ok(RUN)

    def test_unknown_key_warns(self):
        result = self.ok("version: 1\nfoo: bar\ndefaults:\n"
                         "  intervall: 5m\n" + RUN)
        warnings = "\n".join(l.text for l in result.lines()
                             if l["level"] == "WARN")
        self.assertIn("foo", warnings)
        self.assertIn("2:1", warnings)
        self.assertIn("intervall", warnings)
        self.assertRegex(warnings, r"\binterval\b")

    def test_x_keys_are_for_the_user(self):
        result = self.ok("x-mine: [1, {a: b}]\n" + RUN)
        self.assertEqual(result.lines()[0]["level"], "INFO", result)

    def test_scheme_is_deprecated(self):
        result = self.ok("creds:\n  - registry: x\n    tls: disabled\n"
                         "    scheme: http\n" + RUN)
        line = result.lines("Scheme is deprecated, for http set TLS to "
                            "disabled")[0]
        self.assertEqual((line["level"], line["name"]), ("WARN", "x"))

    def test_anchors_and_merge(self):
        self.ok("x-s: &base\n  name: x\n  script: error 'no'\n"
                "scripts:\n  - <<: *base\n    script: log 'ok'\n")
        self.ok("x-s: &base\n  name: x\n  script: error 'no'\n"
                "scripts:\n  - script: log 'ok'\n    <<: *base\n")
        self.ok("x-a: &a {name: x}\nx-b: &b {script: \"log 'ok'\"}\n"
                "scripts:\n  - <<: [*a, *b]\n")

    def test_missing_secret_file_is_empty(self):
        self.ok("creds:\n  - registry: x\n    pass: '{{ file "
                "\"/nonexistent\" }}'\n" + RUN)

    def test_variable_that_is_not_set_is_empty(self):
        result = self.ok("creds:\n  - registry: x\n    user: '{{ env "
                         "\"NOT_SET_HERE\" }}'\n" + RUN)
        line = result.lines("Environment variable of a template is not set, "
                            "using an empty string")[0]
        self.assertEqual((line["variable"], line["position"]),
                         ("NOT_SET_HERE", "r.yml:3:11"))

    def test_duplicate_key_last_wins(self):
        self.ok("scripts:\n  - name: a\n    name: b\n"
                "    script: log 'ok'\n")

    def test_docker_config(self):
        registry = self.registry(auth="basic")
        images.image().push(registry.client, "x/y", "v1")
        os.mkdir(self.box.path(".docker"))
        pair = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode())
        self.box.write(".docker/config.json", json.dumps(
            {"auths": {registry.host: {"auth": pair.decode()}}}))
        self.ok("creds:\n  - registry: %s\n    tls: disabled\n"
                "scripts:\n  - name: x\n    script: |\n"
                "      if tag.ls('%s/x/y')[1] == 'v1' then log 'ok' end\n"
                % (registry.host, registry.host))

    def test_restriction_that_is_not_enforced_does_not_run(self):
        """Fails closed: a script with `allow: []` does nothing at all."""
        registry = self.registry()
        images.image().push(registry.client, "x/y", "v1")
        proxy = self.proxy(registry)
        self.box.write("r.yml", (
            "creds: [{registry: '%s', tls: disabled}]\nscripts:\n"
            "  - name: x\n    allow: []\n"
            "    script: tag.delete('%s/x/y:v1')\n" % (
                proxy.host, proxy.host)))
        result = self.box.run("once", "-c", "r.yml")
        self.assertNotEqual(result.code, 0, result)
        self.assertEqual(proxy.writes(), [])
        self.assertEqual(registry.client.tags("x/y"), ["v1"])
