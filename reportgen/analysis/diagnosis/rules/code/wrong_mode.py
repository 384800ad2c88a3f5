"""The network is trained in test mode, or scored in training mode: `eval()` and `train()` are not called in turn.

**Statistic.** The share of training steps in test mode. The share of the scores before which the network was evaluated
in training mode only, without gradients.

**Reference.** Both are 0 in a correct loop. The modes differ only for dropout and batch normalization, so that networks
without both are not tested. The rule reports at least 30% of the steps in test mode: a network that stays in test mode
after its first evaluation has one epoch in training mode. It reports scores if at least half of them were computed in
training mode. Modules that are switched to test mode one by one, such as frozen batch normalization, are not counted.

**Severity.** Warning.

**Advice.** Call `train()` before each epoch and `eval()` before each evaluation.
"""

from __future__ import annotations

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import in_most, percent, words_for_seeds
from reportgen.analysis.diagnosis.layers import draws, normalizations
from reportgen.analysis.diagnosis.training_code import in_framework, known_fact
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

STEPS, SCORES = 0.3, 0.5
SOURCES = ("PyTorch documentation, torch.nn.Module.train and eval", "Ioffe and Szegedy 2015", "Srivastava et al. 2014")


def _has_modes(record: RunRecord) -> bool:
    network = record.spec.network
    return bool(normalizations(network)) or draws(network)


def _share(record: RunRecord, name: str, least: float) -> float | None:
    value = known_fact(record, name) if _has_modes(record) else None
    return float(value) if value is not None and value >= least else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds were trained in test mode or scored in training mode."""
    records = evidence.records
    trained = in_most(records, [_share(record, "steps_in_test_mode", STEPS) for record in records])
    scored = in_most(records, [_share(record, "scores_in_training_mode", SCORES) for record in records])
    shown = trained or scored
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    share, some = mean([value for _, value in shown]), words_for_seeds(seeds, len(records))
    if trained:
        message = _(
            "The network was in test mode in {share} of the training steps, without dropout and with constant batch "
            "normalization statistics ({some})."
        ).format(share=percent(share), some=some)
        advice = _("Call net.train() at the start of each epoch, after the evaluation.")
        keras = _("Call the model with training=True in train_step.")
    else:
        message = _(
            "{share} of the scores were computed in training mode, with dropout or the statistics of the batch "
            "({some})."
        ).format(share=percent(share), some=some)
        advice = _("Call net.eval() before each evaluation, and net.train() after it.")
        keras = _("Call the model with training=False in test_step.")
    name = "steps_in_test_mode" if trained else "scores_in_training_mode"
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=seeds,
        step=1,
        evidence={name: share, "limit": STEPS if trained else SCORES},
        message=message,
        advice=in_framework(record, advice, keras),
    )


RULE = Rule(
    id="wrong_mode",
    title=N_("Training or scores in the wrong mode"),
    check=check,
    sources=SOURCES,
    stage="code",
    kinds=("network.batchnorm", "network.dropout"),
)
