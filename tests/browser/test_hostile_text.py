"""Hostile text in every field of a study and a log runs no script in any page, reads no file and is no formula."""

from __future__ import annotations

import csv
import http.server
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reportgen.cli.main import invoke
from reportgen.report.notebook.rows import Rows
from reportgen.workflow.outcomes import Report
from reportgen.workflow.run import run_study
from tests.browser.vectors import FORMULAS, VECTORS

pytestmark = pytest.mark.slow

LABEL, TEXT = 80, 900
"""Lengths of the labels of variants, and of other texts."""

SPREADSHEET = ("=", "+", "-", "@", "\t", "\r", "\n")


def texts(longest: int) -> Iterator[str]:
    """Yield texts of several vectors, again from the first after the last."""
    vectors = itertools.cycle([vector for vector in VECTORS if len(vector) <= longest])
    while True:
        text = next(vectors)
        while len(text + (more := next(vectors))) < longest:
            text += more
        yield text


def canaries(address: str, secret: Path) -> str:
    """Return text that loads files of a server and of this machine where a page or a PDF interprets it."""
    places = (address, secret.as_uri(), str(secret))
    return "".join(
        f"<img src='{place}'><link rel=attachment href='{place}'><style>@import '{place}';"
        f"@font-face{{font-family:x;src:url({place})}}</style><object data='{place}'></object>![x]({place})"
        for place in places
    )


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a loopback server, and the paths that were requested."""
    requested: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as canary:
        threading.Thread(target=canary.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{canary.server_address[1]}/canary", requested
        canary.shutdown()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, server: tuple[str, list[str]]) -> Report:
    """The report of a study with hostile text, in all formats; its folder is in the folder of everything else."""
    folder = tmp_path_factory.mktemp("hostile")
    secret = folder / "secret.txt"
    secret.write_text("CANARY-OF-THIS-MACHINE", encoding="utf-8")
    long, short = texts(TEXT), texts(LABEL)
    name = "<img src=x onerror=alert(1)>=1+1.csv"
    classes = ["<svg onload=alert(1)>", "=1+1"]
    rows = [f'{n % 7},{n % 5},"{classes[int(n % 7 > 3)]}"' for n in range(60)]
    (folder / name).write_text("\n".join(['"<b onclick=alert(1)>",v,y', *rows]) + "\n", encoding="utf-8")
    values = [0.1, 0.2, 0.3, 0.4, 0.5]
    hostile = [*(f"{formula}" for formula in FORMULAS[:2]), next(short), next(short), next(short)]
    claims = [
        {
            "id": f"claim-{n}",
            "says": next(long) if n else FORMULAS[-1],
            "note": next(long),
            "predict": "supported",
            "why": next(long),
            "measure": {"metric": "train_loss"},
            "expect": {"below": 100},
        }
        for n in range(5)
    ]
    study = {
        "title": next(long)[:150],
        "question": next(long),
        "closing": next(long) + canaries(server[0], secret),
        "data": {"name": "csv", "path": name, "target": "y", "seed": 0},
        "network": {"hidden": [4]},
        "training": {"epochs": 1},
        "vary": {"training.lr": [{"value": v, "label": label} for v, label in zip(values, hostile, strict=True)]},
        "seeds": 3,
        "remedies": False,
        "figures": ["loss_curves"],
        "claims": claims,
    }
    file = folder / "hostile.yaml"
    file.write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
    formats = ["html", "pdf", "json", "kit", "quiz"]
    return run_study(file, output=folder / "reports", formats=formats)


@pytest.fixture(scope="module")
def folder(made: Report) -> Path:
    """The folder with the report, a site, the report of a diagnosis and grades."""
    root = made.folder.parents[1]
    log = root / "<img src=x onerror=alert(1)>.csv"
    columns = ["epoch", "loss", '"<script>alert(1)</script>"', '"=1+1"']
    log.write_text("\n".join([",".join(columns), *(f"{n},{1 / n},1,2" for n in range(1, 9))]) + "\n", encoding="utf-8")
    assert invoke(["diagnose", str(log), "-o", str(root / "diagnosed"), "-f", "html,json,kit", "--json"]) == 0
    (root / "handed-in" / "<svg onload=alert(1)>").mkdir(parents=True)
    key = ["--key", str(root / "key.yaml")]
    assert invoke(["assignment", str(root / "hostile.yaml"), "-o", str(root / "hw"), *key]) == 0
    grade = ["grade", str(made.folder), str(root / "handed-in"), *key, "-o", str(root / "grades"), "--json"]
    assert invoke(grade) == 3  # one folder contains no report
    arguments = [str(root / "reports"), str(root / "diagnosed"), "-o", str(root / "site")]
    assert invoke(["index", *arguments, "--title", "</title><script>alert(1)</script>"]) == 0
    return root


CHECK = """() => [...document.querySelectorAll('*')].flatMap(element => [
  ...[...element.attributes].filter(one => /^on/i.test(one.name) || /^\\s*(javascript|vbscript):/i.test(one.value)
    || (/^(href|src|data|srcdoc|action)$/i.test(one.name) && /^data:text/i.test(one.value)))
    .map(one => `${element.tagName} ${one.name}=${one.value}`),
  ...(/^(iframe|object|embed|base|form|applet|frame)$/i.test(element.tagName) ? [element.tagName] : []),
  ...(/^meta$/i.test(element.tagName) && /refresh/i.test(element.httpEquiv) ? ['META refresh'] : []),
  ...(/^script$/i.test(element.tagName) && /^\\s*alert\\(/.test(element.textContent) ? ['SCRIPT'] : []),
])"""


@pytest.fixture(scope="module")
def executed(browser: Any) -> Iterator[Callable[[Path], list[str]]]:
    """Yield a function of a page: the scripts that run without its security policy, and elements that could run one."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(f"alert({dialog.message})"), dialog.dismiss()))

    def found(path: Path) -> list[str]:
        alerts.clear()
        page.goto(path.as_uri())
        page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
        search = page.locator("input[type=search]")
        if search.count():
            search.first.fill("<img src=x onerror=alert(1)>")
        page.wait_for_timeout(50)
        return alerts + page.evaluate(CHECK)

    yield found
    context.close()


def test_no_page_runs_a_script(executed: Callable[[Path], list[str]], folder: Path, made: Report) -> None:
    (folder / "notebook.html").write_text(f"<!doctype html>{made._repr_html_()}", encoding="utf-8")
    rows = Rows(["<script>alert(1)</script>"], [[vector] for vector in VECTORS[:20]])
    (folder / "rows.html").write_text(f"<!doctype html>{rows._repr_html_()}", encoding="utf-8")
    pages = [path for path in sorted(folder.rglob("*.html")) if "site/hostile" not in path.as_posix()]
    names = {path.name for path in pages}
    assert {"index.html", "quiz.html", "feedback.html", "notebook.html", "claims.html", "loss_curves.html"} <= names
    assert {str(path.relative_to(folder)): found for path in pages if (found := executed(path))} == {}


def test_the_check_finds_every_kind_of_script(executed: Callable[[Path], list[str]], tmp_path: Path) -> None:
    """Control: the same texts, not escaped, are found."""
    page = tmp_path / "index.html"
    for vector in (VECTORS[0], VECTORS[4], VECTORS[15], VECTORS[21], VECTORS[37]):
        page.write_text(f"<!doctype html><body>{vector}", encoding="utf-8")
        assert executed(page), vector


def test_neither_the_pdf_nor_a_page_loads_a_canary(made: Report, server: tuple[str, list[str]]) -> None:
    assert server[1] == []
    names = [path for path in made.folder.rglob("*") if path.is_file()]
    assert [path.name for path in names if b"CANARY-OF-THIS-MACHINE" in path.read_bytes()] == []
    from pypdf import PdfReader

    reader = PdfReader(made.folder / f"{made.folder.name}.pdf")
    assert "CANARY" not in "".join(page.extract_text() for page in reader.pages)


def test_no_cell_of_a_table_is_a_formula(folder: Path, made: Report) -> None:
    tables = [
        path for path in sorted(folder.rglob("*.csv")) if not path.name.startswith("<") and "data" not in path.parts
    ]
    assert {"claims.csv", "variants.csv", "confusion.csv", "loss_curves.csv", "grades.csv"} <= {p.name for p in tables}
    assert [cell for path in tables for cell in formulas(path.read_text(encoding="utf-8"))] == []
    from pypdf import PdfReader

    reader = PdfReader(made.folder / f"{made.folder.name}.pdf")
    attached = {name: content[0].decode() for name, content in reader.attachments.items() if name.endswith(".csv")}
    assert "claims.csv" in attached
    assert [cell for text in attached.values() for cell in formulas(text)] == []


def formulas(text: str) -> list[str]:
    """Return the cells that a spreadsheet program takes for formulas; numbers are none."""
    cells = (cell for row in csv.reader(text.splitlines()) for cell in row)
    return [cell for cell in cells if cell.startswith(SPREADSHEET) and not is_number(cell)]


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_the_texts_themselves_are_in_the_results(made: Report) -> None:
    """Control: nothing was lost on the way."""
    results = json.loads((made.folder / "results.json").read_text(encoding="utf-8"))
    assert results["claims"][0]["says"] == FORMULAS[-1]
    assert {variant["label"] for variant in results["variants"]} >= set(FORMULAS[:2])
    assert formulas("=1+1,a\n-1,+x") == ["=1+1", "+x"]
