"""`dragoman up`."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from types import FrameType
from typing import Any

import click
import msgspec

from dragoman.app import Workspace, check_address, ensure_trained, open_workspace, serve
from dragoman.app.loop_child import LoopChild
from dragoman.cli.options import print_table, workspace
from dragoman.cli.questions import Question, ask_all, questions_for
from dragoman.cli.serve import address
from dragoman.records import Example

__all__ = ["command"]

RIGHT_SHARE = 0.75


@click.command("up")
@click.argument("folder", required=False)
@click.option("--check", is_flag=True, help="Ask one question per language over HTTP, print the answers, and stop.")
@click.option("--no-loop", is_flag=True, help="Run no loop beside the server: nothing is retrained by itself.")
@address
@workspace
def command(folder: str | None, *, check: bool, no_loop: bool, path: str, **listen: Any) -> None:
    """Train what needs training, register it, and serve it.

    FOLDER is the workspace (the same as --workspace). A process beside the server runs the loop, which measures the
    models in use and trains them anew when their specs say so: `dragoman loop status`. With --check there is none, and
    the exit code is 0 if every question was answered and three quarters of the answers are right, else 1.
    """
    place = open_workspace(folder or path, **listen)
    check_address(place.settings, place)
    signal.signal(signal.SIGTERM, _stop)  # until the server takes over: a training must not outlive this process
    ensure_trained(place, show=click.echo)
    if not check:
        spec = place.specs()[0]
        texts = [question.text for question in questions_for(place.test_examples(spec.name))][:3]
        with LoopChild(None if no_loop else place.root) as loop:
            serve(place.settings, place, on_ready=lambda url: _show_next(spec.name, texts, url, loop))
        return
    failures: list[str] = []
    serve(place.settings, place, on_ready=lambda url: _check_in_background(place, url, failures))
    if failures:
        raise SystemExit(_failed(failures))


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _failed(failures: list[str]) -> int:
    for line in failures:
        click.echo(f"failed: {line}", err=True)
    return 1


def _show_next(model: str, texts: list[str], url: str, loop: LoopChild) -> None:
    loop.start()
    body = msgspec.json.encode({"inputs": texts}).decode()
    header = "Content-Type: application/json"
    click.echo(f"\nServing on {url}. Try:\n")
    click.echo(f"  curl -s {url}/v1/models/{model}/predict -H {shlex.quote(header)} -d {shlex.quote(body)}\n")
    click.echo(f"API description: {url}/openapi.json   Stop with Ctrl-C.")


def _check_in_background(place: Workspace, url: str, failures: list[str]) -> None:
    """Ask while the server runs in this thread; then stop it the way an operator would."""

    def check() -> None:
        try:
            for spec in place.specs():
                failures.extend(_check_model(spec.name, url, place.test_examples(spec.name)))
        except Exception as error:  # the thread's end must stop the server, whatever happened
            failures.append(f"{type(error).__name__}: {error}")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=check, name="dragoman-check", daemon=True).start()


def _check_model(name: str, url: str, examples: list[Example]) -> list[str]:
    answered = ask_all(url, name, questions_for(examples))
    print_table(
        ("language", "question", "expected", "answer", "score", "detected", ""), [_row(*pair) for pair in answered]
    )
    right = sum(answer.label == question.label for question, answer in answered)
    click.echo(f"{name}: {right} of {len(answered)} right, version {answered[0][1].version}")
    enough = right >= RIGHT_SHARE * len(answered)
    return [] if enough else [f"{name}: only {right} of {len(answered)} answers are right."]


def _row(question: Question, answer: object) -> tuple[str, ...]:
    label, score, language = (getattr(answer, name) for name in ("label", "score", "language"))
    mark = "" if label == question.label else "wrong"
    return question.language, question.text, question.label, label, f"{score:.2f}", language, mark
