# SPDX-License-Identifier: Apache-2.0
"""Makes small images in memory: bytes that are the same on every run."""
import base64
import gzip
import hashlib
import io
import json
import tarfile

from .client import digest

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def noise(size, seed):
    """size bytes that do not compress and depend on seed alone."""
    return hashlib.shake_128(str(seed).encode()).digest(size)


def layer(size, seed):
    """A gzipped tar archive with one file of size bytes: (bytes, diff id)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("file-%s" % seed)
        entry.size = size
        tar.addfile(entry, io.BytesIO(noise(size, seed)))
    plain = out.getvalue()
    return gzip.compress(plain, 1, mtime=0), digest(plain)


def signed_payload(manifest):
    """What the signatures of a signed schema 1 manifest cover."""
    def decoded(text):
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    first = json.loads(manifest)["signatures"][0]
    protected = json.loads(decoded(first["protected"]))
    return manifest[:protected["formatLength"]] + decoded(
        protected["formatTail"])


def manifest_digest(media_type, manifest):
    return digest(signed_payload(manifest) if media_type == DOCKER_SIGNED
                  else manifest)


def descriptor(media_type, data, **more):
    return dict(mediaType=media_type, size=len(data), digest=digest(data),
                **more)


class Image:
    """A manifest with what hangs on it: blobs, or children of an index."""

    def __init__(self, media_type, manifest, blobs=(), children=()):
        self.media_type, self.manifest = media_type, manifest
        self.blobs, self.children = list(blobs), list(children)

    @property
    def digest(self):
        return manifest_digest(self.media_type, self.manifest)

    def push(self, client, repo, *refs):
        """Pushes to repo under each of refs (tags), or by digest."""
        for child in self.children:
            child.push(client, repo)
        for data in self.blobs:
            client.push_blob(repo, data)
        for ref in refs or (self.digest,):
            client.push_manifest(repo, ref, self.manifest, self.media_type)
        return self.digest

    def all_blobs(self):
        """digest -> bytes of everything below, children included."""
        found = {digest(data): data for data in self.blobs}
        for child in self.children:
            found.update(child.all_blobs())
        return found


def image(seed="x", labels=None, created="2024-01-02T03:04:05Z", layers=None,
          os="linux", architecture="amd64", variant=None, docker=False,
          raw_layers=None, spaced=False, annotations=None):
    """A single image. layers is a list of sizes; raw_layers gives the bytes
    of layers themselves. spaced writes the manifest with unusual white
    space, so that a copy that re-encodes it is caught."""
    made = [layer(size, "%s/%d" % (seed, i))
            for i, size in enumerate([100] if layers is None else layers)]
    blobs = [data for data, _ in made] if raw_layers is None else raw_layers
    config = {
        "created": created, "architecture": architecture, "os": os,
        "config": {"Env": ["SEED=%s" % seed], "Labels": labels or {}},
        "rootfs": {"type": "layers", "diff_ids": [d for _, d in made]},
        "history": [{"created": created, "created_by": "tests"}],
    }
    if variant:
        config["variant"] = variant
    config = json.dumps(config).encode()
    kinds = (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER) if docker else \
        (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER)
    manifest = {
        "schemaVersion": 2, "mediaType": kinds[0],
        "config": descriptor(kinds[1], config),
        "layers": [descriptor(kinds[2], data) for data in blobs],
    }
    if annotations:
        manifest["annotations"] = annotations
    text = json.dumps(manifest, indent=5) + "\n\n" if spaced else \
        json.dumps(manifest)
    return Image(kinds[0], text.encode(), [config] + blobs)


def index(children, docker=False, platforms=None):
    """An index (or docker's manifest list) of images."""
    platforms = platforms or [
        {"os": "linux", "architecture": a} for a in
        ("amd64", "arm64", "s390x", "ppc64le")[:len(children)]]
    entries = [descriptor(child.media_type, child.manifest, platform=p)
               for child, p in zip(children, platforms)]
    kind = DOCKER_LIST if docker else OCI_INDEX
    text = json.dumps({"schemaVersion": 2, "mediaType": kind,
                       "manifests": entries}, indent=3)
    return Image(kind, text.encode(), children=children)


def multi(seed, docker=False, layers=None):
    """An index of two platforms, for when only that matters."""
    return index([
        image("%s/%s" % (seed, a), architecture=a, docker=docker,
              layers=layers) for a in ("amd64", "arm64")], docker=docker)


def signed(seed, layers=(100, 3000)):
    """A signed schema 1 manifest, as docker wrote them until 2016."""
    blobs = [layer(size, "%s/%d" % (seed, i))[0]
             for i, size in enumerate(layers)]
    payload = json.dumps({
        "schemaVersion": 1, "name": "x/" + seed, "tag": "v1",
        "architecture": "amd64",
        "fsLayers": [{"blobSum": digest(data)} for data in blobs],
        "history": [{"v1Compatibility": "{}"} for _ in blobs],
    }, indent=3).encode()

    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    protected = json.dumps({"formatLength": len(payload) - 2,
                            "formatTail": encoded(payload[-2:])})
    signatures = json.dumps([{
        "header": {"alg": "ES256"}, "signature": encoded(b"never verified"),
        "protected": encoded(protected.encode())}], indent=3)
    return Image(DOCKER_SIGNED, payload[:-2] + b',\n   "signatures": ' +
                 signatures.encode() + payload[-2:], blobs)
