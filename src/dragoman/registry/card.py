"""The model card, generated from recorded evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dragoman.records import FormReport, Interval, ParityReport, Report, TuningReport, ValueReport
from dragoman.registry.bundle import Lineage
from dragoman.registry.card_columns import ablations, column_weights, columns_read, value_evaluation
from dragoman.spec import ModelSpec

__all__ = ["Evidence", "facts", "model_card", "results", "shown"]

FORM_COLUMNS = (
    "form", "tokens/s", "one text, ms", "same label", "worst language", "score distance", "least cosine", "accuracy",
    "passes",
)  # fmt: skip


class Evidence(NamedTuple):
    """What is known of a trained model."""

    lineage: Lineage
    evaluation: Report | ValueReport
    parity: ParityReport
    temperature: float
    tuning: TuningReport | None = None


def model_card(spec: ModelSpec, evidence: Evidence) -> str:
    """Markdown: what the model does, for whom, how well per language, and where it is weakest."""
    return "\n".join([f"# {spec.name}", "", *facts(spec, evidence.lineage), "", *results(spec, evidence)])


def facts(spec: ModelSpec, lineage: Lineage) -> list[str]:
    """Lines that say what the model is."""
    return [
        spec.description or "No description was given.",
        "",
        f"- Task: {spec.task}, {_answers(spec)}",
        *([f"- Languages: {', '.join(spec.languages)}"] if spec.languages else []),
        f"- Owner: {spec.owner}",
        *_reads(spec, lineage),
        f"- Data: {lineage.dataset}, version {lineage.dataset_number}, digest {lineage.dataset_digest[:16]}",
        f"- Run: {lineage.run}, seed {spec.training.seed}",
    ]


def _answers(spec: ModelSpec) -> str:
    if spec.has_labels:
        return f"{len(spec.data.labels)} labels: {', '.join(spec.data.labels)}"
    return f"of the column {spec.data.target or 'label'}"


def _reads(spec: ModelSpec, lineage: Lineage) -> Iterator[str]:
    of_text = f", pooling {spec.base.pooling}, at most {spec.base.max_tokens} tokens" if spec.reads_text else ""
    yield f"- Base: {lineage.base}{of_text}"
    if spec.features:
        yield from columns_read(spec.features, lineage.views)


def results(spec: ModelSpec, evidence: Evidence) -> list[str]:
    """Lines that say what was measured: sections, each with an empty line at its end."""
    report, what = evidence.evaluation, "texts" if spec.reads_text else "rows"
    measured = (
        _evaluation(report, evidence.temperature, what)
        if isinstance(report, Report)
        else value_evaluation(report, unit=spec.data.target or "label")
    )
    return [
        *measured,
        *column_weights(report.columns),
        *(ablations(report.ablations) if isinstance(report, Report) else []),
        *_parity(evidence.parity, spec),
        *(_tuning(evidence.tuning) if evidence.tuning else []),
    ]


def _evaluation(report: Report, temperature: float, what: str) -> list[str]:
    rows = [
        f"| {score.language} | {score.accuracy.n} | {shown(score.accuracy)} | {score.macro_f1:.3f} |"
        for score in report.languages
    ]
    confusions = [f"| {true} | {guess} | {count} |" for true, guess, count in report.confusions[:5]]
    return [
        f"## Evaluation on the {report.split} split",
        "",
        (
            f"Accuracy {shown(report.accuracy)} (95% Wilson interval) over {report.accuracy.n} {what}, "
            f"macro F1 {report.macro_f1:.3f}, calibration error {report.calibration_error:.3f} at temperature "
            f"{temperature:.2f}. {_ranking(report)}"
            f"The {what} of this split come from the same source as the training {what}; other sources may do worse."
        ),
        "",
        f"| language | {what} | accuracy | macro F1 |",
        "|---|---|---|---|",
        *rows,
        "",
        "Most frequent confusions:",
        "",
        f"| true label | predicted | {what} |",
        "|---|---|---|",
        *confusions,
        "",
    ]


def _ranking(report: Report) -> str:
    area = f"Area under the ROC curve {shown(report.roc_auc)}. " if report.roc_auc else ""
    return area + (f"Log loss {report.log_loss:.4f}. " if report.log_loss is not None else "")


def _parity(parity: ParityReport, spec: ModelSpec) -> list[str]:
    same = "label" if spec.has_labels else "value"
    found = (
        f"Over {parity.texts} texts: greatest difference {parity.max_hidden_difference:.1e} in hidden states and "
        f"{parity.max_logit_difference:.1e} in logits"
        if spec.reads_text
        else f"Over {parity.texts} rows: greatest difference {parity.max_logit_difference:.1e}"
    )
    return [
        "## Parity of the served graph with the trained model",
        "",
        f"{found} (tolerance {parity.tolerance:.0e}), same {same} in {parity.label_agreement:.2%}.",
        "",
    ]


def _tuning(tuning: TuningReport) -> list[str]:
    return [
        "## Forms",
        "",
        (
            f"Measured on {_machine(tuning)}; agreement is with the first form, over "
            f"{tuning.forms[0].agreement.texts} texts. Gates: {tuning.gate:.2%} over all, {tuning.language_gate:.2%} "
            f"in every language. Served as: {' or '.join(form.name for form in tuning.tuned)}."
        ),
        *_trimming(tuning),
        "",
        f"| {' | '.join(FORM_COLUMNS)} |",
        f"|{'---|' * len(FORM_COLUMNS)}",
        *map(_form, tuning.forms),
        "",
    ]


def _machine(tuning: TuningReport) -> str:
    card = f" and a {tuning.cuda_device}" if tuning.cuda_device else ""
    return f"{tuning.processor} with {tuning.cores} cores{card}"


def _trimming(tuning: TuningReport) -> list[str]:
    if not tuning.trimming:
        return []
    if tuning.kept_pieces == tuning.pieces:
        return [f"Trimming ({tuning.trimming}) would drop no piece."]
    kept = f"Trimmed forms keep {tuning.kept_pieces} of {tuning.pieces} pieces ({tuning.trimming})."
    return [kept if tuning.chosen.trimmed else f"{kept} None of them was chosen."]


def _form(report: FormReport) -> str:
    agreement, worst = report.agreement, report.agreement.worst_language
    accuracy = "" if report.accuracy is None else f"{report.accuracy:.3f}"
    return (
        f"| {report.form.name} | {report.tokens_per_second:.0f} | {report.single_ms:.2f} | {agreement.labels:.2%} "
        f"| {worst} {agreement.languages[worst]:.2%} | {agreement.score_distance:.4f} | {agreement.cosine:.5f} "
        f"| {accuracy} | {'; '.join(report.missed) or 'yes'} |"
    )


def shown(interval: Interval) -> str:
    """An estimate with its interval."""
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"
