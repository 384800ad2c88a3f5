"""Descriptions of names, line by line, for `reportgen describe`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from reportgen.figures.pictures.table import has_picture
from reportgen.registry import Parameter, Row

Describer = Callable[[str, str, Any], Iterator[str]]
"""Yields the description of an entry, from its kind, its name and the entry."""

PLACES = {
    "activations": "network: {{activation: {0}}}",
    "inits": "network: {{init: {0}}}",
    "normalizations": "network: {{norm: {0}}}",
    "optimizers": "training: {{optimizer: {0}}}",
    "schedules": "training: {{schedule: {0}}}",
    "losses": "training: {{loss: {0}}}",
    "preprocess": "preprocess: [{0}]",
}
"""Where a study uses a row of each kind."""

EXAMPLES = {
    "network.layers": "network: {layers: [{conv: {filters: 8, kernel: 3, padding: same}}, {pool: 2}, {dense: 64}]}",
    "vary": "vary: {training.lr: [0.01, 0.1], network.activation: [tanh, relu]}",
    "variants": "variants: {wide: {network.hidden: [500, 500]}, deep: {network.hidden: [50, 50, 50]}}",
    "search": "search: {training.lr: {log_uniform: [1e-5, 1]}, samples: 20}",
    "claims.where": "where: {network.activation: tanh}",
    "claims.tune.along": "tune: {along: training.lr}",
}
"""Examples of settings with structured values."""

READ = {"share": "shown in percent", "difference": "shown in percentage points", "loss": "none", "number": "none"}
"""How values of a metric without a unit are shown."""

SAMPLE = {"number": "0.1", "integer": "10", "numbers": "[0.5, 0.5]", "path": "FILE", "column": "label"}
"""Values of required parameters in examples."""


def describe(kind: str, name: str, entry: Any) -> list[str]:
    """Return the description of an entry of the catalogue."""
    more: Describer = _KINDS.get(kind) or (_row if isinstance(entry, Row) else _nothing)
    return [f"{name}  ({kind})", f"  {summary(entry)}", *(f"  {line}".rstrip() for line in more(kind, name, entry))]


def summary(entry: Any) -> str:
    """Return the one-line summary of an entry."""
    if isinstance(entry, str):
        return entry
    text: str = entry.summary if isinstance(entry, Row) else entry.title
    return text


def documentation(entry: Any) -> str:
    """Return the description of a rule or figure, by default the docstrings of the modules that define its forms."""
    on_scores = getattr(entry, "on_scores", None)
    functions = [getattr(entry, "check", None), on_scores and on_scores.check, getattr(entry, "draw", None)]
    modules = dict.fromkeys(function.__module__ for function in functions if function is not None)
    documented = "\n\n".join(inspect.getdoc(importlib.import_module(module)) or "" for module in modules)
    return getattr(entry, "description", "") or documented


def _nothing(kind: str, name: str, entry: Any) -> Iterator[str]:
    yield from ()


def _row(kind: str, name: str, row: Row) -> Iterator[str]:
    about = {"formula": row.formula, "source": row.source, "also": ", ".join(row.aliases)}
    yield from (f"{word + ':':<9}{text}" for word, text in about.items() if text)
    yield from map(_parameter, row.parameters)
    if kind in PLACES:
        yield f"example: {PLACES[kind].format(_example(row))}"
    if has_picture(kind, row):
        yield f"picture: reportgen describe {name} -o {name}.svg"


def _example(row: Row) -> str:
    """Return the row in the syntax of a study, with its parameters if it has any."""
    values = _values(row)
    return f"{{name: {row.name}, {values}}}" if values else row.name


def _values(row: Row) -> str:
    """Return the parameters of a row with their defaults, in the syntax of a study."""
    return ", ".join(
        f"{parameter.name}: {_value(parameter)}"
        for parameter in row.parameters
        if parameter.required or parameter.default is not None
    )


def _value(parameter: Parameter) -> str:
    from reportgen.study.reference.explained import default_of

    if parameter.default is None:
        return parameter.choices[0] if parameter.choices else SAMPLE.get(parameter.kind, "...")
    return default_of(parameter).replace("`", "")


def _parameter(parameter: Parameter) -> str:
    from reportgen.study.reference.explained import default_of, span_of

    default = default_of(parameter).replace("`", "") or "not set"
    default = default if parameter.required else f"default {default}"
    kind = f"one of {', '.join(parameter.choices)}" if parameter.choices else parameter.kind
    details = ", ".join(part for part in (f"{kind} {span_of(parameter)}".strip(), default) if part)
    return f"{parameter.name} ({details}): {parameter.description}"


def _dataset(kind: str, name: str, row: Any) -> Iterator[str]:
    """Describe a data set, including the common options that it supports."""
    from reportgen.data.spec import OPTIONS

    yield from _row(kind, name, row)
    yield from (f"{key.replace('_', ' ')}: {value}" for key, value in row.fixed.items())
    if row.own_splits:
        yield f"has its own splits: {', '.join(row.own_splits)}"
    yield "options of all data sets:"
    usual = {**row.sizes, "validation": row.validation}
    for option in OPTIONS:
        settable = option.name not in ("samples", "features", "classes") or option.name in row.sizes
        if settable and option.name not in row.own_splits:
            default = f" For this data set the default is {usual[option.name]}." if option.name in usual else ""
            yield f"  {_parameter(option)}.{default}"
    own = ", ".join(f"{parameter.name}: {_value(parameter)}" for parameter in row.parameters if parameter.required)
    sizes = ", ".join(f"{key}: {value}" for key, value in row.sizes.items())
    test = "" if "test" in row.own_splits else "test: 0.2"
    yield f"example: data: {{{', '.join(part for part in (f'name: {name}', own, sizes, test) if part)}}}"


def _layer(kind: str, name: str, row: Any) -> Iterator[str]:
    """Describe a kind of layer, and refer to the settings of its key in `network.layers`."""
    from reportgen.study.model.layers import FORMS, key_of

    key, form = key_of(row), FORMS.get(row.form)
    yield from _row(kind, name, row)
    if form:
        yield f"settings: reportgen describe network.layers.{key}"
    example = form.example.format(*row.aliases, row.name) if form else f"{{{_values(row)}}}"
    yield f"example: network: {{layers: [{key}: {example}]}}"


def _figure(kind: str, name: str, entry: Any) -> Iterator[str]:
    yield from ("", *documentation(entry).splitlines(), "")
    if entry.shows:
        yield f"shows:   {', '.join(entry.shows)}"
    yield f"files:   figures/{name}.svg, .pdf, .png, and .csv with the plotted numbers"
    yield f"example: figures: [{name}]"


def _rule(kind: str, name: str, entry: Any) -> Iterator[str]:
    yield from ("", *documentation(entry).splitlines())
    yield from (f"source:  {source}" for source in entry.sources)


def _metric(kind: str, name: str, row: Any) -> Iterator[str]:
    yield from _row(kind, name, row)
    yield f"measured {row.place.words.replace('`', '')}"
    better = {True: "higher is better", False: "lower is better", None: ""}[row.higher_is_better]
    yield from [better] if better else []
    yield f"unit:    {row.unit or READ[row.scale]}"
    yield f"example: measure: {{metric: {name}{row.place.example}}}"


def _expectation(kind: str, name: str, row: Any) -> Iterator[str]:
    from reportgen.study.reference.explained import without_links

    yield from _row(kind, name, row)
    yield from (
        without_links(f"{key.name} ({key.takes}): {key.summary}").replace("`", "") for key in (row.key, *row.keys)
    )
    yield f"example: expect: {row.key.example}"


def _setting(kind: str, name: str, entry: Any) -> Iterator[str]:
    from reportgen.study.model.claims import expectation_keys
    from reportgen.study.reference.explained import LAYERS, explained, path_in_study, without_links

    setting = next(candidate for candidate in explained() if candidate.path == name)
    about = {"takes": setting.takes, "range": setting.span, "default": setting.default}
    yield from (f"{word + ':':<9}{without_links(text).replace('`', '')}" for word, text in about.items() if text)
    if name in EXAMPLES:
        yield f"example: {EXAMPLES[name]}"
    elif name.startswith("claims.expect."):
        yield f"example: expect: {expectation_keys()[name.rpartition('.')[2]].example}"
    elif not name.startswith("claims."):
        yield f"change:  reportgen run STUDY --set {path_in_study(name)}=..."
        if name.startswith(f"{LAYERS}."):
            yield "         0 is the index of the layer in network.layers"


def _section(kind: str, name: str, entry: Any) -> Iterator[str]:
    """Describe each setting of a section on a line."""
    from reportgen.study.reference.explained import explained, section_models, without_links

    for setting in explained():
        if setting.path.startswith(f"{name}."):
            default = setting.default if setting.default == "required" else f"default {setting.default or 'none'}"
            takes = " ".join(filter(None, [setting.takes, setting.span]))
            line = f"{setting.path.removeprefix(f'{name}.')} ({takes}, {default}): {setting.what}"
            yield without_links(line).replace("`", "")
    if example := getattr(section_models()[name], "example", ""):
        yield f"example: {name.rpartition('.')[2]}: {example}"


def _study(kind: str, name: str, entry: Any) -> Iterator[str]:
    """Describe a shipped study: question, variants, claims with their sources, and the command to run it."""
    from reportgen.report.document.claim_view import counted
    from reportgen.shipped import shipped_studies
    from reportgen.study.loading.loader import load_study
    from reportgen.study.planning.plan import make_plan

    study = load_study(shipped_studies()[name]).study
    plan = make_plan(study, projected=True)
    yield study.question
    yield f"file:    {shipped_studies()[name]}"
    yield f"runs:    {len(plan.runs)}, {counted(plan.variants)} with {len(study.seeds)} seeds"
    yield from (f"varies:  {path}: {', '.join(_labels(plan, path))}" for path in study.vary)
    yield from (f"variant: {label}" for label in study.variants)
    for claim in study.claims:
        keys = [claim.source] if isinstance(claim.source, str) else list(claim.source or ())
        number = f"lecture claim {claim.lecture}, " if claim.lecture else ""
        yield f"claim:   {claim.id}: {' '.join(claim.says.split())} ({number}{', '.join(keys) or 'no source'})"
    yield f"run it:  reportgen run {name}"


def _labels(plan: Any, path: str) -> list[str]:
    return list(dict.fromkeys(v.varied[path] for v in plan.variants if path in v.varied))


def _claim(kind: str, name: str, entry: Any) -> Iterator[str]:
    """Describe a claim of the lectures: its sources, and its tests in the shipped studies."""
    from reportgen.report.document.sources import LECTURES
    from reportgen.report.site.lecture_claims import lecture_claims
    from reportgen.shipped import shipped_studies
    from reportgen.study.syntax.yaml12 import read

    claim = next(candidate for candidate in lecture_claims() if str(candidate.number) == name)
    yield from (f"source:  {key}: {LECTURES[key]}" for key in claim.sources)
    for study, path in shipped_studies().items():
        yield from (
            f"test:    {study}: {test['id']}: {' '.join(test['says'].split())}"
            for test in read(path.read_text(encoding="utf-8"), str(path)).value.get("claims", ())
            if test.get("lecture") == claim.number
        )


def _lecture(kind: str, name: str, entry: Any) -> Iterator[str]:
    from reportgen.report.site.lecture_claims import lecture_claims

    numbers = [str(claim.number) for claim in lecture_claims() if name in claim.sources]
    yield f"claims:  {', '.join(numbers)}"
    yield f"example: source: {name}"


def _check(kind: str, name: str, entry: Any) -> Iterator[str]:
    yield f"example: sanity: [{name}]"


_KINDS: dict[str, Describer] = {
    "layers": _layer,
    "sections": _section,
    "datasets": _dataset,
    "figures": _figure,
    "rules": _rule,
    "metrics": _metric,
    "expectations": _expectation,
    "settings": _setting,
    "studies": _study,
    "modern": _study,
    "claims": _claim,
    "lectures": _lecture,
    "checks": _check,
}
