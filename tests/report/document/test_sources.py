"""References are complete and unique."""

from __future__ import annotations

import importlib
from pkgutil import iter_modules

from reportgen.analysis.diagnosis import scores
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.report.document.sources import LECTURES, PAPERS, references


def test_every_source_of_a_rule_has_a_reference() -> None:
    keys = [key for rule in RULES.values() for key in rule.sources]
    assert [key for key, text in references(keys) if not text] == []


def test_every_source_of_a_form_on_scores_has_a_reference() -> None:
    modules = [importlib.import_module(f"{scores.__name__}.{found.name}") for found in iter_modules(scores.__path__)]
    keys = [key for module in modules for key in getattr(module, "SOURCES", ())]
    assert keys
    assert [key for key, text in references(keys) if not text] == []


def test_papers_are_sorted_and_have_different_references() -> None:
    assert sorted(PAPERS, key=str.lower) == list(PAPERS)
    texts = [*LECTURES.values(), *PAPERS.values()]
    assert len(set(texts)) == len(texts)


def test_two_keys_of_one_source_are_one_reference_and_an_unknown_key_has_none() -> None:
    found = references(["von Neumann et al. 1941", "He et al. 2015, eq. 10", "My notes", "He et al. 2015", "My notes"])
    assert [key for key, _ in found] == ["von Neumann et al. 1941", "He et al. 2015", "My notes"]
    assert found[2] == ("My notes", "")
