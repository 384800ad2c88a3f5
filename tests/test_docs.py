"""The README and the docs name only links, files, verbs, flags and exit codes that exist, and their examples work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from reportgen import errors

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / ".github" / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND_LINE = ROOT / "docs" / "command-line.md"
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
    """The commands of the command line by their verbs."""
    from typer.main import get_command

    from reportgen.cli.main import app

    return get_command(app).commands  # type: ignore[attr-defined, no-any-return]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    _, test_block = blocks(ROOT / "README.md", "sh")[:2]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "pytest" in test_block
    assert test_block.rstrip("\n") in script


def test_the_readme_is_short_and_opens_with_a_picture() -> None:
    head, _ = text_of(ROOT / "README.md").split("\n## ", 1)
    assert "![" in head
    assert text_of(ROOT / "README.md").count("\n") <= 120


def test_the_commands_of_the_readme_are_one_line_each_with_the_same_packages_and_versions() -> None:
    commands = blocks(ROOT / "README.md", "sh")[:2]
    assert [command.count("\n") for command in commands] == [1, 1]
    assert len({command.split("; ")[0] for command in commands}) == 1
    assert all("-c .github/constraints/tested.txt" in command for command in commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_have_targets(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        target_page = (page.parent / path).resolve() if path else page
        assert target_page.exists(), target
        assert not anchor or anchor in anchors(target_page), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_of_the_project_that_a_page_names_exist(page: Path) -> None:
    named = [
        code
        for code in CODE.findall(prose(page))
        if re.match(r"(reportgen|tests|benchmarks|studies|templates|\.ci)/", code)
    ]
    files = [name for name in named if "<" not in name]
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_package_is_installed_from_the_clone() -> None:
    """On the package index, the name belongs to another project."""
    paths = [*PAGES, *sorted((ROOT / "reportgen").rglob("*.py"))]
    wrong = re.compile(r"pip install[^\n]*['\" ]reportgen\b")
    assert [path.name for path in paths if wrong.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_verbs_and_flags_that_a_page_names_exist(page: Path) -> None:
    known = commands()
    flags = {flag for command in known.values() for option in command.params for flag in option.opts} | {"--help"}
    for line in re.findall(r"reportgen (\w[^`\n#|]*)", "\n".join([*CODE.findall(prose(page)), text_of_shell(page)])):
        verb = line.split()[0]
        if verb in known:
            assert set(re.findall(r"(?<!\S)--?[a-z][\w-]*", line)) <= flags, line
        else:
            assert not line.startswith(("run", "check", "render", "list", "describe")), line
    assert set(re.findall(r"`(--[a-z-]+)[` ]", prose(page))) <= flags


def text_of_shell(page: Path) -> str:
    return "\n".join(blocks(page, "sh"))


def section(page: Path, title: str) -> str:
    return text_of(page).split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_page_on_the_command_line_lists_every_verb() -> None:
    table = re.findall(r"^\| `(\w+)[^|]* \|", section(COMMAND_LINE, "Verbs"), re.MULTILINE)
    assert sorted(table) == sorted(commands())


def test_exit_codes_are_those_of_the_errors() -> None:
    rows = section(COMMAND_LINE, "Exit codes")
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", rows, re.MULTILINE)}
    kinds = [errors.UsageError, errors.StudyError, errors.MissingError, errors.StoreError, errors.ResultsError]
    kinds += [errors.PluginError]
    assert codes == {0, 1, 6, 129, 130, 143} | {kind.exit_code for kind in kinds}


def test_the_record_written_from_a_log_is_diagnosed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.workflow.diagnose import diagnose_path

    monkeypatch.chdir(tmp_path)
    validation_losses = [0.9, 0.6, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4]
    rows = [f"{0.9 * 0.5**k},{1 - 0.3 * 0.5**k},{loss},0.8" for k, loss in enumerate(validation_losses)]
    (tmp_path / "log.csv").write_text("train_loss,train_accuracy,val_loss,val_accuracy\n" + "\n".join(rows))
    (tmp_path / "losses.txt").write_text("\n".join(str(2.3 * 0.99**step) for step in range(800)))
    [code] = re.findall(r"```python\n(.*?)```", section(ROOT / "docs" / "diagnose.md", "From a log"), re.DOTALL)
    exec(compile(code, "diagnose.md", "exec"), {})
    [diagnosis] = diagnose_path(tmp_path / "log.npz").diagnoses
    assert [finding.rule for finding in diagnosis.findings] == ["overfitting"]
    assert "nan_divergence" in diagnosis.passed


def test_the_pages_include_every_table_of_names() -> None:
    from reportgen.cli.reference.catalogue import KINDS

    pages = "".join(text_of(ROOT / "docs" / page) for page in ("study-file.md", "claims.md"))
    named = re.findall(r"^<!-- generated: (\w+) -->$", pages, re.MULTILINE)
    assert set(named) >= set(KINDS) - {"studies", "modern", "checks", "sections"}


def test_the_generated_tables_of_the_pages_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from reference import PAGES, page

    texts = [text_of(path) for path in PAGES]
    assert [page(text) for text in texts] == texts, "run python docs/_ext/reference.py"
    assert "| `training.lr` | number from 0 | `0.01` | learning rate |" in texts[0]


def test_the_page_of_rules_documents_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from reference import entries, part

    from reportgen.analysis.diagnosis.rules import RULES

    listed = "\n".join(entries("rules"))
    assert listed.strip() in text_of(ROOT / "docs" / "rules.md")
    documented = dict(re.findall(r"^- \*\*`(\w+)`\*\*: (.*?)(?=^- \*\*`|\Z)", listed, re.MULTILINE | re.DOTALL))
    lacking = {
        (name, heading)
        for name in RULES
        for heading in ("**Statistic.**", "**Reference.**", "**Advice.**", "Sources: ")
        if heading not in documented.get(name, "")
    }
    assert not lacking
    assert [name for name in RULES if f"| `{name}` |" not in "\n".join(part("rules"))] == []


def test_the_table_of_claims_lists_every_claim_with_or_without_tests(
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


def test_the_table_of_claims_can_be_built_from_the_file_in_docs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from measured import claim_lines

    assert len(list(claim_lines())) >= 52


def test_the_table_of_claims_of_papers_has_a_row_per_test_and_the_reasons_of_those_without_support(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from measured import modern_lines, unsupported_lines

    file = tmp_path / "modern.csv"
    file.write_text(
        "lecture,study,claim,verdict,measured,lo,hi,n,metric,quantity\n"
        ",muon,fewer-steps-than-sgd,supported,-8,-9,-7,10,steps_to,difference\n"
        ",muon,fewer-steps-than-adamw,inconclusive,-1,-3,1,10,steps_to,difference\n",
        encoding="utf-8",
    )
    lines = list(modern_lines(file))
    (first,) = (line for line in lines if line.startswith("| **10** "))
    assert "[Jordan et al. 2024](https://kellerjordan.github.io/posts/muon/)" in first
    assert "| `muon`: fewer-steps-than-sgd | supported | difference −8.00 steps" in first
    assert sum("not tested" in line for line in lines) == len(lines) - 2 - 2
    (item, _, note, _) = unsupported_lines(file)
    assert item.startswith("- `muon`, inconclusive: Muon reaches a training loss of 0.03 in fewer steps than AdamW.")
    assert note == "  The level was chosen on two seeds such that every optimizer reaches it."


def studies() -> list[tuple[str, str]]:
    """The studies in the pages; the YAML blocks of the tutorial make up one study, and the last one is another."""
    *parts, images = blocks(ROOT / "docs" / "tutorial.md", "yaml")
    return [("README", blocks(ROOT / "README.md", "yaml")[0]), ("tutorial", "".join(parts)), ("images", images)]


@pytest.mark.parametrize(("page", "text"), studies(), ids=[page for page, _ in studies()])
def test_the_studies_in_the_pages_are_valid(tmp_path: Path, page: str, text: str) -> None:
    from reportgen.study.loading.loader import load_study

    path = tmp_path / "example.yaml"
    path.write_text(text, encoding="utf-8")
    plan = load_study(path)
    assert len(plan.runs) == len(plan.variants) * 5
    assert len(plan.variants) == {"README": 2, "tutorial": 6, "images": 2}[page]


def test_the_layers_of_the_readme_are_a_network(tmp_path: Path) -> None:
    from reportgen.study.loading.loader import load_study

    path = tmp_path / "images.yaml"
    path.write_text("title: Layers\nquestion: Do they fit?\n" + blocks(ROOT / "README.md", "yaml")[1], encoding="utf-8")
    networks = [run.spec.network for run in load_study(path).runs]
    assert {network.layers[0].units for network in networks} == {4, 8}


def test_the_numbers_of_layers_in_the_tutorial_are_those_of_the_network(tmp_path: Path) -> None:
    from reportgen.study.loading.loader import load_study

    path = tmp_path / "images.yaml"
    path.write_text(dict(studies())["images"], encoding="utf-8")
    for run in load_study(path).runs:
        branches = [layer.branch for layer in run.spec.network.layers[:3]]
        assert [branch and branch.place for branch in branches] == [None, 0, 1]


def test_the_settings_in_the_study_page_are_yaml() -> None:
    for block in blocks(ROOT / "docs" / "study-file.md", "yaml"):
        assert isinstance(yaml.safe_load(block), dict)


def test_the_layers_in_the_study_page_are_a_network(tmp_path: Path) -> None:
    from reportgen.study.loading.loader import load_study

    text = blocks(ROOT / "docs" / "study-file.md", "yaml")
    (part,) = [block for block in text if "residual" in block]
    path = tmp_path / "layers.yaml"
    path.write_text("title: Layers\nquestion: Do they fit?\n" + part, encoding="utf-8")
    layers = load_study(path).runs[0].spec.network.layers
    assert [layer.kind for layer in layers] == ["conv"] * 5 + ["dense"] * 2


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
    assert "fell from wide to xavier" in whole.reason
