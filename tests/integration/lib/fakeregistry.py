# SPDX-License-Identifier: Apache-2.0
"""An in-memory registry that can misbehave. Well-behaved by itself; a test
adds rules, each of which takes requests over before the registry sees them."""
import json
import re
import threading
import urllib.parse

from .client import digest
from .images import OCI_INDEX, manifest_digest, refers
from .server import Handler, Server


class Request:
    def __init__(self, handler):
        self.method, self.path = handler.command, handler.path
        self.headers, self.status, self.body = handler.headers, None, 0

    def __repr__(self):
        return "%s %s -> %s" % (self.method, self.path, self.status)


class Rule:
    def __init__(self, method, path, action, times, skip):
        self.method, self.path = method, re.compile(path)
        self.action, self.left, self.skip = action, times, skip

    def takes(self, request):
        if self.method not in (request.method, "*"):
            return False
        if not self.path.search(request.path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left == 0:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class FakeHandler(Handler):
    def read_body(self, most=None):
        """Empty when it was read before."""
        if self.body_read:
            return b""
        self.body_read = True
        return super().read_body(most)

    def answer(self):
        self.body_read = False
        request = self.request_seen = Request(self)
        fake = self.server
        with fake.lock:
            fake.requests.append(request)
            rule = next((r for r in fake.rules if r.takes(request)), None)
        if rule:
            if rule.action(self) is not False:
                return
        fake.serve(self)

    def send_response(self, code, message=None):
        self.request_seen.status = code
        super().send_response(code, message)


class FakeRegistry(Server):
    """repos[name] has tags {tag: digest}, manifests {digest: (type, bytes)}
    and blobs {digest: bytes}. uploads are those that are open now. Options:
    delete_tags (DELETE of a tag works), deletes (any does), mounts,
    referrers (None: no such API; {digest: index}; or True: what the manifests
    say), subjects (PUT answers OCI-Subject), filters (by artifactType),
    auth (a TokenServer)."""

    handler = FakeHandler

    def __init__(self, delete_tags=True, deletes=True, mounts=True,
                 referrers=None, auth=None, page=None, rate=None,
                 head_digest=True, address="127.0.0.1", tls=None,
                 subjects=True, filters=True, referrers_page=None):
        self.subjects, self.filters = subjects, filters
        self.referrers_page = referrers_page
        self.delete_tags, self.deletes = delete_tags, deletes
        self.mounts, self.referrers, self.auth = mounts, referrers, auth
        self.page, self.rate, self.head_digest = page, rate, head_digest
        self.repos, self.uploads, self.requests = {}, {}, []
        self.rules, self.counter = [], 0
        self.released = threading.Event()
        super().__init__(address, tls)

    # For tests.

    def on(self, method, path, action, times=None, skip=0):
        """Gives requests with that method ("*": any) whose path matches to
        action, `times` times, after letting `skip` of them through."""
        self.rules.append(Rule(method, path, action, times, skip))

    def add(self, repo, tag, image):
        """Puts an image in without a request."""
        place = self.repo(repo)
        for child in image.children:
            self.add(repo, None, child)
        for data in image.blobs:
            place["blobs"][digest(data)] = data
        place["made"] = True
        place["manifests"][image.digest] = (image.media_type, image.manifest)
        if tag:
            place["tags"][tag] = image.digest
        return image.digest

    def repo(self, name):
        return self.repos.setdefault(
            name, {"tags": {}, "manifests": {}, "blobs": {}})

    def find(self, method, path):
        pattern = re.compile(path)
        with self.lock:
            return [r for r in self.requests
                    if method in ("*", r.method) and
                    pattern.search(r.path)]

    def writes(self):
        with self.lock:
            return [r for r in self.requests
                    if r.method not in ("GET", "HEAD")]

    def stop(self):
        self.released.set()
        super().stop()

    # The registry itself.

    def serve(self, handler):
        at = urllib.parse.urlsplit(handler.path)
        query = urllib.parse.parse_qs(at.query)
        if self.auth and not self.authorized(handler, at.path):
            return
        for pattern, serve in (
                (r"^/v2/$", self.serve_ping),
                (r"^/v2/_catalog$", self.serve_catalog),
                (r"^/v2/(.+)/tags/list$", self.serve_tags),
                (r"^/v2/(.+)/manifests/([^/]+)$", self.serve_manifest),
                (r"^/v2/(.+)/referrers/([^/]+)$", self.serve_referrers),
                (r"^/v2/(.+)/blobs/uploads/$", self.serve_new_upload),
                (r"^/v2/(.+)/blobs/uploads/([^/]+)$", self.serve_upload),
                (r"^/v2/(.+)/blobs/([^/]+)$", self.serve_blob)):
            found = re.match(pattern, at.path)
            if found:
                serve(handler, query, *found.groups())
                return
        self.fail(handler, 404, "NOT_FOUND")

    def fail(self, handler, status, code, headers=None):
        body = json.dumps({"errors": [{"code": code,
                                       "message": code.lower()}]})
        handler.read_body()
        handler.reply(status, {"Content-Type": "application/json",
                               **(headers or {})}, body.encode())

    def authorized(self, handler, path):
        found = re.match(r"^/v2/(.+)/(?:tags|manifests|blobs|referrers)/",
                         path)
        if not found:
            return True
        action = "pull" if handler.command in ("GET", "HEAD") else \
            "pull,push"
        scope = "repository:%s:%s" % (found.group(1), action)
        token = handler.headers.get("Authorization", "")
        if token.startswith("Bearer ") and \
                self.auth.allows(token[len("Bearer "):], scope):
            return True
        self.fail(handler, 401, "UNAUTHORIZED", {
            "WWW-Authenticate": 'Bearer realm="%s",service="%s",scope="%s"' %
            (self.auth.realm, self.auth.service, scope)})
        return False

    def serve_ping(self, handler, _query):
        handler.reply(200, {"Docker-Distribution-Api-Version":
                            "registry/2.0"}, b"{}")

    def listed(self, handler, query, items, path, body):
        """Sends items, in pages with a Link where there is a page size."""
        last = query.get("last", [None])[0]
        size = int(query.get("n", [0])[0]) or self.page
        if last is not None:
            items = [i for i in items if i > last]
        headers = {"Content-Type": "application/json"}
        if size and len(items) > size:
            items = items[:size]
            headers["Link"] = '<%s?last=%s&n=%d>; rel="next"' % (
                path, items[-1], size)
        handler.reply(200, headers, json.dumps(body(items)).encode())

    def serve_catalog(self, handler, query):
        self.listed(handler, query, sorted(self.repos), "/v2/_catalog",
                    lambda items: {"repositories": items})

    def serve_tags(self, handler, query, name):
        place = self.repos.get(name)
        # Blobs alone make no repository.
        if place is None or (place["blobs"] and not place["manifests"] and
                             not place.get("made")):
            self.fail(handler, 404, "NAME_UNKNOWN")
            return
        self.listed(handler, query, sorted(self.repos[name]["tags"]),
                    "/v2/%s/tags/list" % name,
                    lambda items: {"name": name, "tags": items})

    def referring(self, name, subject):
        """Descriptors of what names subject, by the manifests themselves."""
        found = []
        for media_type, data in list(
                self.repos.get(name, {"manifests": {}})["manifests"].values()):
            if json.loads(data).get("subject", {}).get("digest") == subject:
                found.append(refers(media_type, data))
        return sorted(found, key=lambda d: d["digest"])

    def serve_referrers(self, handler, query, name, subject):
        if self.referrers is None:
            self.fail(handler, 404, "NOT_FOUND")
            return
        headers = {"Content-Type": OCI_INDEX}
        if self.referrers is not True:
            empty = {"schemaVersion": 2, "mediaType": OCI_INDEX,
                     "manifests": []}
            handler.reply(200, headers, json.dumps(
                self.referrers.get(subject, empty)).encode())
            return
        found = self.referring(name, subject)
        kind = query.get("artifactType", [None])[0]
        if kind and self.filters:
            found = [d for d in found if d.get("artifactType") == kind]
            headers["OCI-Filters-Applied"] = "artifactType"
        at, page = int(query.get("at", [0])[0]), self.referrers_page
        if page and len(found) > at + page:
            headers["Link"] = '</v2/%s/referrers/%s?at=%d%s>; rel="next"' % (
                name, subject, at + page,
                "&artifactType=" + urllib.parse.quote(kind) if kind else "")
        handler.reply(200, headers, json.dumps({
            "schemaVersion": 2, "mediaType": OCI_INDEX,
            "manifests": found[at:at + page if page else None]}).encode())

    def serve_manifest(self, handler, _query, name, ref):
        place = self.repos.get(name) if handler.command != "PUT" else \
            self.repo(name)
        if place is None:
            self.fail(handler, 404, "NAME_UNKNOWN")
        elif handler.command == "PUT":
            self.put_manifest(handler, place, name, ref)
        elif handler.command == "DELETE":
            self.delete_manifest(handler, place, ref)
        else:
            found = place["manifests"].get(place["tags"].get(ref, ref))
            if found is None:
                self.fail(handler, 404, "MANIFEST_UNKNOWN")
                return
            headers = {"Content-Type": found[0]}
            if self.head_digest or handler.command == "GET":
                headers["Docker-Content-Digest"] = manifest_digest(*found)
            headers.update(self.rate or {})
            handler.reply(200, headers, found[1])

    def put_manifest(self, handler, place, name, ref):
        data = handler.read_body()
        kind = handler.headers.get("Content-Type", "")
        missing = self.missing(place, data)
        if missing:
            self.fail(handler, 400, "MANIFEST_BLOB_UNKNOWN")
            return
        known_as = manifest_digest(kind, data)
        with self.lock:
            place["manifests"][known_as] = (kind, data)
            place["made"] = True
            if ":" not in ref:
                place["tags"][ref] = known_as
        headers = {"Location": "/v2/%s/manifests/%s" % (name, ref),
                   "Docker-Content-Digest": known_as}
        subject = json.loads(data).get("subject", {}).get("digest")
        if subject and self.referrers is True and self.subjects:
            headers["OCI-Subject"] = subject
        handler.reply(201, headers)

    @staticmethod
    def missing(place, data):
        """What a manifest names that is not there."""
        m = json.loads(data)
        blobs = m.get("layers", []) + ([m["config"]] if "config" in m else [])
        return [d["digest"] for d in blobs
                if d["digest"] not in place["blobs"] and "urls" not in d] + [
            d["digest"] for d in m.get("manifests", [])
            if d["digest"] not in place["manifests"]]

    def delete_manifest(self, handler, place, ref):
        if not self.deletes or (":" not in ref and not self.delete_tags):
            self.fail(handler, 405, "UNSUPPORTED")
            return
        with self.lock:
            if ":" not in ref:
                found = place["tags"].pop(ref, None)
            else:
                found = place["manifests"].pop(ref, None)
                place["tags"] = {t: d for t, d in place["tags"].items()
                                 if d != ref}
        if found is None:
            self.fail(handler, 404, "MANIFEST_UNKNOWN")
        else:
            handler.reply(202)

    def serve_blob(self, handler, _query, name, ref):
        data = self.repos.get(name, {"blobs": {}})["blobs"].get(ref)
        if data is None or handler.command not in ("GET", "HEAD"):
            self.fail(handler, 404, "BLOB_UNKNOWN")
            return
        headers = {"Content-Type": "application/octet-stream",
                   "Docker-Content-Digest": ref, "Accept-Ranges": "bytes"}
        found = re.match(r"bytes=(\d+)-(\d*)$",
                         handler.headers.get("Range", ""))
        if not found:
            handler.reply(200, headers, data)
            return
        first = int(found.group(1))
        last = min(int(found.group(2) or len(data) - 1), len(data) - 1)
        headers["Content-Range"] = "bytes %d-%d/%d" % (first, last, len(data))
        handler.reply(206, headers, data[first:last + 1])

    def serve_new_upload(self, handler, query, name):
        handler.read_body()
        place, wanted = self.repo(name), query.get("mount", [None])[0]
        source = query.get("from", [None])[0]
        if wanted and self.mounts:
            for other in [source] if source else list(self.repos):
                data = self.repos.get(other, {"blobs": {}})["blobs"].get(
                    wanted)
                if data is not None:
                    place["blobs"][wanted] = data
                    handler.reply(201, {"Location": "/v2/%s/blobs/%s" % (
                        name, wanted), "Docker-Content-Digest": wanted})
                    return
        with self.lock:
            self.counter += 1
            ident = "upload-%d" % self.counter
            self.uploads[ident] = b""
        handler.reply(202, {"Location": "/v2/%s/blobs/uploads/%s?state=s" % (
            name, ident), "Docker-Upload-UUID": ident, "Range": "0-0"})

    def serve_upload(self, handler, query, name, ident):
        if ident not in self.uploads:
            self.fail(handler, 404, "BLOB_UPLOAD_UNKNOWN")
            return
        if handler.command == "DELETE":
            with self.lock:
                self.uploads.pop(ident, None)
            handler.reply(204)
            return
        data = self.uploads[ident] + handler.read_body()
        here = "/v2/%s/blobs/uploads/%s?state=s" % (name, ident)
        if handler.command != "PUT":
            self.uploads[ident] = data
            handler.reply(202 if handler.command == "PATCH" else 204, {
                "Location": here, "Range": "0-%d" % max(len(data) - 1, 0)})
            return
        wanted = query.get("digest", [""])[0]
        if wanted != digest(data):
            self.fail(handler, 400, "DIGEST_INVALID")
            return
        with self.lock:
            self.uploads.pop(ident, None)
            self.repo(name)["blobs"][wanted] = data
        handler.reply(201, {"Location": "/v2/%s/blobs/%s" % (name, wanted),
                            "Docker-Content-Digest": wanted})
