# SPDX-License-Identifier: Apache-2.0
"""TLS: whose certificates count, who gets ours, what is never sent in plain
text, and what a person is told about it."""
import socket
import ssl
import threading

from lib import images, misbehave
from lib.case import Case
from lib.run import PASSWORD, USER, creds


class Tls(Case):
    def setUp(self):
        super().setUp()
        self.ca = self.authority()

    def serve(self, **context):
        """A registry over TLS with one image in it."""
        fake = self.fake(tls=self.ca.server(**context))
        fake.add("x/y", "v1", images.image("t"))
        return fake

    def entry(self, fake, **more):
        more.setdefault("tls", "enabled")
        more.setdefault("regcert", self.ca.pem)
        return creds(fake.host, **more)

    def tags(self, entry, host=None):
        return self.once([entry], 'log(tag.ls("%s/x/y")[1])' % (
            host or entry["registry"]))

    def listen(self, answer=None):
        """A port that reads, and answers so. With all that it accepted."""
        listener, accepted = socket.create_server(("127.0.0.1", 0)), []
        self.addCleanup(listener.close)

        def accept():
            try:
                while True:
                    accepted.append(listener.accept()[0])
                    if answer is not None:
                        accepted[-1].recv(65536)
                        accepted[-1].sendall(answer)
                        accepted[-1].shutdown(socket.SHUT_WR)
            except OSError:
                pass
        threading.Thread(target=accept, daemon=True).start()
        return "127.0.0.1:%d" % listener.getsockname()[1], accepted

    def good(self, result):
        self.succeeded(result)
        self.assertEqual(result.messages(), ["v1"], result)


class Servers(Tls):
    def test_regcert_is_trusted(self):
        fake = self.serve()
        self.good(self.tags(self.entry(fake)))

    def test_unknown_authority_is_refused(self):
        fake = self.serve()
        for regcert in ("", self.authority().pem):
            with self.subTest(known=bool(regcert)):
                before = fake.connections
                result = self.tags(self.entry(fake, regcert=regcert))
                self.failed(result, r"failed to verify certificate",
                            r"set regcert .* or \"tls: insecure\", in the "
                            r"creds entry of %s \(regbot.yml:\d+\)" %
                            fake.host)
                self.assertEqual(fake.connections - before, 1)
        self.assertEqual(fake.requests, [])

    def test_self_signed_is_refused(self):
        fake = self.serve(signed=False)
        self.failed(self.tags(self.entry(fake)), r"self-signed certificate",
                    r"set regcert")
        self.assertEqual(fake.requests, [])
        self.good(self.tags(self.entry(fake,
                                       regcert=fake.tls.certificate)))

    def test_insecure(self):
        fake = self.serve(signed=False)
        self.good(self.tags(self.entry(fake, tls="insecure")))

    def test_another_name_is_refused(self):
        fake = self.serve(name="DNS:registry.example.com")
        self.failed(self.tags(self.entry(fake)), r"name",
                    r"set a hostname that the certificate is for in the "
                    r"creds entry")
        self.assertEqual(fake.requests, [])
        self.assertEqual(fake.connections, 1)

    def test_storage_is_verified_too(self):
        """A redirect to a host with a certificate that nobody knows."""
        fake, other = self.serve(), self.fake(
            address="127.0.0.2",
            tls=self.authority().server(name="IP:127.0.0.2"))
        fake.on("GET", "/blobs/", misbehave.redirect(
            "https://%s/blob" % other.host))
        result = self.once([self.entry(fake)],
                           'image.config("%s/x/y:v1")' % fake.host)
        self.failed(result, r"failed to verify certificate")
        self.assertEqual(other.requests, [])


class Clients(Tls):
    def test_a_certificate_is_wanted(self):
        fake = self.serve(clients=ssl.CERT_REQUIRED)
        self.good(self.tags(self.entry(fake, **self.ca.client())))
        before = fake.connections
        self.failed(self.tags(self.entry(fake)), r"wants a client certificate",
                    r"set clientCert and clientKey in the creds entry")
        self.assertEqual(fake.connections - before, 1)

    def seen(self, shown):
        """An action that notes whether the client has a certificate."""
        def action(handler):
            shown.append(bool(handler.connection.getpeercert()))
            return False
        return action

    def test_it_goes_to_the_registry_only(self):
        """Neither to where it redirects, nor to its token server."""
        shown = {"registry": [], "storage": [], "token": []}
        tokens = self.token_server(address="127.0.0.3", tls=self.ca.server(
            "IP:127.0.0.3", clients=ssl.CERT_OPTIONAL))
        serve_token = tokens.serve_token

        def serve(handler, form):
            self.seen(shown["token"])(handler)
            serve_token(handler, form)
        tokens.serve_token = serve
        fake = self.fake(auth=tokens, tls=self.ca.server(
            clients=ssl.CERT_OPTIONAL))
        made = images.image("t")
        fake.add("x/y", "v1", made)
        storage = self.fake(address="127.0.0.2", tls=self.ca.server(
            "IP:127.0.0.2", clients=ssl.CERT_OPTIONAL))
        storage.add("x/y", "v1", made)

        def away(handler):
            self.seen(shown["registry"])(handler)
            misbehave.redirect("https://%s%s" % (
                storage.host, handler.path))(handler)
        fake.on("GET", "/blobs/", away)
        fake.on("*", ".", self.seen(shown["registry"]))
        storage.on("*", ".", self.seen(shown["storage"]))
        result = self.once(
            [self.entry(fake, user=USER, password=PASSWORD,
                        realms=[tokens.host], **self.ca.client())],
            'image.config("%s/x/y:v1") log "v1"' % fake.host)
        self.good(result)
        self.assertTrue(shown["registry"] and all(shown["registry"]), shown)
        for name in ("storage", "token"):
            self.assertTrue(shown[name], shown)
            self.assertFalse(any(shown[name]), shown)


