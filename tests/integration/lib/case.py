# SPDX-License-Identifier: Apache-2.0
"""What test cases have in common."""
import unittest

from .certificates import Authority
from .fakeregistry import FakeRegistry
from .proxy import Proxy
from .registry import Registry
from .run import Box, alive, config, creds
from .tokenserver import TokenServer
from .wait import until


class Case(unittest.TestCase):
    """A test with a Box; what it starts is stopped after it."""

    maxDiff = 4000

    def setUp(self):
        self.box = Box()
        self.addCleanup(self.box.close)

    def keep(self, server):
        self.addCleanup(server.stop)
        return server

    def registry(self, **more):
        return self.keep(Registry(**more))

    def proxy(self, registry):
        return self.keep(Proxy(registry))

    def fake(self, **more):
        return self.keep(FakeRegistry(**more))

    def token_server(self, **more):
        return self.keep(TokenServer(**more))

    def authority(self):
        return self.keep(Authority())

    # Running.

    def once(self, entries, script, *flags, defaults=None, **more):
        """Runs one script, or {name: script}, once."""
        return self.begin(entries, script, *flags, defaults=defaults,
                          **more).wait()

    def begin(self, entries, script, *flags, defaults=None, command="once",
              **more):
        """Starts regbot with servers or creds entries, and scripts."""
        entries = [one if isinstance(one, dict) else creds(one.host)
                   for one in entries]
        if isinstance(script, str):
            script = {"t": script}
        self.box.write("regbot.yml", config(entries, script, defaults))
        return self.box.start(command, "-c", "regbot.yml", *flags, **more)

    # Judging.

    def succeeded(self, result):
        self.assertEqual(result.code, 0, result)
        return result

    def failed(self, result, *patterns):
        """The script failed, with an error that matches all patterns."""
        self.assertEqual(result.code, 1, result)
        error = result.error()
        self.assertIsNotNone(error, result)
        for pattern in patterns:
            self.assertRegex(error, pattern, result)
        return error

    def no_uploads(self, registry):
        """No upload stays open, of a Registry or a FakeRegistry."""
        look = registry.open_uploads if isinstance(registry, Registry) \
            else lambda: registry.uploads
        until("no upload is open", lambda: not look(), 10)

    def gone(self, family, seconds):
        """All the processes of family() end within so many seconds."""
        until("no process is left", lambda: not [
            one for one in family if alive(*one)], seconds)

    def same_image(self, made, client, repo, ref):
        """repo:ref is made, byte for byte, with all that hangs on it."""
        reply = client.manifest(repo, ref)
        self.assertEqual(reply.body, made.manifest)
        self.assertEqual(reply.headers["Content-Type"], made.media_type)
        for child in made.children:
            self.same_image(child, client, repo, child.digest)
        for name, data in made.all_blobs().items():
            self.assertEqual(client.blob(repo, name), data)
