"""The page of a preview, served to this machine alone: a frame that loads the report anew whenever it has changed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal

from reportgen.errors import UsageError
from reportgen.report.media.render import fill_page

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8000
NAMES = (LOOPBACK, "localhost")
"""Hosts that a request may ask for: a page elsewhere whose name is made to lead here is not answered."""


@dataclass(frozen=True)
class State:
    """How far a preview is; version: how often the page has changed, 0 before there is one; message: in a sentence."""

    version: int
    state: Literal["working", "ready", "broken"]
    message: str


class Shown:
    """What a preview shows now; threads that work write it, and those that answer the browser read it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = State(0, "working", "The report is being made.")
        self.page = ""

    def working(self, message: str) -> None:
        """Say what is being done; the page stays."""
        self.state = State(self.state.version, "working", message)

    def broken(self, message: str) -> None:
        """Say what is wrong; the page stays as it was before."""
        self.state = State(self.state.version, "broken", message)

    def ready(self, page: str, message: str) -> None:
        """Show a new page."""
        self.page = page
        self.state = State(self.state.version + 1, "ready", message)


@contextlib.contextmanager
def serving(shown: Shown, port: int | None) -> Iterator[str]:
    """Serve what is shown as long as the context lasts; yield the address.

    port: 0 for one that is free; where none is given, the usual one or another that is free. Raises UsageError where
    the port is taken.
    """
    server = _server(_handler(shown), port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # on Windows two programs would share the port

    def server_bind(self) -> None:
        """Take the port without asking a name server what this machine is called, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has gone away."""


def _server(handler: type[BaseHTTPRequestHandler], port: int | None) -> _Server:
    try:
        return _Server((LOOPBACK, USUAL_PORT if port is None else port), handler)
    except OSError as error:
        if port is None:
            return _server(handler, 0)
        taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
        reason = "already in use or not permitted" if taken else error.strerror or error
        hint = "choose another --port, or 0 for any free one"
        raise UsageError("port-unavailable", f"port {port} is unavailable: {reason}", hint=hint) from error


def _handler(shown: Shown) -> type[BaseHTTPRequestHandler]:
    shell = fill_page("preview.html.j2", name=shown.name, nonce=secrets.token_urlsafe(16))
    answers: dict[str, Callable[[], tuple[str, str]]] = {
        "/": lambda: ("text/html", shell),
        "/report": lambda: ("text/html", shown.page),
        "/state": lambda: ("application/json", json.dumps(asdict(shown.state))),
    }
    return type("Handler", (_Handler,), {"answers": answers})


class _Handler(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, Callable[[], tuple[str, str]]]]

    def do_GET(self) -> None:
        """Answer with the shell, the report or the state, and nothing else of this machine."""
        answer = self.answers.get(self.path.partition("?")[0])
        if self.headers.get("Host", "").partition(":")[0] not in NAMES:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif answer is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._send(*answer())

    def _send(self, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal for what matters."""
