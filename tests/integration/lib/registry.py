# SPDX-License-Identifier: Apache-2.0
"""Runs Debian's docker-registry for a test: a free port, own storage."""
import os
import re
import shutil
import signal
import subprocess
import tempfile

from .client import Client
from .run import PASSWORD, USER
from .wait import until

# bcrypt of PASSWORD, for machines without htpasswd.
HTPASSWD = "robot:" \
    "$2y$05$/F5gYkxYuN.zRxN2JJPaAeefv0aoGIkeXvMIBXrszCl9TyI9rt6q.\n"


class Registry:
    """A docker-registry on a loopback port of the kernel's choice. auth is
    None, "basic" (USER, PASSWORD) or a TokenServer."""

    def __init__(self, delete=True, auth=None):
        self.dir = tempfile.mkdtemp(prefix="regbot-registry-")
        self.storage = os.path.join(self.dir, "data")
        self.log = os.path.join(self.dir, "log")
        with open(os.path.join(self.dir, "config.yml"), "w") as out:
            out.write(self.config(delete, auth))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["docker-registry", "serve", "config.yml"], cwd=self.dir,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": self.dir,
                     "OTEL_TRACES_EXPORTER": "none"})
        try:
            self.host = "127.0.0.1:%d" % until(
                "docker-registry listens", self.find_port, 30)
            client = Client(self.host)
            until("docker-registry answers",
                  lambda: client.call("GET", "/v2/").status in (200, 401), 30)
        except BaseException:
            self.stop()
            raise
        if auth == "basic":
            self.client = Client(self.host, USER, PASSWORD)
        elif auth:
            self.client = Client(self.host, token=auth.token)
        else:
            self.client = client

    def config(self, delete, auth):
        text = (
            "version: 0.1\n"
            "log: {level: info, accesslog: {disabled: true}}\n"
            "storage:\n"
            "  filesystem: {rootdirectory: %s}\n"
            "  delete: {enabled: %s}\n"
            "  maintenance: {uploadpurging: {enabled: false}}\n"
            "http: {addr: '127.0.0.1:0', secret: test, "
            "relativeurls: false}\n" % (
                self.storage, "true" if delete else "false"))
        if auth == "basic":
            path = os.path.join(self.dir, "htpasswd")
            with open(path, "w") as out:
                out.write(HTPASSWD)
            text += "auth: {htpasswd: {realm: test, path: %s}}\n" % path
        elif auth:
            text += ("auth: {token: {realm: '%s', service: '%s', "
                     "issuer: '%s', rootcertbundle: '%s'}}\n" % (
                         auth.realm, auth.service, auth.issuer,
                         auth.certificate))
        return text

    def find_port(self):
        """docker-registry logs the address that it listens on."""
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as log:
                raise AssertionError("docker-registry ended: " + log.read())
        with open(self.log, errors="replace") as log:
            found = re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read())
        return found and int(found.group(1))

    def open_uploads(self):
        """The uploads that were begun and neither finished nor deleted. Of
        one that was deleted the registry leaves an empty shell, without the
        file that says when it was started."""
        return [path for path, _, files in os.walk(self.storage)
                if "startedat" in files and "/_uploads/" in path]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
