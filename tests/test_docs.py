"""What README and docs say exists: links, files, verbs, flags, exit codes; and the examples work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from reportgen import errors

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / ".github" / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```\{?([\w.]+)\}?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return [body for name, _, body in BLOCK.findall(text_of(page)) if name == language]


def prose(page: Path) -> str:
    return BLOCK.sub("", text_of(page))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands() -> dict[str, Any]:
    """The command line's verbs to their commands."""
    from typer.main import get_command

    from reportgen.cli.main import app

    return get_command(app).commands  # type: ignore[attr-defined, no-any-return]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    _, test_block = blocks(ROOT / "README.md", "sh")[:2]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "pytest" in test_block
    assert test_block.rstrip("\n") in script


def test_the_commands_of_the_readme_are_one_line_each_with_the_same_packages_and_versions() -> None:
    commands = blocks(ROOT / "README.md", "sh")[:2]
    assert [command.count("\n") for command in commands] == [1, 1]
    assert len({command.split("; ")[0] for command in commands}) == 1
    assert all("-c .github/constraints/tested.txt" in command for command in commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), target
        assert not anchor or anchor in anchors(goal), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_of_the_project_that_a_page_names_exist(page: Path) -> None:
    named = [
        code
        for code in CODE.findall(prose(page))
        if re.match(r"(reportgen|tests|benchmarks|studies|templates|\.ci)/", code)
    ]
    files = [name for name in named if "<" not in name]
    assert [name for name in files if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_verbs_and_flags_that_a_page_names_exist(page: Path) -> None:
    known = commands()
    flags = {flag for command in known.values() for option in command.params for flag in option.opts} | {"--help"}
    for line in re.findall(r"reportgen (\w[^`\n#|]*)", " ".join(CODE.findall(prose(page))) + text_of_shell(page)):
        verb = line.split()[0]
        if verb in known:
            assert set(re.findall(r"(?<!\S)--?[a-z][\w-]*", line)) <= flags, line
        else:
            assert not line.startswith(("run", "check", "render", "list", "describe")), line
    assert set(re.findall(r"`(--[a-z-]+)[` ]", prose(page))) <= flags


def text_of_shell(page: Path) -> str:
    return "\n".join(blocks(page, "sh"))


def test_every_verb_of_the_readme_exists() -> None:
    table = re.findall(
        r"^\| `(\w+)[^|]* \|", text_of(ROOT / "README.md").split("## Verbs")[1].split("##")[0], re.MULTILINE
    )
    assert set(table) == set(commands())


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "outputs.md"], ids=lambda page: page.name)
def test_exit_codes_are_those_of_the_errors(page: Path) -> None:
    section = text_of(page).split("## Exit codes")[1]
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}
    kinds = [errors.UsageError, errors.StudyError, errors.MissingError, errors.StoreError, errors.ResultsError]
    assert codes == {0, 1, 6, 130} | {kind.exit_code for kind in kinds}


def test_references_are_made_from_tables_that_exist() -> None:
    from reportgen.cli.reference.catalogue import KINDS

    pages = "".join(text_of(ROOT / "docs" / page) for page in ("study-file.md", "claims.md"))
    named = re.findall(r"^```\{catalogue\} (\w+)$", pages, re.MULTILINE)
    named += re.findall(r"^<!-- generated: (\w+) -->$", pages, re.MULTILINE)
    assert set(named) >= set(KINDS) - {"studies", "checks"}


def test_the_reference_in_the_study_page_is_what_the_code_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from reference import PAGE, page

    text = text_of(PAGE)
    assert page(text) == text, "python docs/_ext/reference.py writes it anew"
    assert "| `training.lr` | number from 0 | `0.01` | learning rate |" in text


def test_the_table_of_claims_lists_each_with_its_tests_or_says_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from measured import claim_lines

    file = tmp_path / "claims.csv"
    head = "lecture,study,claim,verdict,measured,lo,hi,n,metric,quantity\n"
    rows = (
        "11,init,dies,supported,1.5e-7,1e-7,2e-7,5,activation_std,value\n,init,own,inconclusive,,,,0,val_loss,value\n"
    )
    file.write_text(head + rows, encoding="utf-8")
    lines = list(claim_lines(file))
    assert len(lines) == 2 + 50
    assert lines[12].startswith("| **11** ")
    assert lines[12].endswith("| `init`: dies | supported | 1.50×10⁻⁷ | (1.00 to 2.00)×10⁻⁷ | 5 |")
    assert sum("not tested" in line for line in lines) == 49


def test_the_pages_of_claims_can_be_made_from_what_the_project_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from measured import claim_lines

    assert len(list(claim_lines())) >= 52


def studies() -> list[tuple[str, str]]:
    """The pages' YAML blocks, those that follow on one another joined to one study."""
    tutorial = "".join(block for block in blocks(ROOT / "docs" / "tutorial.md", "yaml"))
    return [("README", blocks(ROOT / "README.md", "yaml")[0]), ("tutorial", tutorial)]


@pytest.mark.parametrize(("page", "text"), studies(), ids=[page for page, _ in studies()])
def test_the_studies_in_the_pages_are_valid(tmp_path: Path, page: str, text: str) -> None:
    from reportgen.study.loading.loader import load_study

    path = tmp_path / "example.yaml"
    path.write_text(text, encoding="utf-8")
    plan = load_study(path)
    assert len(plan.runs) == len(plan.variants) * 5
    assert len(plan.variants) == {"README": 2, "tutorial": 6}[page]


