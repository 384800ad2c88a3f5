"""`python -m reportgen`, before there is a command line."""

from __future__ import annotations

import sys

import pytest

from reportgen.cli.main import invoke


def test_an_interruption_while_the_program_loads_shows_no_traceback(monkeypatch, capsys):
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
def test_a_name_that_no_file_can_have_is_an_error_of_usage(verb, capsys):
    assert invoke([verb, "a" * 5000]) in (2, 3)  # 3 if the system takes it for the name of a missing study
    printed = capsys.readouterr().err
    assert printed.startswith("reportgen: ")
    assert printed.count("\n") == 1
