import csv
import io
import math
from pathlib import Path

import matplotlib
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from pypdf import PdfReader

from reportgen.figures import FIGURES
from reportgen.figures.drawing import export as _export
from reportgen.figures.drawing.export import csv_text, save
from reportgen.figures.drawing.figure import Drawing
from tests.figures.examples import analysis, lecture_grid, record, summary


def drawing() -> Drawing:
    made = FIGURES["activation_std_by_layer"].draw(lecture_grid(seeds=2))
    assert made is not None
    return made


def test_the_files_are_written_under_the_figures_id(tmp_path: Path) -> None:
    paths = save(drawing(), tmp_path / "new" / "figures")
    endings = (".svg", "-dark.svg", ".pdf", ".png", ".csv")
    assert [path.name for path in paths] == [f"activation_std_by_layer{end}" for end in endings]
    starts = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG", "csv": b"variant,"}
    for path in paths:
        assert path.read_bytes().startswith(starts[path.suffix[1:]])


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (save(drawing(), tmp_path / name) for name in ("a", "b"))
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_the_users_own_matplotlib_settings_change_nothing(tmp_path: Path) -> None:
    plain = save(drawing(), tmp_path / "a")
    with matplotlib.rc_context(
        {"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "none", "axes.facecolor": "red"}
    ):
        changed = save(drawing(), tmp_path / "b")
    for one, other in zip(plain, changed, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_letters_of_a_pdf_are_truetype_and_can_be_read_back() -> None:
    made = summary("Größe Жук σ", [record(seed, 3, 0) for seed in range(2)])
    found = FIGURES["activation_histograms"].draw(analysis([made]))
    assert found is not None
    buffer = io.BytesIO(_export._bytes(found, found.figure, "pdf", metadata=_export._pdf_metadata(found)))
    page = PdfReader(buffer).pages[0]
    kinds = {str(font.get_object()["/Subtype"]) for font in page["/Resources"]["/Font"].values()}
    assert kinds == {"/Type0"}
    assert "Größe" in page.extract_text()
    assert "Жук" in page.extract_text()


def test_nearly_all_letters_come_from_the_small_font() -> None:
    fonts = [Path(findfont(FontProperties(family="Report Sans", weight=weight))).name for weight in ("normal", "bold")]
    assert fonts == ["ReportSans.ttf", "ReportSans-Bold.ttf"]
    small, whole = (get_font(findfont(family)) for family in ("Report Sans", "DejaVu Sans"))
    for letter in "Aßéλσ−×⁻⁹…“”→":
        assert small.get_char_index(ord(letter)), letter
        widths = [
            font.load_char(ord(letter), flags=LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM
            for font in (small, whole)
        ]
        assert widths[0] == widths[1]


def test_drawing_leaves_the_users_matplotlib_settings_alone() -> None:
    before = dict(matplotlib.rcParams)
    drawing()
    assert dict(matplotlib.rcParams) == before


def test_csv_has_all_digits_of_floats_and_empty_fields_for_missing_values() -> None:
    rows = [("a,b", 0.1 + 0.2, math.nan, None, 3), ('q"', 1e-300, math.inf, "x\ny", 0)]
    text = csv_text(Drawing("id", "t", "c", "a", Figure(), ("s", "f", "g", "h", "n"), rows))
    back = list(csv.reader(io.StringIO(text)))
    assert back == [
        ["s", "f", "g", "h", "n"], ["a,b", "0.30000000000000004", "", "", "3"], ['q"', "1e-300", "", "x\ny", "0"],
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["$x$ & <b>", "a\x00b\x1b", "λ → ∞ “q”", "漢字 🙂"])
def test_any_title_and_alternative_text_can_be_saved(text: str, tmp_path: Path) -> None:
    figure = Figure(figsize=(2, 1))
    paths = save(Drawing("odd", text, text, text, figure, ("x",), [(text,)]), tmp_path)
    assert all(path.stat().st_size > 0 for path in paths)
