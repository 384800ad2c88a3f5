"""The loss that is trained is not the cross-entropy of the outputs that are scored, such as with a second softmax.

**Statistic.** The functions between the output layer and the loss, in the graph of the loss. The gradient of the loss
with respect to the outputs at the first step or probe, compared with the gradient of the cross-entropy of the outputs
(softmax minus one-hot labels), of their softmax, sigmoid, tanh and ReLU, by least squares.

**Reference.** The cross-entropy contains the softmax, so that nothing else belongs between the output layer and the
loss. Cross-entropy of probabilities cannot fall below ln(1 + (C - 1) / e) for C classes, and its gradient vanishes for
confident mistakes. A ReLU loses the gradient of all negative outputs. The rule reports

- an activation or a softmax between the output layer and the loss;
- the negative log-likelihood of outputs without a softmax, of probabilities without a logarithm, or of the logarithms
  of sigmoids, whose gradient lacks the outputs of all other classes;
- a gradient that differs from that of the outputs by more than 1% and equals that of a function of them.

Other losses, such as label smoothing, class weights or squared errors, are mentioned for information only if their
gradient is of no known form.

**Severity.** Error if the run learned next to nothing, otherwise a warning.

**Advice.** Pass the outputs of the last layer (logits) to the loss.
"""

from __future__ import annotations

from reportgen.analysis.diagnosis.evidence.symptoms import in_most, number, words_for_seeds
from reportgen.analysis.diagnosis.training_code import in_framework, known_fact, severity_of
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

NONE, CROSS_ENTROPY, OTHER = "none", "cross_entropy", "other"
NLL_OF_SOFTMAX, NLL_OF_OUTPUTS, NLL_OF_SIGMOIDS = "nll_of_softmax", "nll_of_outputs", "nll_of_sigmoids"
SOURCES = (
    "PyTorch documentation, torch.nn.CrossEntropyLoss",
    "Goodfellow, Bengio and Courville 2016, 6.2.2.3",
    "Zhang et al. 2018",
)


def _found(record: RunRecord) -> str | None:
    """Return what the loss computes instead of the cross-entropy of the outputs, None if it is right or unknown."""
    response, form = known_fact(record, "loss_response"), known_fact(record, "loss_form")
    if response not in (None, NONE):
        return str(response)
    if form in (None, CROSS_ENTROPY) or (form == OTHER and response == NONE):
        return None
    return str(form)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the loss is not the cross-entropy of the outputs in most seeds."""
    shown = in_most(evidence.records, [_found(record) for record in evidence.records])
    if not shown:
        return None
    record, found = shown[0]
    seeds = tuple(r.spec.seed for r, _ in shown)
    message, advice = _words(record, found)
    return RULE.finding(
        evidence,
        severity="info" if found == OTHER else severity_of([r for r, _ in shown]),
        seeds=seeds,
        layers=(record.layers,),
        step=0,
        evidence={"found": found, "gradient_error": record.facts.get("loss_error"), "limit": 0.01},
        message=f"{message} ({words_for_seeds(seeds, len(evidence.records))}).",
        advice=advice,
    )


def _words(record: RunRecord, found: str) -> tuple[str, str]:
    """Return message and advice."""
    logits = in_framework(
        record,
        _("Pass the outputs of the last linear layer to CrossEntropyLoss, which contains the softmax."),
        _("Use from_logits=True for a model without softmax, and from_logits=False for one that ends with a softmax."),
    )
    if found == OTHER:
        error = float(record.facts.get("loss_error", 0.0))
        text = _(
            "The trained loss is not the cross-entropy of the scored outputs: its gradient with respect "
            "to them differs by {error} of its norm"
        ).format(error=number(error))
        return text, _("Check that this is intended. The rules compare losses with the cross-entropy.")
    if found == NLL_OF_SOFTMAX:
        return (
            _("The negative log-likelihood is computed of probabilities instead of their logarithms"),
            _("Use log_softmax instead of softmax before NLLLoss, or CrossEntropyLoss of the outputs."),
        )
    if found == NLL_OF_OUTPUTS:
        return (
            _("The negative log-likelihood is computed of the outputs without a log_softmax"),
            _("Use CrossEntropyLoss, which contains the log_softmax, instead of NLLLoss."),
        )
    if found == NLL_OF_SIGMOIDS:
        return (
            _(
                "The negative log-likelihood is computed of sigmoids, which do not depend on one another: only the "
                "output of the right class gets a gradient, so the outputs of all classes can grow together"
            ),
            _(
                "Use log_softmax instead of logsigmoid before NLLLoss, or BCEWithLogitsLoss for labels of several "
                "classes."
            ),
        )
    if found == "softmax":
        return _("The outputs pass through a softmax before the cross-entropy, which applies it a second time"), logits
    return (
        _("The outputs pass through {found} before the cross-entropy, which bounds them").format(found=found),
        _("Remove {found} after the output layer. {logits}").format(found=found, logits=logits),
    )


RULE = Rule(
    id="loss_mismatch",
    title=N_("The trained loss is not that of the outputs"),
    check=check,
    sources=SOURCES,
    stage="code",
)
