"""Directives that write a reference from the tables that the code reads, so that the pages cannot fall behind.

`{catalogue} activations` lists every entry of that kind, `{settings}` every setting of a study file, `{parameters}` the
options that all data sets share, and `{claims}` the lectures' claims with their tests.
"""

import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from measured import claim_lines
from settings import rows
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from reportgen.catalogue import KINDS, summary
from reportgen.table import Parameter, Row


class _Markdown(SphinxDirective):
    """A directive whose content is Markdown that `lines` makes."""

    required_arguments = 0
    optional_arguments = 1

    def lines(self) -> Iterable[str]:
        """Return the Markdown, line by line."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Return the nodes that the Markdown stands for."""
        holder = nodes.Element()
        self.state.nested_parse(StringList(list(self.lines()), source=self.get_source_info()[0]), 0, holder)
        return holder.children


class Catalogue(_Markdown):
    """All entries of one kind, as a definition list."""

    def lines(self) -> Iterator[str]:
        """Return a term and its definition for each entry."""
        for name, entry in KINDS[self.arguments[0]]().items():
            body = list(_row(entry) if isinstance(entry, Row) else _other(entry))
            yield from (f"`{name}`", f": {body[0]}", *(f"  {line}".rstrip() for line in body[1:]), "")


class Parameters(_Markdown):
    """The options that all data sets share."""

    def lines(self) -> Iterable[str]:
        """Return a table."""
        from reportgen.data.datasets import OPTIONS

        return _parameters(OPTIONS)


class Settings(_Markdown):
    """All settings of a study file, or with the argument `claims` those of a claim."""

    def lines(self) -> Iterator[str]:
        """Return a table with one row a setting."""
        yield from ("| setting | takes | default | what it is |", "|---|---|---|---|")
        for path, takes, default, what in rows(self.arguments[0] if self.arguments else ""):
            yield f"| `{path}` | {takes} | {default} | {what} |"


class Claims(_Markdown):
    """The claims of the lectures with every test of them."""

    def lines(self) -> Iterable[str]:
        """Return a table with one row a test."""
        return claim_lines()


def _row(row: Row) -> Iterator[str]:
    yield row.summary
    if row.formula:
        yield from ("", f"$${row.formula}$$")
    also = f" Also written {', '.join(f'`{alias}`' for alias in row.aliases)}." if row.aliases else ""
    yield from ("", f"Source: {row.source}.{also}", "")
    if row.parameters:
        yield from _parameters(row.parameters)


def _parameters(parameters: Iterable[Parameter]) -> Iterator[str]:
    yield from ("| parameter | takes | default | what it is |", "|---|---|---|---|")
    for parameter in parameters:
        default = "required" if parameter.required else "" if parameter.default is None else f"`{parameter.default}`"
        yield f"| `{parameter.name}` | {_kind(parameter)} | {default} | {_cell(parameter.description)} |"


def _kind(parameter: Parameter) -> str:
    if parameter.choices:
        return " or ".join(f"`{choice}`" for choice in parameter.choices)
    low, high = parameter.minimum, parameter.maximum
    least = "" if low is None else f" {'above' if 'minimum' in parameter.exclusive else 'from'} {low:g}"
    most = "" if high is None else f" {'below' if 'maximum' in parameter.exclusive else 'to'} {high:g}"
    return parameter.kind + least + most


def _other(entry: Any) -> Iterator[str]:
    """Return the title of a rule or a figure and its file's docstring; anything else is one sentence."""
    yield _capital(summary(entry))
    if not isinstance(entry, str):
        function = getattr(entry, "check", None) or entry.draw
        yield from ("", *(inspect.getdoc(sys.modules[function.__module__]) or "").splitlines())
        sources = getattr(entry, "sources", ())
        yield from ("", f"Sources: {'; '.join(sources)}.") if sources else ()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("catalogue", Catalogue)
    app.add_directive("parameters", Parameters)
    app.add_directive("settings", Settings)
    app.add_directive("claims", Claims)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
