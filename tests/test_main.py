"""`python -m reportgen`, before there is a command line."""

from __future__ import annotations

import sys

import pytest


def test_an_interruption_while_the_program_loads_shows_no_traceback(monkeypatch, capsys):
    class Interrupted:
        def find_spec(self, name, path=None, target=None):
            if name == "reportgen.cli":
                raise KeyboardInterrupt

    from reportgen.__main__ import main

    monkeypatch.delitem(sys.modules, "reportgen.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().err) == (130, "Interrupted.\n")