class Plain(Tls):
    def test_no_redirect_to_plain_text(self):
        """Not of a read, a write, an upload, a list, or a token."""
        plain = self.fake()
        plain.add("x/y", "v1", images.image("t"))
        fake = self.serve()
        fake.on("*", "/v2/x/", misbehave.redirect(
            lambda handler: "http://%s%s" % (plain.host, handler.path)))
        for script in ('tag.ls("H/x/y")', 'manifest.get("H/x/y:v1")',
                       'tag.delete("H/x/y:v1")'):
            with self.subTest(script=script):
                result = self.once([self.entry(fake)],
                                   script.replace("H", fake.host))
                self.failed(result, r"refused to go from https to http://")
        self.assertEqual(plain.requests, [])
        self.assertEqual(plain.connections, 0)

    def test_no_token_in_plain_text(self):
        tokens = self.token_server()
        fake = self.fake(auth=tokens, tls=self.ca.server())
        fake.add("x/y", "v1", images.image("t"))
        result = self.tags(self.entry(fake, user=USER, password=PASSWORD,
                                      realms=[tokens.host]))
        self.failed(result, r"refused to go from https to http://")
        self.assertEqual(tokens.requests, [])

    def test_no_location_in_plain_text(self):
        """An upload's Location is one more way down."""
        source = self.fake()
        source.add("x/y", "v1", images.image("t"))
        plain = self.fake()
        target = self.fake(mounts=False, tls=self.ca.server())
        target.on("POST", "/uploads/", misbehave.reply(202, {
            "Location": "http://%s/v2/x/y/blobs/uploads/u?state=s" %
            plain.host}))
        result = self.once([creds(source.host), self.entry(target)], (
            'image.copy("%s/x/y:v1", "%s/x/y:v1")' % (
                source.host, target.host)))
        self.failed(result, r"refused to go from https to http://")
        self.assertEqual(plain.requests, [])

    def test_disabled_at_a_port_with_tls(self):
        fake = self.serve()
        result = self.tags(creds(fake.host))
        self.failed(result, r"may want TLS: remove \"tls: disabled\" from "
                    r"the creds entry of %s \(regbot.yml:\d+\)" % fake.host)

    def test_disabled_and_told_so(self):
        """As Go's server and nginx say it."""
        fake = self.fake()
        for text in (b"Client sent an HTTP request to an HTTPS server.\n",
                     b"<html>The plain HTTP request was sent to HTTPS port"):
            fake.rules.clear()
            fake.on("*", ".", misbehave.reply(400, {}, text))
            self.failed(self.tags(creds(fake.host)),
                        r"wants TLS: remove \"tls: disabled\"")

    def test_enabled_at_a_port_without(self):
        host, accepted = self.listen(
            b"HTTP/1.0 400 Bad Request\r\n\r\nwhat?\n")
        self.failed(self.tags(creds(host, tls="enabled")),
                    r"server gave HTTP response to HTTPS client; set "
                    r"\"tls: disabled\" in the creds entry of %s" % host)
        self.assertEqual(len(accepted), 1)


class Between(Tls):
    def test_two_answers_in_one_record(self):
        """The second one, which nobody asked for, stays in OpenSSL's buffer
        when the first has been read."""
        fake = self.serve()
        body = b'{"name":"x/y","tags":["v1"]}'
        wrong = b'{"name":"x/z","tags":["w9"]}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
            b"Content-Length: %d\r\n\r\n" % len(body)

        def twice(handler):
            # The headers alone, so that the body is read by its length.
            handler.wfile.write(head)
            handler.wfile.flush()
            handler.wfile.write(body + head + wrong)
            handler.wfile.flush()
        fake.on("GET", "/tags/list", twice, times=1)
        result = self.once([self.entry(fake)], (
            'for i = 1, 3 do log(tag.ls("%s/x/y")[1]) end' % fake.host))
        self.assertEqual(result.messages(), ["v1"] * 3, result)


class Silent(Tls):
    def test_a_handshake_that_never_ends(self):
        host, _ = self.listen()
        running = self.begin([creds(host, tls="enabled")], [{
            "name": "t", "timeout": "2s",
            "script": 'tag.ls("%s/x/y")' % host}])
        self.failed(running.wait(8), r"deadline exceeded|timeout")
