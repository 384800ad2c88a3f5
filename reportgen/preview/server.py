"""The local server of a preview: serves a page that reloads the report whenever it has changed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal

from reportgen.errors import UsageError
from reportgen.languages.translate import ENGLISH, _, in_language
from reportgen.report.media.render import fill_page

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8000
MOST_CONNECTIONS, IDLE_SECONDS = 32, 10.0
"""Largest number of connections at a time, each of which has a thread, and the time that one may be idle."""
NAMES = (LOOPBACK, "localhost")
"""Accepted host names; a request for another name may come from a foreign page (DNS rebinding)."""


@dataclass(frozen=True)
class State:
    """The state of a preview.

    Attributes
    ----------
    version : number of pages so far.
    state : whether a page is being made, is ready, or cannot be made.
    message : the state as a sentence.
    """

    version: int
    state: Literal["working", "ready", "broken"]
    message: str


class PreviewPage:
    """The page and the state of a preview; written by the working threads, read by the server's threads.

    language: of the study, in which the state is written; errors are English.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = State(0, "working", _("The report is being generated."))
        self.page = ""
        self.language = ENGLISH

    def use(self, language: str) -> None:
        """Use a language from now on, also in the state at the start."""
        self.language = language
        if not self.page and self.state.state == "working":
            with in_language(language):
                self.working(_("The report is being generated."))

    def working(self, message: str) -> None:
        """Show the current work; the page stays."""
        self.state = State(self.state.version, "working", message)

    def broken(self, message: str) -> None:
        """Show an error; the page stays."""
        self.state = State(self.state.version, "broken", message)

    def ready(self, page: str, message: str) -> None:
        """Show a new page."""
        self.page = page
        self.state = State(self.state.version + 1, "ready", message)


@contextlib.contextmanager
def serving(shown: PreviewPage, port: int | None) -> Iterator[str]:
    """Serve the preview until the end of the context; yield the address.

    Parameters
    ----------
    shown : the page and the state to serve.
    port : 0 for any free port; None for port 8000, or a free one if that is in use.

    Raises
    ------
    UsageError
        If the requested port is not available.
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
    request_queue_size = 128
    """Connections that wait for a thread; with the usual 5, a browser that opens more waits for a second."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: dict[socket.socket, None] = {}
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a request in a thread; close the oldest connection if there are too many, which is an idle one."""
        with self._lock:
            while len(self._open) >= MOST_CONNECTIONS:
                oldest = next(iter(self._open))
                del self._open[oldest]
                with contextlib.suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
            self._open[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection after its request."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    allow_reuse_address = os.name != "nt"  # on Windows two programs would share the port

    def server_bind(self) -> None:
        """Bind the port without looking up the name of this machine, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing if a browser has closed its connection."""


def _server(handler: type[BaseHTTPRequestHandler], port: int | None) -> _Server:
    try:
        return _Server((LOOPBACK, USUAL_PORT if port is None else port), handler)
    except OSError as error:
        if port is None:
            return _server(handler, 0)
        unavailable = error.errno in (errno.EADDRINUSE, errno.EACCES)
        reason = "already in use or not permitted" if unavailable else error.strerror or error
        hint = "choose another --port, or 0 for any free one"
        raise UsageError("port-unavailable", f"port {port} is unavailable: {reason}", hint=hint) from error


def _handler(shown: PreviewPage) -> type[BaseHTTPRequestHandler]:
    with in_language(shown.language):
        frame = fill_page("preview.html.j2", name=shown.name, nonce=secrets.token_urlsafe(16))
    answers: dict[str, Callable[[], tuple[str, str]]] = {
        "/": lambda: ("text/html", frame),
        "/report": lambda: ("text/html", shown.page),
        "/state": lambda: ("application/json", json.dumps(asdict(shown.state))),
    }
    return type("Handler", (_Handler,), {"answers": answers})


class _Handler(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, Callable[[], tuple[str, str]]]]
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer with the frame page, the report or the state; serve no files."""
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
        """Print no line for each request."""
