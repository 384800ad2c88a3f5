"""Words and numbers in the current language."""

from __future__ import annotations

import pytest

from reportgen.analysis.words.formatting import duration, interval, number, p_value, percent, points_interval, whole
from reportgen.analysis.words.nouns import are, counted_noun
from reportgen.analysis.words.numerals import exponents
from reportgen.languages.translate import _, current_language, day, in_language, known_languages, translated


def test_english_is_the_language_outside_of_a_block() -> None:
    assert current_language() == "en"
    with in_language("de"):
        assert _("The answer") == "Die Antwort"
        with in_language("es"):
            assert _("The answer") == "La respuesta"
        assert current_language() == "de"
    assert _("The answer") == "The answer"


def test_a_block_that_fails_ends_its_language() -> None:
    with pytest.raises(ZeroDivisionError), in_language("de"):
        raise ZeroDivisionError
    assert current_language() == "en"


def test_english_is_known_before_the_languages_with_catalogues() -> None:
    assert known_languages() == ("en", "de", "es")


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("en", ["0.933", "93.3%", "12,345", "2.97×10⁻⁷", "0.50 to 1.50", "+1.0 to +2.0 points", "p = 0.03", "1.5 s"]),
        ("de", ["0,933", "93,3 %", "12.345", "2,97×10⁻⁷", "0,50 bis 1,50", "+1,0 bis +2,0 Prozentpunkte"]),
        ("es", ["0,933", "93,3 %", "12.345", "2,97×10⁻⁷", "0,50 a 1,50", "+1,0 a +2,0 puntos porcentuales"]),
    ],
)
def test_numbers_have_the_form_of_the_language(code: str, texts: list[str]) -> None:
    with in_language(code):
        made = [number(0.933), percent(0.933), whole(12345), number(2.97e-7), interval((0.5, 1.5))]
        made += [points_interval((0.01, 0.02)), p_value(0.03), duration(1.5)]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in made][: len(texts)] == texts


def test_a_decimal_comma_stays_one_number_before_an_exponent() -> None:
    assert exponents("1,1e-05") == "1,1×10⁻⁵"
    assert exponents("1e-05") == "10⁻⁵"


def test_a_number_chooses_the_form_of_its_noun() -> None:
    with in_language("de"):
        assert (counted_noun(1, "seed"), counted_noun(3, "seed")) == ("1 Wiederholung", "3 Wiederholungen")
    with in_language("es"):
        assert (are("supported", 1), are("supported", 2)) == ("está confirmada", "están confirmadas")
    assert counted_noun(2, "unlisted thing") == "2 unlisted things"


def test_a_date_has_the_form_of_the_language() -> None:
    assert day("2026-01-31") == "2026-01-31"
    with in_language("de"):
        assert day("2026-01-31") == "31. Januar 2026"


def test_a_reason_is_translated_with_its_values() -> None:
    reason = "4 of 5 seeds meet the claim; 1 have no finite value; the values are for lr 0.1, the closest one"
    with in_language("de"):
        assert translated(reason) == (
            "4 von 5 Wiederholungen erfüllen die Behauptung; 1 haben keinen endlichen Wert; "
            "die Werte gelten für lr 0.1, den knappsten Fall"
        )
    assert translated(reason) == reason


def test_a_method_within_a_method_is_translated() -> None:
    with in_language("es"):
        text = translated("95% Student's t interval over seeds for the difference, paired by seed")
    inner = "intervalo del 95 % con la t de Student sobre las repeticiones"
    assert text == f"{inner}, para la diferencia, emparejada por repetición"


def test_a_name_in_quotes_keeps_its_number() -> None:
    with in_language("de"):
        assert translated("“large (1.0)” minus “He”") == "„large (1.0)“ minus „He“"


def test_a_percentage_has_the_sign_of_the_language() -> None:
    with in_language("de"):
        assert translated("above 85%") == "über 85\N{NO-BREAK SPACE}%"


def test_a_text_that_is_no_message_stays() -> None:
    with in_language("de"):
        assert translated("relu, width 0.5") == "relu, width 0.5"
