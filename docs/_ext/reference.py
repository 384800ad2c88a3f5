"""Markdown of the tables that the code reads, and the command that writes it into docs/study-file.md.

`python docs/_ext/reference.py` rewrites what stands between the comments `generated: NAME` and `end`; a test says when
that is due.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reportgen.analysis.diagnosis.rules import RULES
from reportgen.cli.reference.catalogue import KINDS
from reportgen.cli.reference.descriptions import documentation, summary
from reportgen.data.datasets import DataSet
from reportgen.registry import Parameter, Row
from reportgen.study.reference.explained import default_of, explained, kind_of, span_of

PAGE = Path(__file__).resolve().parents[1] / "study-file.md"
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def settings(part: str) -> Iterator[str]:
    """Return a table of the settings of claims, or of all others."""
    yield from ("| setting | takes | default | what it is |", "|---|---|---|---|")
    for one in explained():
        if one.path.startswith("claims.") == (part == "claims"):
            path = one.path.removeprefix("claims.")
            yield f"| `{path}` | {_cell(_ranged(one.takes, one.span))} | {one.default} | {_cell(one.what)} |"


def entries(kind: str) -> Iterator[str]:
    """Return all entries of a kind: a table where each is a sentence, else a list."""
    found = KINDS[kind]()
    if all(isinstance(entry, str) for entry in found.values()):
        yield from (f"| {kind.removesuffix('s')} | what it is |", "|---|---|")
        yield from (f"| `{name}` | {_cell(entry)} |" for name, entry in found.items())
        return
    for name, entry in found.items():
        first, *body = _row(entry) if isinstance(entry, Row) else _other(entry)
        yield from (f"- **`{name}`**: {first}", *(f"  {line}".rstrip() for line in body), "")


def rule_titles() -> Iterator[str]:
    """Return a table of the rules; what each measures and why stands in the built pages, and `describe` prints it."""
    yield from ("| rule | finds |", "|---|---|")
    yield from (f"| `{name}` | {_cell(rule.title)} |" for name, rule in RULES.items())


def metrics() -> Iterator[str]:
    """Return a table of the metrics."""
    yield from ("| metric | measured | what it is |", "|---|---|---|")
    for name, row in KINDS["metrics"]().items():
        yield f"| `{name}` | {_cell(row.place.words)} | {_cell(row.summary)} |"


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
    yield from ("| parameter | takes | default | what it is |", "|---|---|---|---|")
    for one in parameters:
        accepted = _ranged(kind_of(one), span_of(one))
        yield f"| `{one.name}` | {accepted} | {default_of(one)} | {_cell(one.description)} |"


def _ranged(takes: str, span: str) -> str:
    """Return what a setting takes, with the range of its number, which is named first."""
    kind, comma, others = takes.partition(",")
    numeric = kind in ("number", "integer", "numbers")
    return f"{kind} {span}".strip() + comma + others if numeric else f"{takes} {span}".strip()


def _other(entry: Any) -> Iterator[str]:
    """Return the title of a rule or a figure and its file's docstring."""
    yield summary(entry)
    yield from ("", *documentation(entry).splitlines())
    sources = getattr(entry, "sources", ())
    yield from ("", f"Sources: {'; '.join(sources)}.") if sources else ()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def part(name: str) -> list[str]:
    """Return a generated part of the page by its name."""
    if name in ("settings", "claims"):
        return list(settings(name))
    return list({"rules": rule_titles, "metrics": metrics}.get(name, lambda: entries(name))())


def page(text: str) -> str:
    """Return the page with its generated parts written anew."""

    def filled(found: re.Match[str]) -> str:
        body = "\n".join(part(found[2])).strip()
        return f"{found[1]}\n{body}\n\n{found[3]}"

    return PART.sub(filled, text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
