# SPDX-License-Identifier: Apache-2.0
"""The HTTP/1.1 server under the token server, the proxy and the fake
registry: a thread a connection, keep-alive, on a loopback port."""
import http.server
import socket
import ssl
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log_message(self, *_):
        pass

    def answer(self):
        raise NotImplementedError

    def do_any(self):
        try:
            self.answer()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_any

    def read_body(self, most=None):
        """The request's body: all of it, or its first `most` bytes."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self.read_chunked()
        size = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(size if most is None else min(size, most))

    def read_chunked(self):
        body = b""
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            if size == 0:
                while self.rfile.readline().strip():
                    pass
                return body
            body += self.rfile.read(size)
            self.rfile.readline()

    def reply(self, status, headers=None, body=b""):
        self.send_response(status)
        for name, value in dict(headers or {}).items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self):
        """Ends the connection at once, in the middle of whatever it is."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    """Serves from construction until stop(), over TLS where tls is a context
    (certificates.py)."""

    daemon_threads = True
    request_queue_size = 128
    handler = Handler

    def __init__(self, address="127.0.0.1", tls=None):
        super().__init__((address, 0), self.handler)
        self.tls, self.connections = tls, 0
        self.lock = threading.Lock()
        self.open_sockets = set()
        self.host = "%s:%d" % (address, self.server_address[1])
        self.thread = threading.Thread(target=self.serve_forever,
                                       args=(0.05,), daemon=True)
        self.thread.start()

    def process_request(self, request, client_address):
        with self.lock:
            self.open_sockets.add(request)
            self.connections += 1
        super().process_request(request, client_address)

    def finish_request(self, request, client_address):
        """In the connection's own thread: a handshake takes its time."""
        if not self.tls:
            super().finish_request(request, client_address)
            return
        request.settimeout(Handler.timeout)
        with self.tls.wrap_socket(request, server_side=True,
                                  do_handshake_on_connect=False) as secure:
            with self.lock:
                self.open_sockets.add(secure)
            try:
                secure.do_handshake()
                super().finish_request(secure, client_address)
            except ssl.SSLError:
                self.refuse(secure)
            finally:
                with self.lock:
                    self.open_sockets.discard(secure)

    @staticmethod
    def refuse(secure):
        """Closes so that the client sees why: with its bytes unread it would
        get a reset, and OpenSSL's alert be lost."""
        with socket.socket(fileno=secure.detach()) as plain:
            plain.settimeout(5)
            plain.shutdown(socket.SHUT_WR)
            while plain.recv(65536):
                pass

    def shutdown_request(self, request):
        with self.lock:
            self.open_sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()
        with self.lock:
            left = list(self.open_sockets)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
