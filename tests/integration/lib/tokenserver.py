# SPDX-License-Identifier: Apache-2.0
"""A token server: hands out signed tokens that docker-registry accepts, and
remembers who asked for what."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.parse

from .run import PASSWORD, USER
from .server import Handler, Server


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenRequest:
    def __init__(self, method, scopes, user, authorization, form):
        self.method, self.scopes, self.user = method, scopes, user
        self.authorization, self.form = authorization, form


class TokenHandler(Handler):
    def answer(self):
        body = self.read_body().decode("utf-8", "replace")
        at = urllib.parse.urlsplit(self.path)
        form = urllib.parse.parse_qs(at.query if self.command == "GET"
                                     else body)
        self.server.serve_token(self, form)


class TokenServer(Server):
    """realm is what a challenge names. anonymous_pull: no credentials are
    needed for pull. lifetime is what expires_in says; refresh adds a refresh
    token to each answer; reply, when set, is sent instead of an answer."""

    handler = TokenHandler
    issuer, service = "test-issuer", "test-service"

    def __init__(self, address="127.0.0.1", anonymous_pull=False,
                 lifetime=300, refresh=False, user=USER, password=PASSWORD,
                 tls=None):
        self.dir = tempfile.mkdtemp(prefix="regbot-token-")
        self.key = os.path.join(self.dir, "key.pem")
        self.certificate = os.path.join(self.dir, "cert.pem")
        self.anonymous_pull, self.lifetime = anonymous_pull, lifetime
        self.refresh, self.reply = refresh, None
        self.user, self.password = user, password
        self.requests, self.issued, self.refreshers = [], {}, set()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", self.key, "-out", self.certificate, "-days", "2",
             "-subj", "/CN=test"], check=True, capture_output=True)
        with open(self.certificate) as pem:
            lines = pem.read().split("\n")
        self.x5c = "".join(line for line in lines if "-----" not in line)
        super().__init__(address, tls)
        self.realm = "%s://%s/token" % ("https" if tls else "http",
                                        self.host)

    def sign(self, claims):
        head = {"typ": "JWT", "alg": "RS256", "x5c": [self.x5c]}
        text = "%s.%s" % (b64(json.dumps(head).encode()),
                          b64(json.dumps(claims).encode()))
        signed = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.key],
            input=text.encode(), check=True, capture_output=True)
        return text + "." + b64(signed.stdout)

    def token(self, *scopes):
        """A token for scopes, without asking over HTTP."""
        access = []
        for scope in scopes:
            kind, rest = scope.split(":", 1)
            name, actions = rest.rsplit(":", 1)
            access.append({"type": kind, "name": name,
                           "actions": actions.split(",")})
        now = int(time.time())
        token = self.sign({
            "iss": self.issuer, "sub": self.user, "aud": self.service,
            "exp": now + 600, "nbf": now - 10, "iat": now, "jti": str(now),
            "access": access})
        with self.lock:
            self.issued[token] = list(scopes)
        return token

    def allows(self, token, scope):
        """Whether a token that was issued here covers scope."""
        _, name, actions = scope.split(":")
        for held in self.issued.get(token, ()):
            _, held_name, held_actions = held.split(":")
            if held_name == name and set(actions.split(",")) <= \
                    set(held_actions.split(",")):
                return True
        return False

    def serve_token(self, handler, form):
        authorization = handler.headers.get("Authorization", "")
        user = self.who(authorization, form)
        scopes = [s for value in form.get("scope", [])
                  for s in value.split(" ") if s]
        with self.lock:
            self.requests.append(TokenRequest(
                handler.command, scopes, user, authorization, form))
        if self.reply:
            handler.reply(*self.reply)
            return
        if user is None and (authorization or not self.anonymous_pull):
            handler.reply(401, {"Content-Type": "application/json"},
                          b'{"details":"incorrect username or password"}')
            return
        if user is None:
            scopes = [s.rsplit(":", 1)[0] + ":pull" for s in scopes]
        answer = {"token": self.token(*scopes), "expires_in": self.lifetime}
        if self.refresh and user:
            answer["refresh_token"] = "refresh-%d" % len(self.refreshers)
            self.refreshers.add(answer["refresh_token"])
        handler.reply(200, {"Content-Type": "application/json"},
                      json.dumps(answer).encode())

    def who(self, authorization, form):
        """The user that the request proves to come from, or None."""
        given = form.get("refresh_token", [""])[0]
        if given and given in self.refreshers:
            return self.user
        pair = "%s:%s" % (self.user, self.password)
        expected = "Basic " + base64.b64encode(pair.encode()).decode()
        return self.user if authorization == expected else None

    def stop(self):
        super().stop()
        shutil.rmtree(self.dir, ignore_errors=True)
