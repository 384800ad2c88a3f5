"""Directives that write a reference from the tables that the code reads, so that the pages cannot fall behind.

`{catalogue} rules` lists every entry of that kind, `{claims}` the lectures' claims with their tests, and
`{error-codes}` the codes of errors.
"""

from collections.abc import Iterable

from docutils import nodes
from docutils.statemachine import StringList
from error_codes import code_lines
from measured import claim_lines
from reference import entries
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


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
    """All entries of one kind, as a list."""

    def lines(self) -> Iterable[str]:
        """Return an item for each entry."""
        return entries(self.arguments[0])


class Claims(_Markdown):
    """The claims of the lectures with every test of them."""

    def lines(self) -> Iterable[str]:
        """Return a table with one row a test."""
        return claim_lines()


class ErrorCodes(_Markdown):
    """The codes of errors with meanings and exit codes."""

    def lines(self) -> Iterable[str]:
        """Return a table with one row a code."""
        return code_lines()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("catalogue", Catalogue)
    app.add_directive("claims", Claims)
    app.add_directive("error-codes", ErrorCodes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
