"""`dragoman predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from dragoman.app import load, open_workspace
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.cli.serve import compute
from dragoman.records import (
    AnswerPrediction,
    EmbeddingPrediction,
    EntityPrediction,
    FillPrediction,
    ForecastPrediction,
    ForecastValue,
    LabelPrediction,
    Prediction,
    RankPrediction,
    ValuePrediction,
)

if TYPE_CHECKING:
    from dragoman.serving.model import Model

__all__ = ["command"]

SHOWN = 3
PATH_STARTS = (".", "/", "~")  # of no model's name: a folder that is not there is told as such


@click.command("predict")
@click.argument("texts", nargs=-1)
@click.option("-m", "--model", help="NAME, NAME@ALIAS, NAME/NUMBER, or a folder. Default: the workspace's only model.")
@click.option("--task", help="What the model is to do. Default: what its head is for.")
@click.option("-p", "--parameter", "given", multiple=True, metavar="NAME=JSON", help="A task's parameter; repeatable.")
@click.option("--features", type=str, metavar="JSON", help='Values of columns: {"age": 41, "plan": "gold"}.')
@click.option("--key", type=str, help="Of the entity whose features are looked up: a text, or an object in JSON.")
@click.option("--input", "source", type=click.Path(path_type=Path), help='JSONL file, each line {"text": …}.')
@click.option("--output", "target", type=click.Path(path_type=Path), help="JSONL file to write.")
@compute
@as_json
@workspace
def command(
    texts: tuple[str, ...],
    *,
    model: str | None,
    task: str | None,
    given: tuple[str, ...],
    features: str | None,
    key: str | None,
    source: Path | None,
    target: Path | None,
    as_json: bool,
    path: str,
    **how: Any,
) -> None:
    """Answer texts, rows, or a file of them, with a registered model.

    --model may also name the folder of a bundle, or of a Hugging Face or sentence-transformers model. To ask a
    question, give it and its context; to rerank, give the query and then the texts to put in order. A model of a table
    takes --features, --key or both and no text; in a file, columns lie in `features` or in the line itself.
    """
    row = _row_of(features, key)
    if bool(texts or row) == bool(source) or bool(source) != bool(target):
        raise click.UsageError("give texts or --features, or --input FILE with --output FILE.")
    parameters = dict(map(_parameter, given))
    with _load(model, task, path, how) as loaded:
        if source and target:
            _predict_file(loaded, source, target, parameters)
            return
        predictions = loaded.predict(_inputs(loaded.task.name, texts, row), **parameters)
    if as_json:
        print_json([_plain(one) for one in predictions])
    else:
        shown = [" | ".join(texts) or features or key or ""] if len(predictions) != len(texts) else texts
        print_table(
            ("text", "language", "script", "answer"), [_row(*pair) for pair in zip(shown, predictions, strict=True)]
        )


def _load(model: str | None, task: str | None, path: str, how: dict[str, Any]) -> Model:
    if model and (Path(model).is_dir() or model.startswith(PATH_STARTS)):
        return load(model, task=task, **how)
    place = open_workspace(path)
    return load(place.registry.resolve(model or place.spec().name).uri, task=task, workspace=path, **how)


def _row_of(features: str | None, key: str | None) -> dict[str, Any]:
    """The fields of an input beside its text."""
    given = {} if features is None else {"features": _json("--features", features)}
    return given | ({} if key is None else {"key": _json("--key", key) if key.startswith("{") else key})


def _json(name: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise click.UsageError(f"{name} is not JSON: {error}.") from None


def _inputs(task: str, texts: tuple[str, ...], row: dict[str, Any]) -> list[Any]:
    if row:
        return [{"text": text} | row for text in texts] or [row]
    match task:
        case "question-answering":
            if len(texts) != 2:
                raise click.UsageError("give the question and its context.")
            return [{"question": texts[0], "context": texts[1]}]
        case "rerank":
            return [{"query": texts[0], "texts": list(texts[1:])}]
        case _:
            return list(texts)


def _parameter(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:
        raise click.UsageError(f"'{text}' is not NAME=JSON; write texts in double quotes.") from None


def _predict_file(model: Model, source: Path, target: Path, parameters: dict[str, Any]) -> None:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # heavy: only long work needs it

    from dragoman.serving.files import predict_file

    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} inputs"), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bars:
        task = bars.add_task("", total=None)
        count = predict_file(model, source, target, parameters, report=lambda done: bars.update(task, completed=done))
    click.echo(f"Wrote {count} predictions to {target}")


def _row(text: str, prediction: Prediction) -> tuple[str, ...]:
    return text, prediction.language, prediction.script, _answer(prediction)


def _answer(prediction: Prediction) -> str:
    """The result in a line, whatever the task."""
    match prediction:
        case LabelPrediction():
            best = ", ".join(f"{label.label} {label.score:.2f}" for label in prediction.labels[:SHOWN])
            shown = best + (" (abstained)" if prediction.abstained else "")
        case EntityPrediction():
            shown = ", ".join(f"{one.text} {one.label} {one.score:.2f}" for one in prediction.entities) or "none"
        case AnswerPrediction():
            shown = f"{prediction.answer.text} {prediction.answer.score:.2f}" if prediction.answer else "no answer"
        case RankPrediction():
            shown = ", ".join(f"{one.index} {one.score:.2f}" for one in prediction.results)
        case ValuePrediction():
            shown = _value(prediction)
        case ForecastPrediction():
            shown = ", ".join(f"{one.time} {_value(one)}" for one in prediction.forecast[:SHOWN])
        case FillPrediction():
            shown = ", ".join(f"{one.text} {one.score:.2f}" for one in prediction.candidates)
        case EmbeddingPrediction():
            numbers = prediction.embedding.ravel()
            shown = " ".join(f"{number:.3f}" for number in numbers[:SHOWN]) + f" … ({len(numbers)} numbers)"
        case _:
            shown = ""
    return shown


def _value(one: ValuePrediction | ForecastValue) -> str:
    return f"{one.value:g} ({one.low:g} to {one.high:g})"


def _plain(prediction: Prediction) -> Any:
    """Data for JSON: vectors become lists."""
    return msgspec.to_builtins(prediction, enc_hook=lambda array: array.tolist())
