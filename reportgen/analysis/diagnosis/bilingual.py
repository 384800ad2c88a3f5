"""Findings in English and in the language of a study.

Results, tables and the command line are English in every study, and its report is not. So the texts of a finding are
made twice, by the same rules from the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.finding import Abstention, Finding
from reportgen.languages.translate import ENGLISH, Bilingual, in_language


def in_both_languages(language: str, make: Callable[[], Sequence[Finding]]) -> tuple[Finding, ...]:
    """Return the findings that a function makes in English, with their texts in a language as well."""
    english = tuple(make())
    if language == ENGLISH:
        return english
    with in_language(language):
        other = tuple(make())
    return tuple(_with_texts(*pair, language) for pair in zip(english, other, strict=True))


def diagnoses_in_both(language: str, make: Callable[[], Sequence[PartialDiagnosis]]) -> tuple[PartialDiagnosis, ...]:
    """Return the diagnoses that a function makes in English, with their texts in a language as well."""
    english = tuple(make())
    if language == ENGLISH:
        return english
    with in_language(language):
        other = tuple(make())
    return tuple(_with_language(*pair, language) for pair in zip(english, other, strict=True))


def _with_language(diagnosis: PartialDiagnosis, other: PartialDiagnosis, language: str) -> PartialDiagnosis:
    pairs = zip(diagnosis.findings, other.findings, strict=True)
    abstained = {
        rule: Abstention(
            _both(one.reason, other.abstained[rule].reason, language),
            _both(one.remedy, other.abstained[rule].remedy, language),
        )
        for rule, one in diagnosis.abstained.items()
    }
    return replace(diagnosis, findings=tuple(_with_texts(*pair, language) for pair in pairs), abstained=abstained)


def _with_texts(finding: Finding, other: Finding, language: str) -> Finding:
    pairs = zip(finding.proposals, other.proposals, strict=True)
    return replace(
        finding,
        message=_both(finding.message, other.message, language),
        advice=_both(finding.advice, other.advice, language),
        proposals=tuple(replace(one, why=_both(one.why, same.why, language)) for one, same in pairs),
    )


def _both(english: str, other: str, language: str) -> str:
    return english if isinstance(english, Bilingual) else Bilingual(english, language, other)
