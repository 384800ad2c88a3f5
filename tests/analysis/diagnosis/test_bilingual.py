"""Diagnoses of logs have English texts for programs, and the texts of their page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.bilingual import diagnoses_in_both
from reportgen.analysis.diagnosis.on_scores import diagnose_logs
from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.languages.translate import Bilingual, in_language, translated
from tests.analysis.diagnosis.scores.curves import falling, log


def overfitted() -> Sequence[PartialDiagnosis]:
    rises = np.concatenate([falling(1.8, 0.9, 8), np.linspace(0.92, 2.1, 22)])
    return diagnose_logs({"a": [log(train_loss=falling(2.0, 0.01, 30, 8.0), val_loss=rises)]})


def test_a_diagnosis_in_another_language_keeps_its_english_texts() -> None:
    [english], [both] = overfitted(), diagnoses_in_both("de", overfitted)
    assert both == english
    finding = next(f for f in both.findings if f.rule == "overfitting")
    assert isinstance(finding.message, Bilingual)
    assert finding.message.startswith("Validation loss is best")
    with in_language("de"):
        assert translated(finding.message).startswith("Der Validierungsverlust ist bei Epoche")
        remedies = [translated(one.remedy) for one in both.abstained.values()]
    assert "mindestens 20 Normen der Gradienten protokollieren" in remedies


def test_a_change_of_a_text_applies_to_both_languages() -> None:
    text = Bilingual("a b", "de", "c d").map(lambda form: form.replace(" ", "-"))
    assert str.__str__(text) == "a-b"
    with in_language("de"):
        assert text.current == "c-d"
