#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server that answers with damaged HTTP: truncated, doubled, flipped and
random bytes, by a seed. Whatever comes, regbot ends in time with status 0 or
1, every child gone, and no process killed by a signal.

  garbage.py [SEEDS [FIRST]]      how many seeds (20), and which is the first"""
import os
import random
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "integration"))
from lib import images  # noqa: E402
from lib.client import digest  # noqa: E402
from lib.fakeregistry import FakeRegistry  # noqa: E402
from lib.run import Box, config, creds  # noqa: E402

SCRIPT = """
local calls = {
  function() return tag.ls("SRC/a/b") end,
  function() return repo.ls("SRC") end,
  function() return manifest.get("SRC/a/b:v1") end,
  function() return manifest.head("SRC/a/b:v1") end,
  function() return image.config("SRC/a/b:v1") end,
  function() return image.copy("SRC/a/b:v1", "DST/a/b:v1") end,
  function() return image.copy("DST/a/b:good", "SRC/a/b:v2") end,
  function() return tag.delete("SRC/a/b:v1") end,
}
for i, call in ipairs(calls) do
  local ok, err = pcall(call)
  log(i .. " " .. tostring(ok))
end
"""


def answers(made):
    """Good answers, to be damaged."""
    name = made.digest
    layer = made.blobs[1]

    def http(status, headers, body=b""):
        head = "HTTP/1.1 %s\r\n" % status
        for key, value in headers.items():
            head += "%s: %s\r\n" % (key, value)
        return (head + "Content-Length: %d\r\n\r\n" % len(body)).encode() + \
            body
    return [
        http("200 OK", {"Content-Type": "application/json", "Link":
                        '</v2/a/b/tags/list?last=x>; rel="next"'},
             b'{"name":"a/b","tags":["v1","v2"]}'),
        http("200 OK", {"Content-Type": made.media_type,
                        "Docker-Content-Digest": name,
                        "RateLimit-Limit": "100;w=21600",
                        "RateLimit-Remaining": "99;w=21600"},
             made.manifest),
        http("200 OK", {"Content-Type": "application/octet-stream"}, layer),
        http("200 OK", {"Content-Type": "application/octet-stream"},
             made.blobs[0]),
        http("401 Unauthorized", {"WWW-Authenticate":
                                  'Bearer realm="http://HOST/token",'
                                  'service="s",scope="repository:a/b:pull"'}),
        http("401 Unauthorized", {"WWW-Authenticate": 'Basic realm="x"'}),
        http("202 Accepted", {"Location": "/v2/a/b/blobs/uploads/1?s=1",
                              "Range": "0-0"}),
        http("201 Created", {"Location": "/v2/a/b/blobs/" + digest(layer),
                             "Docker-Content-Digest": name}),
        http("206 Partial Content", {"Content-Range": "bytes 10-20/30"},
             b"x" * 11),
        http("307 Temporary Redirect", {"Location": "http://HOST/v2/"}),
        http("429 Too Many Requests", {"Retry-After": "0"}),
        http("200 OK", {"Content-Type": "application/json"},
             b'{"token":"abc","expires_in":300}'),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5 +
        http("200 OK", {"Content-Type": "application/json"}, b"{}"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n",
    ]


def damage(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 5))):
        kind = rng.randrange(6)
        at = rng.randrange(len(data)) if data else 0
        if kind == 0:
            del data[at:]
        elif kind == 1 and data:
            data[at] = rng.randrange(256)
        elif kind == 2:
            data[at:at] = data[at:at + rng.randrange(1, 200)]
        elif kind == 3:
            data[at:at] = rng.randbytes(rng.randrange(1, 64))
        elif kind == 4:
            data[at:at + rng.randrange(1, 30)] = b""
        else:
            data[at:at] = rng.choice((
                b"\r\n", b"\0", b": ", b"-1", b"99999999999999999999",
                b"[" * 300, b'"', b"\xff\xfe", b"a" * 9000))
    return bytes(data)


class Garbage(threading.Thread):
    def __init__(self, seed, made):
        super().__init__(daemon=True)
        self.rng, self.lock = random.Random(seed), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.good = answers(made)
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def serve(self, connection):
        with connection:
            connection.settimeout(5)
            try:
                while connection.recv(1 << 16):
                    with self.lock:
                        reply = damage(self.rng, self.rng.choice(self.good))
                        last = self.rng.random() < 0.4
                    connection.sendall(
                        reply.replace(b"HOST", self.host.encode()))
                    if last:
                        return
            except OSError:
                return

    def stop(self):
        self.listener.close()


def one(seed):
    """A sentence when something is wrong."""
    made = images.image("g", layers=[500])
    box, garbage = Box(), Garbage(seed, made)
    try:
        with FakeRegistry() as good:
            good.add("a/b", "good", made)
            box.write("r.yml", config(
                [creds(garbage.host, user="u", password="secret-word"),
                 creds(good.host)],
                [{"name": "t", "timeout": "20s", "script":
                  SCRIPT.replace("SRC", garbage.host)
                  .replace("DST", good.host)}]))
            running = box.start("once", "-c", "r.yml")
            result = running.wait(40)
            if result.code not in (0, 1):
                return "seed %d: %s" % (seed, result)
            for word in ("signal", "killed", "Sanitizer", "runtime error",
                         "secret-word", "protocol"):
                if word in result.err:
                    return "seed %d: %r in %s" % (seed, word, result)
            kept = good.repo("a/b")["tags"].get("v1")
            if kept is not None and kept not in \
                    good.repo("a/b")["manifests"]:
                return "seed %d: v1 leads nowhere" % seed
            if good.uploads:
                return "seed %d: an upload is left: %s" % (seed, result)
    except AssertionError as late:
        return "seed %d: %s" % (seed, late)
    finally:
        garbage.stop()
        box.close()
    return None


def main(args):
    count = int(args[0]) if args else 20
    first = int(args[1]) if len(args) > 1 else 1
    failed = 0
    for seed in range(first, first + count):
        wrong = one(seed)
        if wrong:
            failed += 1
            print("FAIL " + wrong, flush=True)
    print("%d passed, %d failed" % (count - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
