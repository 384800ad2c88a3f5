"""References are complete and unique."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from pkgutil import iter_modules

import pytest

from reportgen.analysis.analyse import analyse
from reportgen.analysis.diagnosis import scores
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.report.document.citations import cited
from reportgen.report.document.sources import LECTURES, SITES, mentioned, papers, references
from reportgen.shipped import shipped_studies
from tests.analysis.studies import plan_of


def test_every_source_of_a_rule_has_a_reference() -> None:
    keys = [key for rule in RULES.values() for key in rule.sources]
    assert [one.key for one in references(keys) if not one.text] == []


def test_every_source_of_a_form_on_scores_has_a_reference() -> None:
    modules = [importlib.import_module(f"{scores.__name__}.{found.name}") for found in iter_modules(scores.__path__)]
    keys = [key for module in modules for key in getattr(module, "SOURCES", ())]
    assert keys
    assert [one.key for one in references(keys) if not one.text] == []


def test_papers_are_sorted_and_have_different_references() -> None:
    assert sorted(papers(), key=str.lower) == list(papers())
    texts = [*LECTURES.values(), *(paper.text for paper in papers().values())]
    assert len(set(texts)) == len(texts)


def test_two_keys_of_one_source_are_one_reference_and_an_unknown_key_has_none() -> None:
    found = references(["von Neumann et al. 1941", "He et al. 2015, eq. 10", "My notes", "He et al. 2015", "My notes"])
    assert [one.key for one in found] == ["von Neumann et al. 1941", "He et al. 2015", "My notes"]
    assert (found[2].text, found[2].address) == ("", "")


@pytest.mark.parametrize("study", shipped_studies().values(), ids=lambda path: path.stem)
def test_every_paper_that_a_shipped_study_mentions_has_a_reference(study: Path) -> None:
    text = " ".join(study.read_text(encoding="utf-8").split())
    names = {" ".join(found) for found in re.findall(r"([A-Z]\w+ et al\.)(?:'s)?,? \(?(\d{4})", text)}
    assert [name for name in names if not mentioned(name)] == []


def test_a_report_cites_the_papers_that_its_texts_mention(tmp_path: Path) -> None:
    texts = "introduction: As Cohen et al. (2021) report.\nclosing: See Smith 2017, but not Polyak 19640."
    found = cited(analyse(plan_of(tmp_path, texts), {}))
    assert found[:2] == ["Cohen et al. 2021", "Smith 2017"]
    assert "Polyak 1964" not in found


def test_links_are_identifiers_or_addresses_each_of_one_paper() -> None:
    links = [paper.link for paper in papers().values() if paper.link]
    assert len(set(links)) == len(links)
    assert [link for link in links if not link.startswith((*SITES, "https://"))] == []
    forms = {"doi:": r"doi:10\.\d{4,}/\S+", "arXiv:": r"arXiv:\d{4}\.\d{4,5}"}
    for site, form in forms.items():
        assert [link for link in links if link.startswith(site) and not re.fullmatch(form, link)] == []


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("He et al. 2015", "https://doi.org/10.1109/ICCV.2015.123"),
        ("Kingma and Ba 2015", "https://arxiv.org/abs/1412.6980"),
        ("Glorot and Bengio 2010", "https://proceedings.mlr.press/v9/glorot10a.html"),
    ],
)
def test_a_link_leads_to_an_address(key: str, address: str) -> None:
    assert references([key])[0].address == address
