"""Studies with an answer that quotes or names what the study does not have."""

from __future__ import annotations

from tests.study.texts import added, bad

CLAIM = "claims: [{id: learns, says: S, measure: {metric: val_loss}, expect: {below: 1}}]"
VARY = "vary: {network.init: [he, zero], network.dropout: [0, {rate: 0.5, label: he}]}"


def answer(says: str, more: str = "claims: [learns]", study: str = CLAIM) -> str:
    """Return a study with an answer, on line 5; its text starts at column 16."""
    return added(f'answer: {{says: "{says}", {more}}}\n{study}')


BAD_ANSWERS = (
    bad("answer unknown metric", answer("{val_acuracy(he)}"), "5:16: answer.says", "unknown-name", "val_accuracy"),
    bad("answer unknown name", answer("{lerns}"), "5:16: answer.says", "unknown-name", "learns"),
    bad("answer unknown variant", answer("{val_loss(baselin)}"), "5:16: answer.says", "unknown-variant", "baseline"),
    bad(
        "answer unknown label",
        answer("{val_loss(hee)}", study=f"{VARY}\n{CLAIM}"),
        "5:16: answer.says",
        "unknown-variant",
        "he",
    ),
    bad(
        "answer label of two settings",
        answer("{val_loss(he)}", study=f"{VARY}\n{CLAIM}"),
        "5:16: answer.says",
        "unknown-variant",
    ),
    bad("answer unknown key", answer("{val_loss(; epok: 1)}"), "5:16: answer.says", "unknown-key", "epoch"),
    bad("answer wrong key", answer("{val_loss(; layer: 1)}"), "5:16: answer.says", "inapplicable-key", "layer"),
    bad("answer wrong value", answer("{val_loss(; epoch: soon)}"), "5:16: answer.says", "wrong-type"),
    bad("answer late epoch", answer("{val_loss(; epoch: 9)}"), "5:16: answer.says", "out-of-range", "5"),
    bad("answer unreadable keys", answer("{val_loss(; epoch)}"), "5:16: answer.says", "invalid-value"),
    bad("answer open brace", answer("{learns"), "5:16: answer.says", "invalid-value"),
    bad("answer no name", answer("{ }"), "5:16: answer.says", "invalid-value"),
    bad("answer form", answer("{learns; bigness}"), "5:16: answer.says", "unknown-value", "size"),
    bad("answer form of a metric", answer("{val_loss(); sign}"), "5:16: answer.says", "unknown-value", "inverse"),
    bad("answer extra metric", answer("{gradient_error()}"), "5:16: answer.says", "inapplicable-key"),
    bad(
        "answer unknown claim",
        answer("S", "claims: [learns, lerns]"),
        "5:38: answer.claims[1]",
        "unknown-name",
        "learns",
    ),
    bad(
        "answer open claim twice",
        answer("S", "claims: [learns], inconclusive: [learns]"),
        "5:54: answer.inconclusive[0]",
        "duplicate-value",
        "learns",
    ),
    bad(
        "answer claim twice",
        answer("S", "claims: [learns], contradicted: [learns]"),
        "5:54: answer.contradicted[0]",
        "duplicate-value",
        "learns",
    ),
    bad("answer no claim", answer("S", "claims: []"), "5:9: answer", "missing-key", "claims"),
    bad("answer as text without claim", added(f"answer: S\n{CLAIM}"), "5:9: answer", "missing-key", "claims"),
    bad("answer number", added("answer: 3"), "5:9: answer", "wrong-type"),
    bad("answer empty", added("answer: ''"), "5:9: answer", "empty-value"),
    bad("answer key", added("answer: {sais: S}"), "5:10: answer.sais", "unknown-key", "says"),
)
