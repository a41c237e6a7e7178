"""Serve the page: static files from inside the package, with the headers that browsers want."""

from __future__ import annotations

import errno
import hashlib
import ipaddress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pocketmatte.errors import PocketmatteError

PAGE = Path(__file__).parent / "page"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".tflite": "application/octet-stream",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
}

HEADERS = {
    # the browser gives threads only to pages that are isolated from others
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "worker-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageServer(ThreadingHTTPServer):
    """Serves one folder of files and nothing else.

    host: address to listen at; port: 0 takes any free one. folder: of the built page.
    Raises PocketmatteError when the port is taken, not allowed, or the page was not built.

    >>> with PageServer() as server:
    ...     server.serve_forever()
    """

    daemon_threads = True
    # on Windows the option would let two servers share a port
    allow_reuse_address = False

    def __init__(self, host: str = "127.0.0.1", port: int = 8000, folder: Path = PAGE):
        if not (folder / "index.html").is_file():
            raise PocketmatteError(
                f"{folder}: the page is not built; run `npm run build` in apps/web"
            )
        # the table is the whole of what can be asked for: no listing, no way out of the folder
        self.files = {
            "/" + path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file()
        }
        self.files["/"] = self.files["/index.html"]
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise PocketmatteError(_why(host, port, error)) from None

    @property
    def address(self) -> str:
        """What to type into the browser."""
        host, port = self.server_address[:2]
        return f"http://{host}:{port}/"

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.server_address[0]).is_loopback


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno in (errno.EADDRINUSE, 10048):
        return f"port {port} is taken; choose another with --port {port + 1}, or 0 for any free one"
    if error.errno in (errno.EACCES, 10013):
        return f"port {port} needs more rights; choose one above 1023 with --port"
    return f"cannot listen at {host}, port {port} ({error.strerror or error}); check --host"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "pocketmatte", ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args) -> None:
        """Nobody's visits are written down."""

    def _answer(self, with_body: bool) -> None:
        path = self.server.files.get(unquote(urlsplit(self.path).path))
        if path is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"not found\n", with_body)
            return
        body = path.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if self.headers.get("If-None-Match") == tag:
            self._send(HTTPStatus.NOT_MODIFIED, None, b"", False, tag)
            return
        kind = TYPES.get(path.suffix, "application/octet-stream")
        self._send(HTTPStatus.OK, kind, body, with_body, tag)

    def _send(
        self, status: HTTPStatus, kind: str | None, body: bytes, with_body: bool, tag: str = ""
    ) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if kind:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        if with_body:
            self.wfile.write(body)
