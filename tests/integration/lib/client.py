# SPDX-License-Identifier: Apache-2.0
"""A small registry client: what tests push with and look at afterwards."""
import base64
import hashlib
import http.client
import json
import urllib.parse

TYPES = ", ".join([
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
])


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Client:
    """Talks to host:port by plain HTTP. user and password are sent as Basic
    credentials; token is called with a scope and returns a Bearer token."""

    def __init__(self, host, user=None, password=None, token=None):
        self.host, self.user, self.password = host, user, password
        self.token = token

    def call(self, method, path, body=None, headers=None, scope=None):
        headers = dict(headers or {})
        if self.token and scope:
            headers["Authorization"] = "Bearer " + self.token(scope)
        elif self.user is not None:
            pair = "%s:%s" % (self.user, self.password)
            headers["Authorization"] = "Basic " + base64.b64encode(
                pair.encode()).decode()
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def ok(self, method, path, body=None, headers=None, scope=None):
        reply = self.call(method, path, body, headers, scope)
        if reply.status >= 300:
            raise AssertionError("%s http://%s%s: %d %s" % (
                method, self.host, path, reply.status, reply.body[:300]))
        return reply

    @staticmethod
    def scope(repo, actions="pull"):
        return "repository:%s:%s" % (repo, actions)

    # Blobs.

    def push_blob(self, repo, data):
        scope = self.scope(repo, "pull,push")
        name = digest(data)
        if self.call("HEAD", "/v2/%s/blobs/%s" % (repo, name),
                     scope=scope).status == 200:
            return name
        start = self.ok("POST", "/v2/%s/blobs/uploads/" % repo, b"",
                        scope=scope)
        at = urllib.parse.urlsplit(start.headers["Location"])
        query = at.query + ("&" if at.query else "") + \
            urllib.parse.urlencode({"digest": name})
        self.ok("PUT", at.path + "?" + query, data,
                {"Content-Type": "application/octet-stream"}, scope)
        return name

    def blob(self, repo, name):
        return self.ok("GET", "/v2/%s/blobs/%s" % (repo, name),
                       scope=self.scope(repo)).body

    def has_blob(self, repo, name):
        return self.call("HEAD", "/v2/%s/blobs/%s" % (repo, name),
                         scope=self.scope(repo)).status == 200

    # Manifests and tags.

    def push_manifest(self, repo, ref, data, media_type):
        self.ok("PUT", "/v2/%s/manifests/%s" % (repo, ref), data,
                {"Content-Type": media_type}, self.scope(repo, "pull,push"))
        return digest(data)

    def manifest(self, repo, ref):
        return self.ok("GET", "/v2/%s/manifests/%s" % (repo, ref),
                       headers={"Accept": TYPES}, scope=self.scope(repo))

    def digest(self, repo, ref):
        """The digest that ref has, or None when it does not exist."""
        reply = self.call("GET", "/v2/%s/manifests/%s" % (repo, ref),
                          headers={"Accept": TYPES}, scope=self.scope(repo))
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise AssertionError("GET %s:%s: %d" % (repo, ref, reply.status))
        return digest(reply.body)

    def tags(self, repo):
        """The tags of a repository that lead somewhere, sorted; the
        registry may go on listing a tag whose manifest was deleted."""
        reply = self.call("GET", "/v2/%s/tags/list" % repo,
                          scope=self.scope(repo))
        if reply.status == 404:
            return []
        if reply.status != 200:
            raise AssertionError("tags of %s: %d" % (repo, reply.status))
        return sorted(reply.json()["tags"] or [])

    def state(self, repo):
        """tag -> digest, for comparing before and after."""
        return {tag: self.digest(repo, tag) for tag in self.tags(repo)}