def test_the_settings_in_the_study_page_are_yaml() -> None:
    for block in blocks(ROOT / "docs" / "study-file.md", "yaml"):
        assert isinstance(yaml.safe_load(block), dict)


def recipe(heading: str) -> str:
    """The Python code under a heading of the how-to page."""
    section = text_of(ROOT / "docs" / "howto.md").split(f"## {heading}\n")[1]
    match = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert match
    return match[1]


def run_recipe(heading: str) -> dict[str, Any]:
    """What the file in the recipe defines; annotations are left as text, as in a file."""
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(recipe(heading), heading, "exec"), names)
    return names


def test_the_activation_of_the_recipe_has_the_derivative_it_states() -> None:
    from reportgen.engine.tables import smooth

    plain = {"kernel": lambda function: function}  # the kernels as Python: compiled ones need a file of their own
    names = vars(smooth) | plain
    exec(compile(recipe("An activation"), "An activation", "exec"), names)
    row, z = names["ROW"], np.linspace(-3, 3, 12)  # without 0, where the curvature jumps
    numeric = (row.function(z + 1e-6) - row.function(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(row.derivative(z), numeric, rtol=1e-6)
    a, delta = z.copy(), np.full(12, 2.0)
    row.activate((), a)
    row.differentiate((), a, z, delta)
    np.testing.assert_allclose(a, row.function(z))
    np.testing.assert_allclose(delta, 2 * row.derivative(z))


def test_the_initialization_of_the_recipe_draws_what_it_states() -> None:
    from reportgen.engine.tables import inits

    row = eval(recipe("An initialization"), vars(inits))
    weights = inits.draw_weights(row, {"gain": 1.0}, (200, 300), "tanh", 0, 0)
    assert weights.shape == (200, 300)
    assert weights.std() == pytest.approx(row.std(200, 300, {}, "tanh"), rel=0.02)


def test_the_rule_of_the_recipe_fires_on_its_fault_alone() -> None:
    from types import SimpleNamespace

    from reportgen.analysis.finding import Rule

    rule = run_recipe("A rule")["RULE"]
    assert isinstance(rule, Rule)

    def evidence(zeros: list[float]) -> Any:
        record = SimpleNamespace(
            probe_steps=np.array([0, 40]),
            statistic=lambda name: np.array([[0.5] * len(zeros), zeros]),
            spec=SimpleNamespace(seed=3),
        )
        return SimpleNamespace(records=[record], variant=SimpleNamespace(id="v"))

    found = rule.check(evidence([0.5, 1.0, 0.0]))
    assert found is not None
    assert (found.layers, found.step, found.seeds) == ((2,), 40, (3,))
    assert rule.check(evidence([0.5, 0.99, 1.0])) is None  # the output layer is not a hidden one


def test_the_figure_of_the_recipe_draws_what_it_is_given() -> None:
    from types import SimpleNamespace

    from reportgen.figures.drawing.figure import FigureKind

    kind = run_recipe("A figure")["FIGURE"]
    assert isinstance(kind, FigureKind)
    rows = [
        SimpleNamespace(variant=SimpleNamespace(label=label), train_seconds=s) for label, s in (("a", 1.0), ("b", 2.5))
    ]
    drawing = kind.draw(SimpleNamespace(variants=rows))  # type: ignore[arg-type]
    assert drawing is not None
    assert list(drawing.rows) == [("a", 1.0), ("b", 2.5)]
    assert "b took longest" in drawing.caption
    assert kind.draw(SimpleNamespace(variants=rows[:1])) is None  # type: ignore[arg-type]


def test_the_changelog_opens_with_what_is_not_released() -> None:
    assert re.search(r"^## (Unreleased|\d+\.\d+\.\d+)", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)


def test_the_recipe_of_a_search_is_a_study(tmp_path: Path) -> None:
    from reportgen.study.loading.loader import load_study
    from reportgen.study.planning.plan import make_plan

    (recipe,) = blocks(ROOT / "docs" / "howto.md", "yaml")
    path = tmp_path / "rate.yaml"
    path.write_text(recipe, encoding="utf-8")
    plan = make_plan(load_study(path).study, projected=True)
    assert len(plan.runs) == 20 + 8 * 5
    page = text_of(ROOT / "docs" / "howto.md")
    for setting in re.findall(r'--set "([^"]+)"', page):
        from reportgen.study.loading.overrides import parse_set

        load_study(path, dict([parse_set(setting)]))


def test_the_claim_over_a_part_of_a_sweep_in_the_study_page_leaves_out_the_rest(tmp_path: Path) -> None:
    from reportgen.workflow.run import run_study

    (text,) = [block for block in blocks(ROOT / "docs" / "study-file.md", "yaml") if block.startswith("title:")]
    path = tmp_path / "widths.yaml"
    path.write_text(text, encoding="utf-8")
    (part,) = run_study(path, output=tmp_path, formats=["json"]).analysis.claims
    assert (part.verdict, part.n, part.measured) == ("supported", 3, 1.0)
    assert sorted(part.variants) == ["medium", "narrow", "wide"]
    path.write_text(text.replace("    where: {network.init: gaussian}\n", ""), encoding="utf-8")
    (whole,) = run_study(path, output=tmp_path, formats=["json"]).analysis.claims
    assert (whole.verdict, len(whole.variants)) == ("contradicted", 4)
    assert "it fell from wide to xavier" in whole.reason
