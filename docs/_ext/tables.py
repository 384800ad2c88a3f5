"""Sphinx directives for pages that are generated from the tables of the package.

`{catalogue} rules` lists every entry of a kind, `{claims}` the claims of the lectures with their tests, `{modern}` the
claims of papers with theirs, `{unsupported}` the latter without support, and `{error-codes}` the codes of errors.
"""

from collections.abc import Iterable

from docutils import nodes
from docutils.statemachine import StringList
from error_codes import code_lines
from measured import claim_lines, modern_lines, unsupported_lines
from reference import entries
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class _Markdown(SphinxDirective):
    """Base class of directives whose content is the Markdown of `lines`."""

    required_arguments = 0
    optional_arguments = 1

    def lines(self) -> Iterable[str]:
        """Return the Markdown, line by line."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the parsed Markdown."""
        holder = nodes.Element()
        self.state.nested_parse(StringList(list(self.lines()), source=self.get_source_info()[0]), 0, holder)
        return holder.children


class Catalogue(_Markdown):
    """List of all entries of a kind."""

    def lines(self) -> Iterable[str]:
        """Return the list."""
        return entries(self.arguments[0])


class Claims(_Markdown):
    """Table of the claims of the lectures with all of their tests."""

    def lines(self) -> Iterable[str]:
        """Return a table with one row per test."""
        return claim_lines()


class Modern(_Markdown):
    """Table of the claims of papers with all of their tests."""

    def lines(self) -> Iterable[str]:
        """Return a table with one row per test."""
        return modern_lines()


class Unsupported(_Markdown):
    """List of the tests of claims of papers that are contradicted or inconclusive."""

    def lines(self) -> Iterable[str]:
        """Return a list with the verdict and the note of each test."""
        return unsupported_lines()


class ErrorCodes(_Markdown):
    """Table of error codes with meanings and exit codes."""

    def lines(self) -> Iterable[str]:
        """Return a table with one row per code."""
        return code_lines()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("catalogue", Catalogue)
    app.add_directive("claims", Claims)
    app.add_directive("modern", Modern)
    app.add_directive("unsupported", Unsupported)
    app.add_directive("error-codes", ErrorCodes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
