"""A small model of every task: the real tasks, over the fake session and a word tokenizer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import uvicorn
from starlette.types import ASGIApp
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers import Tokenizer as Backend

from dragoman.api.application import create_app
from dragoman.api.server import bind
from dragoman.models.packing import PackedBatch
from dragoman.models.readouts import AllTokensReadout, PoolReadout
from dragoman.runtime.base import FakeSession, Floats, Session
from dragoman.serving.backbone import Backbone
from dragoman.serving.cache import ResultCache
from dragoman.serving.fakes import CountReadout, FakeDetector, fake_engine
from dragoman.serving.model import Model
from dragoman.serving.table import ModelTable
from dragoman.serving.table_fakes import fake_table
from dragoman.serving.tasks.classification import TextClassification
from dragoman.serving.tasks.embedding import Embedding
from dragoman.serving.tasks.fill_mask import FillMask
from dragoman.serving.tasks.question_answering import QuestionAnswering
from dragoman.serving.tasks.rerank import Rerank
from dragoman.serving.tasks.token_classification import TokenClassification
from dragoman.serving.tasks.zero_shot import ZeroShot
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer

LABELS = ("invoice", "refund", "other")
ENTITIES = ("O", "B-PER", "I-PER")
RELATIONS = ("contradiction", "neutral", "entailment")
WORDS = ("where", "is", "my", "order", "please", "refund", "cancel", "it", "заказ", "где", "ที่", "🙂", "été")
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
VECTOR = 8  # numbers of a fake embedding
NAMES = {
    "support": "text-classification",
    "entities": "token-classification",
    "answers": "question-answering",
    "vectors": "embedding",
    "ranker": "rerank",
    "anything": "zero-shot-classification",
    "masks": "fill-mask",
    "scoring": "tabular-classification",
    "prices": "tabular-regression",
}


class MaskRows:
    """For each mask of a text, logits that grow with the id."""

    key = "mask-rows"

    def __init__(self, mask: int, vocabulary: int) -> None:
        self.mask, self.vocabulary = mask, vocabulary

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        ends = batch.first + batch.lengths
        rows = [batch.input_ids[batch.first[text] : ends[text]] for text in texts]
        logits = np.arange(self.vocabulary, dtype=np.float32)
        return [np.tile(logits, (int((ids == self.mask).sum()), 1)) for ids in rows]


def word_tokenizer(*, max_tokens: int = 64) -> Tokenizer:
    backend = Backend(models.WordLevel({piece: id for id, piece in enumerate([*SPECIAL, *WORDS])}, unk_token="<unk>"))
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.decoder = decoders.WordPiece(prefix="##")
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    backend.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    return Tokenizer(backend, max_tokens=max_tokens)


def task_and_width(name: str, tokenizer: Tokenizer, serving: ServingSpec) -> tuple[Any, int]:
    """A task, and the size of the vectors that its fake head reads."""
    parts: dict[str, Any] = {"tokenizer": tokenizer, "serving": serving}
    makers: dict[str, Callable[[], tuple[Any, int]]] = {
        "text-classification": lambda: (TextClassification(**parts, readout=CountReadout(), labels=LABELS), 3),
        "token-classification": lambda: (TokenClassification(**parts, readout=AllTokensReadout(), labels=ENTITIES), 3),
        "question-answering": lambda: (QuestionAnswering(**parts, readout=AllTokensReadout()), 2),
        "embedding": lambda: (
            Embedding(**parts, readout=PoolReadout(pooling="mean", normalize=False), hidden=VECTOR),
            VECTOR,
        ),
        "rerank": lambda: (Rerank(**parts, readout=CountReadout(), labels=("relevance",)), 1),
        "zero-shot-classification": lambda: (
            ZeroShot(
                **parts,
                readout=CountReadout(),
                labels=RELATIONS,
                detect=lambda text: FakeDetector().detect(text)[0],
            ),
            3,
        ),
        "fill-mask": lambda: (
            FillMask(**parts, readout=MaskRows(tokenizer.mask_token or 0, tokenizer.ids)),
            3,
        ),
    }
    return makers[name]()


def task_model(
    task: str,
    *,
    name: str = "",
    version: str = "1",
    serving: ServingSpec | None = None,
    session: Session | None = None,
    max_tokens: int = 64,
    cache: ResultCache | None = None,
) -> Model:
    """A model of a task, named as in `NAMES`."""
    serving = serving or ServingSpec()
    if task.startswith("tabular"):
        named = {"name": name} if name else {}
        return fake_table(task, version=version, digest=f"{task}:{version}", serving=serving, session=session, **named)
    tokenizer = word_tokenizer(max_tokens=max_tokens)
    done, width = task_and_width(task, tokenizer, serving)
    engine = fake_engine(session or FakeSession(width), serving=serving, cache=cache)
    return Model(
        name=name or next(known for known, its in NAMES.items() if its == task),
        version=version,
        digest=f"{task}:{version}",
        task=done,
        backbone=Backbone(tokenizer=tokenizer, engine=engine, digest=task),
        detector=FakeDetector(),
        languages=(),
        serving=serving,
    )


def table_of(*members: Model) -> ModelTable:
    """A table of these models, each a champion; of one model of every task if none is given."""
    table = ModelTable()
    for model in members or [task_model(task) for task in NAMES.values()]:
        table.add(model, aliases=["champion"])
    return table


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """The address of a real server over an application, on a thread."""
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def serving(*members: Model, **options: Any) -> Iterator[str]:
    """The address of a real server over these models, or over one of every task."""
    table = table_of(*members)
    try:
        with running(create_app(table, **options)) as url:
            yield url
    finally:
        table.close()
