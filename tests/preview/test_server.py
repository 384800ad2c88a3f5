"""The server of a preview."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading

import pytest

from reportgen.errors import UsageError
from reportgen.preview.server import MOST_CONNECTIONS, PreviewPage, serving

pytestmark = pytest.mark.slow


def get(address: str, path: str, host: str | None = None) -> tuple[int, str, http.client.HTTPMessage]:
    server = http.client.HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=10)
    server.request("GET", path, headers={"Host": host} if host else {})
    answer = server.getresponse()
    return answer.status, answer.read().decode(), answer.headers


def test_the_server_serves_only_the_page_and_only_to_this_machine() -> None:
    shown = PreviewPage("rates.yaml")
    with serving(shown, 0) as address:
        assert address.startswith("http://127.0.0.1:")
        status, shell, headers = get(address, "/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "rates.yaml: preview" in shell
        shown.working("Training: 1 of 2 runs are done.")
        shown.ready("<p>häh</p>", "The full report")
        assert json.loads(get(address, "/state")[1]) == {"version": 1, "state": "ready", "message": "The full report"}
        shown.broken("<b>bad</b>")
        assert json.loads(get(address, "/state")[1])["message"] == "<b>bad</b>"
        status, page, headers = get(address, "/report?1")
        assert (status, page, headers["Cache-Control"]) == (200, "<p>häh</p>", "no-store")
        for path in ("/etc/passwd", "/../rates.yaml", "/rates.yaml"):
            assert get(address, path)[0] == 404
        assert get(address, "/", host="elsewhere.example")[0] == 421
        assert get(address, "/", host="localhost:9000")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        get(address, "/")


def test_idle_connections_do_not_stop_the_server_and_are_bounded() -> None:
    before = threading.active_count()
    with serving(PreviewPage("a"), 0) as address, contextlib.ExitStack() as idle:
        port = int(address.rstrip("/").rpartition(":")[2])
        for _ in range(3 * MOST_CONNECTIONS):
            idle.enter_context(socket.create_connection(("127.0.0.1", port)))
            assert threading.active_count() <= before + 2 * MOST_CONNECTIONS
        assert get(address, "/state")[0] == 200


def test_a_port_in_use_is_an_error_but_the_default_port_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(UsageError) as caught, serving(PreviewPage("a"), taken):
            pass
        assert caught.value.code == "port-unavailable"
        assert str(taken) in caught.value.message
        monkeypatch.setattr("reportgen.preview.server.USUAL_PORT", taken)
        with serving(PreviewPage("a"), None) as address:
            assert str(taken) not in address
