"""Markdown of the generated tables and lists in the pages of docs, such as those of settings, rules and error codes.

`python docs/_ext/reference.py` updates the text between the comments `generated: NAME` and `end`. A test fails if the
text is out of date.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from error_codes import code_lines
from measured import claim_lines, modern_lines, unsupported_lines

from reportgen.analysis.diagnosis.rules import RULES
from reportgen.cli.reference.catalogue import KINDS
from reportgen.cli.reference.descriptions import documentation, summary
from reportgen.data.datasets import DataSet
from reportgen.external.logs.formats import FORMATS
from reportgen.external.logs.patterns import PATTERNS
from reportgen.registry import Parameter, Row
from reportgen.study.reference.explained import default_of, explained, kind_of, span_of

NAMES = ("study-file.md", "logs.md", "errors.md", "claims.md", "rules.md", "modern.md")
PAGES = tuple(Path(__file__).resolve().parents[1] / name for name in NAMES)
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def settings(part: str) -> Iterator[str]:
    """Yield a table of the settings of claims, if `part` is "claims", or of all other settings."""
    yield from ("| setting | takes | default | description |", "|---|---|---|---|")
    for setting in explained():
        if setting.path.startswith("claims.") == (part == "claims"):
            path, accepted = setting.path.removeprefix("claims."), _ranged(setting.takes, setting.span)
            yield f"| `{path}` | {_cell(accepted)} | {setting.default} | {_cell(setting.what)} |"


def entries(kind: str) -> Iterator[str]:
    """Yield all entries of a kind: as a table if each entry is a sentence, otherwise as a list."""
    found = KINDS[kind]()
    if all(isinstance(entry, str) for entry in found.values()):
        yield from (f"| {kind.removesuffix('s')} | description |", "|---|---|")
        yield from (f"| `{name}` | {_cell(entry)} |" for name, entry in found.items())
        return
    for name, entry in found.items():
        first, *body = _row(entry) if isinstance(entry, Row) else _other(entry)
        yield from (f"- **`{name}`**: {first}", *(f"  {line}".rstrip() for line in body), "")


def rule_titles() -> Iterator[str]:
    """Yield a table with the titles of the rules; docs/rules.md has their documentation."""
    yield from ("| rule | finds |", "|---|---|")
    yield from (f"| `{name}` | {_cell(rule.title)} |" for name, rule in RULES.items())


def metrics() -> Iterator[str]:
    """Return a table of the metrics."""
    yield from ("| metric | measured | what it is |", "|---|---|---|")
    for name, row in KINDS["metrics"]().items():
        yield f"| `{name}` | {_cell(row.place.words)} | {_cell(row.summary)} |"


def expectations() -> Iterator[str]:
    """Return a table of the kinds of expectation."""
    yield from ("| expectation | meaning | keys that refine it |", "|---|---|---|")
    for name, row in KINDS["expectations"]().items():
        keys = ", ".join(f"`{key.name}`" for key in row.keys)
        yield f"| `{name}` | {_cell(row.summary)} | {keys or 'none'} |"


def log_formats() -> Iterator[str]:
    """Yield a table of the formats of logs, the most specific first."""
    yield from ("| `--as` | written by | files |", "|---|---|---|")
    for name, row in FORMATS.items():
        yield f"| `{name}` | {_cell(row.title)} | {_cell(row.files)} |"


def log_names() -> Iterator[str]:
    """Yield a table of the names of columns by what they mean."""
    yield from ("| meaning | names |", "|---|---|")
    names: dict[str, list[str]] = {}
    for pattern in PATTERNS:
        names.setdefault(pattern.title, []).extend(pattern.examples)
    for title, examples in names.items():
        yield f"| {_cell(title)} | {', '.join(f'`{example}`' for example in examples)} |"


def _row(row: Row) -> Iterator[str]:
    yield row.summary
    if row.formula:
        yield from ("", f"$${row.formula}$$")
    also = f" Also written {', '.join(f'`{alias}`' for alias in row.aliases)}." if row.aliases else ""
    yield from ("", f"Source: {row.source}.{also}")
    if isinstance(row, DataSet) and row.sizes:
        sizes = ", ".join(f"`{name}: {value}`" for name, value in row.sizes.items())
        yield from ("", f"By default {sizes}, `validation: {row.validation}`.")
    if row.parameters:
        yield from ("", *_parameters(row.parameters))


def _parameters(parameters: Iterable[Parameter]) -> Iterator[str]:
    yield from ("| parameter | takes | default | description |", "|---|---|---|---|")
    for parameter in parameters:
        accepted = _ranged(kind_of(parameter), span_of(parameter))
        yield f"| `{parameter.name}` | {accepted} | {default_of(parameter)} | {_cell(parameter.description)} |"


def _ranged(takes: str, span: str) -> str:
    """Return the accepted values of a setting, with the range after the kind of number."""
    kind, comma, others = takes.partition(",")
    numeric = kind in ("number", "integer", "numbers")
    return f"{kind} {span}".strip() + comma + others if numeric else f"{takes} {span}".strip()


def _other(entry: Any) -> Iterator[str]:
    """Yield the title of a rule or a figure, the docstring of its file, and its sources."""
    yield summary(entry)
    yield from ("", *documentation(entry).splitlines())
    sources = getattr(entry, "sources", ())
    yield from ("", f"Sources: {'; '.join(sources)}.") if sources else ()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def part(name: str) -> list[str]:
    """Return the lines of a generated part by its name."""
    if name in ("settings", "claims"):
        return list(settings(name))
    return list(
        {
            "rules": rule_titles,
            "metrics": metrics,
            "expectations": expectations,
            "log_formats": log_formats,
            "log_names": log_names,
            "rule_texts": lambda: entries("rules"),
            "lecture_tests": claim_lines,
            "modern_tests": modern_lines,
            "unsupported_tests": unsupported_lines,
            "error_codes": code_lines,
        }.get(name, lambda: entries(name))()
    )


def page(text: str) -> str:
    """Return the text of the page with updated generated parts."""

    def filled(found: re.Match[str]) -> str:
        body = "\n".join(part(found[2])).strip()
        return f"{found[1]}\n{body}\n\n{found[3]}"

    return PART.sub(filled, text)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
