"""The model card, generated from recorded evidence."""

from __future__ import annotations

from typing import NamedTuple

from dragoman.records import Interval, ParityReport, Report
from dragoman.registry.bundle import Lineage
from dragoman.spec import ModelSpec

__all__ = ["Evidence", "model_card"]


class Evidence(NamedTuple):
    """What is known of a trained model."""

    lineage: Lineage
    evaluation: Report
    parity: ParityReport
    temperature: float


def model_card(spec: ModelSpec, evidence: Evidence) -> str:
    """Markdown: what the model does, for whom, how well per language, and where it is weakest."""
    lineage = evidence.lineage
    return "\n".join(
        [
            f"# {spec.name}",
            "",
            spec.description or "No description was given.",
            "",
            f"- Task: {spec.task}, {len(spec.data.labels)} labels: {', '.join(spec.data.labels)}",
            f"- Languages: {', '.join(spec.languages)}",
            f"- Owner: {spec.owner}",
            f"- Base: {lineage.base}, pooling {spec.base.pooling}, at most {spec.base.max_tokens} tokens",
            f"- Data: {lineage.dataset}, version {lineage.dataset_number}, digest {lineage.dataset_digest[:16]}",
            f"- Run: {lineage.run}, seed {spec.training.seed}",
            "",
            *_evaluation(evidence.evaluation, evidence.temperature),
            *_parity(evidence.parity),
        ]
    )


def _evaluation(report: Report, temperature: float) -> list[str]:
    rows = [
        f"| {score.language} | {score.accuracy.n} | {_interval(score.accuracy)} | {score.macro_f1:.3f} |"
        for score in report.languages
    ]
    confusions = [f"| {true} | {guess} | {count} |" for true, guess, count in report.confusions[:5]]
    return [
        f"## Evaluation on the {report.split} split",
        "",
        (
            f"Accuracy {_interval(report.accuracy)} (95% Wilson interval) over {report.accuracy.n} texts, "
            f"macro F1 {report.macro_f1:.3f}, calibration error {report.calibration_error:.3f} at temperature "
            f"{temperature:.2f}. "
            "The texts of this split come from the same source as the training texts; other sources may do worse."
        ),
        "",
        "| language | texts | accuracy | macro F1 |",
        "|---|---|---|---|",
        *rows,
        "",
        "Most frequent confusions:",
        "",
        "| true label | predicted | texts |",
        "|---|---|---|",
        *confusions,
        "",
    ]


def _parity(parity: ParityReport) -> list[str]:
    return [
        "## Parity of the served graph with the trained model",
        "",
        (
            f"Over {parity.texts} texts: greatest difference {parity.max_hidden_difference:.1e} in hidden states and "
            f"{parity.max_logit_difference:.1e} in logits (tolerance {parity.tolerance:.0e}), same label in "
            f"{parity.label_agreement:.2%}."
        ),
        "",
    ]


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"
