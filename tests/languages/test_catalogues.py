"""Every message has a complete translation in every catalogue."""

from __future__ import annotations

import ast
import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from reportgen.analysis.words.names import english_words
from reportgen.languages.translate import DOMAIN, ENGLISH, FOLDER, known_languages
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.sanity import SANITY_CHECKS
from tests.sources import nodes

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "NN_": (1, 2), "pgettext": ((1, "c"), 2)}
CALLED = re.compile(rf"\b({'|'.join(KEYWORDS)})\s*\(")
OPTIONS = {"python": {}, "jinja2": {"trimmed": "true", "silent": "false"}}
LANGUAGES = [code for code in known_languages() if code != ENGLISH]
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture(scope="module")
def messages() -> set[tuple[str | None, object]]:
    """The context and the id of every message in the code and the templates."""
    modules, templates = (ROOT / "reportgen").rglob("*.py"), (ROOT / "templates").rglob("*.j2")
    calling = (path for path in modules if CALLED.search(path.read_text(encoding="utf-8")))
    files = [*(("python", path) for path in calling), *(("jinja2", path) for path in templates)]
    found = (extract_from_file(method, path, KEYWORDS, options=OPTIONS[method]) for method, path in files)
    return {(context, message) for of_file in found for _, message, _, context in of_file}


@pytest.fixture(scope="module", params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    path = FOLDER / request.param / "LC_MESSAGES" / f"{DOMAIN}.po"
    return read_po(io.BytesIO(path.read_bytes()), locale=request.param)


def entries(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def test_a_catalogue_has_the_messages_of_the_code_and_no_others(
    catalogue: Catalog, messages: set[tuple[str | None, object]]
) -> None:
    listed = {(message.context, message.id) for message in entries(catalogue)}
    assert messages - listed == set()
    assert listed - messages == set()
    assert not catalogue.obsolete


def test_every_message_is_translated_and_none_is_fuzzy(catalogue: Catalog) -> None:
    assert [message.id for message in entries(catalogue) if message.fuzzy or not all(forms(message.string))] == []


def test_a_translation_has_the_placeholders_of_its_message(catalogue: Catalog) -> None:
    for message in entries(catalogue):
        one, *many = forms(message.id)
        expected = set(PLACES.findall(many[0] if many else one))
        for index, form in enumerate(forms(message.string)):
            allowed = [set(PLACES.findall(one)), expected] if many and index == 0 else [expected]
            assert set(PLACES.findall(form)) in allowed, message.id


def test_a_translation_formats_where_its_message_does(catalogue: Catalog) -> None:
    for message in entries(catalogue):
        if any(form for form in forms(message.id) if "%(" in form or "%%" in form):
            values = {name: "x" for name in re.findall(r"%\((\w+)\)s", " ".join(forms(message.id)))}
            assert all(form % values for form in forms(message.string))


def test_a_translation_begins_and_ends_with_the_spaces_of_its_message(catalogue: Catalog) -> None:
    for message in entries(catalogue):
        for form in forms(message.string):
            assert form.endswith(" ") == forms(message.id)[0].endswith(" "), message.id
            assert not forms(message.id)[0].startswith(" ") or form.startswith(" "), message.id


def test_a_compiled_catalogue_belongs_to_its_source(catalogue: Catalog) -> None:
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    compiled = FOLDER / str(catalogue.locale) / "LC_MESSAGES" / f"{DOMAIN}.mo"
    fresh, stored = (gettext.GNUTranslations(io.BytesIO(text)) for text in (buffer.getvalue(), compiled.read_bytes()))
    assert vars(fresh)["_catalog"] == vars(stored)["_catalog"]


def test_no_message_is_where_the_extraction_misses_it() -> None:
    """The extraction looks neither into f-strings nor into the arguments of another message."""
    calls = ("_", "N_", "NN_", "ngettext", "pgettext")
    paths = sorted((ROOT / "reportgen").rglob("*.py"))
    marked = [path for path in paths if re.search(rf"\b({'|'.join(calls)})\(", path.read_text(encoding="utf-8"))]
    for outer in (node for path in marked for node in nodes(path)):
        if isinstance(outer, ast.JoinedStr) or (isinstance(outer, ast.Call) and _name(outer) in calls):
            inner = [node for node in ast.walk(outer) if node is not outer and isinstance(node, ast.Call)]
            texts = [node for node in inner if _name(node) in calls and isinstance(node.args[0], ast.Constant)]
            assert not texts, ast.unparse(texts[0])


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def test_names_that_are_made_from_identifiers_are_messages(messages: set[tuple[str | None, object]]) -> None:
    names = {english_words(name) for name in (*METRICS, *SANITY_CHECKS)}
    assert names - {message for _, message in messages} == set()
