# SPDX-License-Identifier: Apache-2.0
"""Certificates for servers of tests, made by the openssl command, and the TLS
contexts that such servers use."""
import os
import shutil
import ssl
import subprocess
import tempfile


class Authority:
    """A certificate authority that nobody trusts unless told."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="regbot-ca-")
        self.count = 0
        self.key, self.cert = self.make("/CN=test authority",
                                        ["basicConstraints=critical,CA:TRUE"],
                                        [])
        self.pem = self.read(self.cert)

    @staticmethod
    def read(path):
        with open(path) as file:
            return file.read()

    def make(self, subject, extensions, signer):
        base = os.path.join(self.dir, str(self.count))
        self.count += 1
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             subject, "-keyout", base + ".key", "-out", base + ".crt"] +
            signer + [a for e in extensions for a in ("-addext", e)],
            check=True, capture_output=True)
        return base + ".key", base + ".crt"

    def sign(self, subject, *extensions):
        """Paths of a new key and its certificate, signed by this one."""
        return self.make(subject, list(extensions) + [
            "basicConstraints=CA:FALSE"],
            ["-CA", self.cert, "-CAkey", self.key])

    def server(self, name="IP:127.0.0.1", signed=True, clients=None):
        """A context for a server with that subjectAltName. clients: whether
        clients must (ssl.CERT_REQUIRED) or may (ssl.CERT_OPTIONAL) have a
        certificate of this authority."""
        key, cert = self.sign("/CN=server", "subjectAltName=" + name) \
            if signed else self.make("/CN=server", ["subjectAltName=" + name],
                                     [])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        if clients is not None:
            context.verify_mode = clients
            context.load_verify_locations(self.cert)
        context.certificate = self.read(cert)
        return context

    def client(self):
        """Texts of a client's certificate and key, as creds wants them."""
        key, cert = self.sign("/CN=client")
        return {"clientCert": self.read(cert), "clientKey": self.read(key)}

    def stop(self):
        shutil.rmtree(self.dir, ignore_errors=True)
