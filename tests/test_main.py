"""The entry point `python -m reportgen`."""

from __future__ import annotations

import sys

import pytest

from reportgen.cli.main import invoke


def test_an_interruption_during_the_imports_shows_no_traceback(monkeypatch, capsys):
    class Interrupted:
        def find_spec(self, name, path=None, target=None):
            if name == "reportgen.cli.main":
                raise KeyboardInterrupt

    from reportgen.__main__ import main

    monkeypatch.delitem(sys.modules, "reportgen.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().err) == (130, "Interrupted.\n")


@pytest.mark.parametrize("verb", ["run", "check", "index", "verify", "diagnose"])
def test_a_name_that_is_too_long_for_a_file_is_an_error_without_traceback(verb, capsys):
    assert invoke([verb, "a" * 5000]) in (2, 3)  # 3 if the system allows such names: a missing study
    printed = capsys.readouterr().err
    assert printed.startswith("reportgen: ")
    assert printed.count("\n") == 1
