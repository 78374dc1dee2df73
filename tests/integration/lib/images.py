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


# What refers to an image: the shapes that the usual tools make.

EMPTY = b"{}"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
COSIGN = "application/vnd.dev.cosign.artifact.sig.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SPDX = "application/spdx+json"


def refers(media_type, data):
    """A manifest as the list of its subject has it."""
    m = json.loads(data)
    kind = m.get("artifactType") or m.get("config", {}).get("mediaType")
    found = descriptor(media_type, data)
    if m.get("annotations"):
        found["annotations"] = m["annotations"]
    if kind:
        found["artifactType"] = kind
    return found


def artifact(subject, kind, layer_type, data, config=None, **more):
    """A manifest with a subject and one layer. config (type, bytes) where
    there is no artifactType, as the first cosign had it."""
    config_type, config_data = config or (EMPTY_TYPE, EMPTY)
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST}
    if kind:
        manifest["artifactType"] = kind
    manifest.update(
        config=descriptor(config_type, config_data),
        layers=[descriptor(layer_type, data)],
        subject=descriptor(subject.media_type, subject.manifest), **more)
    return Image(OCI_MANIFEST, json.dumps(manifest).encode(),
                 [config_data, data])


def payload(subject):
    """What cosign signs."""
    return json.dumps({"critical": {
        "identity": {"docker-reference": ""},
        "image": {"docker-manifest-digest": subject.digest},
        "type": "cosign container image signature"},
        "optional": None}).encode()


def signature(subject, seed=""):
    """A signature as cosign pushes it with --registry-referrers-mode."""
    config = json.dumps({"architecture": "", "os": "", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [
                             digest(payload(subject))]}, "seed": seed})
    return artifact(
        subject, None, "application/vnd.dev.cosign.simplesigning.v1+json",
        payload(subject), config=(COSIGN, config.encode()))


def cosign_tagged(subject, seed=""):
    """The same for the tag sha256-HEX.sig: an image without a subject."""
    made = json.loads(signature(subject, seed).manifest)
    del made["subject"]
    made["config"]["mediaType"] = OCI_CONFIG
    made["layers"][0]["annotations"] = {
        "dev.cosignproject.cosign/signature": "MEUCIQ" + digest(
            seed.encode())[7:39]}
    return Image(OCI_MANIFEST, json.dumps(made).encode(),
                 signature(subject, seed).blobs)


def sbom(subject, seed=""):
    """An SBOM as oras attach pushes it."""
    return artifact(
        subject, SPDX, SPDX, json.dumps({
            "spdxVersion": "SPDX-2.3", "name": seed}).encode(),
        annotations={"org.opencontainers.image.created":
                     "2024-05-01T10:00:00Z"})


def attested(seed):
    """An index as buildkit makes it: platforms, and for each a manifest of
    attestations that an annotation ties to it."""
    children = [image("%s/%s" % (seed, a), architecture=a)
                for a in ("amd64", "arm64")]
    entries = [descriptor(c.media_type, c.manifest, platform={
        "os": "linux", "architecture": a}) for c, a in
        zip(children, ("amd64", "arm64"))]
    for child in list(children):
        text = json.dumps({"_type": "https://in-toto.io/Statement/v0.1",
                           "subject": child.digest}).encode()
        config = json.dumps({"architecture": "unknown", "os": "unknown",
                             "config": {}, "rootfs": {
                                 "type": "layers",
                                 "diff_ids": [digest(text)]}}).encode()
        one = Image(OCI_MANIFEST, json.dumps({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, config),
            "layers": [descriptor("application/vnd.in-toto+json", text,
                                  annotations={
                                      "in-toto.io/predicate-type":
                                      "https://slsa.dev/provenance/v0.2"})],
        }).encode(), [config, text])
        children.append(one)
        entries.append(descriptor(
            one.media_type, one.manifest,
            annotations={"vnd.docker.reference.digest": child.digest,
                         "vnd.docker.reference.type":
                         "attestation-manifest"},
            platform={"architecture": "unknown", "os": "unknown"}))
    return Image(OCI_INDEX, json.dumps({
        "schemaVersion": 2, "mediaType": OCI_INDEX,
        "manifests": entries}).encode(), children=children)


def fallback(subject):
    """The tag that lists what refers to it, where the registry does not."""
    return subject.digest.replace(":", "-")


def listing(*referrers, **more):
    """The index under that tag."""
    return Image(OCI_INDEX, json.dumps({
        "schemaVersion": 2, "mediaType": OCI_INDEX,
        "manifests": [refers(r.media_type, r.manifest) for r in referrers],
        **more}).encode(), children=referrers)
