"""`dragoman predict`."""

from __future__ import annotations

from pathlib import Path

import click

from dragoman.app import load, open_workspace
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.records import Prediction

__all__ = ["command"]

LABELS_SHOWN = 3


@click.command("predict")
@click.argument("texts", nargs=-1)
@click.option("-m", "--model", help="NAME, NAME@ALIAS, NAME/NUMBER, or a folder. Default: the workspace's only model.")
@click.option("--input", "source", type=click.Path(path_type=Path), help='JSONL file, each line {"text": …}.')
@click.option("--output", "target", type=click.Path(path_type=Path), help="JSONL file to write.")
@as_json
@workspace
def command(
    texts: tuple[str, ...], *, model: str | None, source: Path | None, target: Path | None, as_json: bool, path: str
) -> None:
    """Answer a text, or a file of texts, with a registered model.

    --model may also name the folder of a bundle or of a Hugging Face classifier.
    """
    if bool(texts) == bool(source) or bool(source) != bool(target):
        raise click.UsageError("give texts, or --input FILE with --output FILE.")
    place = None if model and Path(model).is_dir() else open_workspace(path)
    loaded = place.load(model or place.spec().name) if place else load(str(model))
    with loaded:
        if source and target:
            _predict_file(loaded, source, target)
            return
        predictions = loaded.predict(list(texts))
    if as_json:
        print_json(predictions)
    else:
        print_table(
            ("text", "language", "script", "labels"), [_row(*pair) for pair in zip(texts, predictions, strict=True)]
        )


def _predict_file(model: object, source: Path, target: Path) -> None:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # heavy: only long work needs it

    from dragoman.serving.files import predict_file

    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} texts"), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bars:
        task = bars.add_task("", total=None)
        count = predict_file(model, source, target, report=lambda done: bars.update(task, completed=done))  # type: ignore[arg-type]
    click.echo(f"Wrote {count} predictions to {target}")


def _row(text: str, prediction: Prediction) -> tuple[str, ...]:
    best = ", ".join(f"{label.label} {label.score:.2f}" for label in prediction.labels[:LABELS_SHOWN])
    return text, prediction.language, prediction.script, best + (" (abstained)" if prediction.abstained else "")
