"""Numbers of things in words, such as "3 seeds", and verdicts in sentences."""

from __future__ import annotations

from reportgen.analysis.words.formatting import whole
from reportgen.languages.translate import N_, NN_, _, ngettext

NOUNS = {
    "claim": NN_("{count} claim", "{count} claims"),
    "more claim": NN_("{count} more claim", "{count} more claims"),
    "seed": NN_("{count} seed", "{count} seeds"),
    "run": NN_("{count} run", "{count} runs"),
    "variant": NN_("{count} variant", "{count} variants"),
    "more variant": NN_("{count} more variant", "{count} more variants"),
    "other variant": NN_("{count} other variant", "{count} other variants"),
    "trial": NN_("{count} trial", "{count} trials"),
    "search": NN_("{count} search", "{count} searches"),
    "stage": NN_("{count} stage", "{count} stages"),
    "step": NN_("{count} step", "{count} steps"),
    "training step": NN_("{count} training step", "{count} training steps"),
    "layer": NN_("{count} layer", "{count} layers"),
    "more layer": NN_("{count} more layer", "{count} more layers"),
    "channel": NN_("{count} channel", "{count} channels"),
    "filter": NN_("{count} filter", "{count} filters"),
    "example": NN_("{count} example", "{count} examples"),
    "training example": NN_("{count} training example", "{count} training examples"),
    "image": NN_("{count} image", "{count} images"),
    "component": NN_("{count} component", "{count} components"),
    "network": NN_("{count} network", "{count} networks"),
    "epoch": NN_("{count} epoch", "{count} epochs"),
    "value": NN_("{count} value", "{count} values"),
    "number": NN_("{count} number", "{count} numbers"),
    "activation": NN_("{count} activation", "{count} activations"),
    "schedule": NN_("{count} schedule", "{count} schedules"),
    "setting": NN_("{count} setting", "{count} settings"),
    "unit": NN_("{count} unit", "{count} units"),
    "line": NN_("{count} line", "{count} lines"),
    "more line": NN_("{count} more line", "{count} more lines"),
    "more row": NN_("{count} more row", "{count} more rows"),
    "more run": NN_("{count} more run", "{count} more runs"),
    "problem": NN_("{count} problem", "{count} problems"),
    "student": NN_("{count} student", "{count} students"),
    "report": NN_("{count} report", "{count} reports"),
    "study": NN_("{count} study", "{count} studies"),
    "more setting": NN_("{count} more setting", "{count} more settings"),
    "more layout": NN_("{count} more layout", "{count} more layouts"),
}
"""Nouns that a report counts; other nouns are English."""

VERDICTS = (
    N_("supported"),
    N_("contradicted"),
    N_("inconclusive"),
    N_("no verdict"),
    N_("mixed"),
    N_("not tested"),
    N_("helped"),
    N_("hurt"),
    N_("no difference"),
    N_("too few seeds"),
    N_("error"),
    N_("warning"),
    N_("note"),
    N_("no finding"),
    N_("not judged"),
    N_("too little logged"),
    N_("trials"),
    N_("variants"),
)
"""The words of badges, and other words that a report takes from codes."""

STATUSES = {
    "ok": N_("completed"),
    "diverged": N_("diverged"),
    "stopped": N_("stopped"),
    "failed": N_("failed"),
}
"""The outcomes of runs in words."""

_ARE = {
    "supported": NN_("is supported", "are supported"),
    "contradicted": NN_("is contradicted", "are contradicted"),
    "inconclusive": NN_("is inconclusive", "are inconclusive"),
    "mixed": NN_("is mixed", "are mixed"),
}


def counted_noun(count: int, noun: str) -> str:
    """Return a number with its noun, which is a key of `NOUNS`, or an English noun whose plural ends in "s"."""
    one, many = NOUNS.get(noun, (f"{{count}} {noun}", f"{{count}} {noun}s"))
    return ngettext(one, many, count).format(count=whole(count))


def are(verdict: str, count: int) -> str:
    """Return the verdict of one or several claims as the end of a sentence, such as "are supported"."""
    one, many = _ARE.get(verdict, (f"is {verdict}", f"are {verdict}"))
    return ngettext(one, many, count)


def status_word(status: str) -> str:
    """Return the outcome of a run in words."""
    return _(STATUSES.get(status, status))


def term(code: str) -> str:
    """Return a verdict or another code in the words of the language."""
    return _(code)
