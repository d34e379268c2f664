"""The same models in `transformers`: what Dragoman must agree with."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import transformers

from tests.models.small import LABELS, Outputs

from dragoman.models.checkpoint import TORCH_FILE, WEIGHTS_FILE

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

CONFIGS = {"xlm-roberta": "XLMRobertaConfig", "roberta": "RobertaConfig", "bert": "BertConfig"}


def hugging_face_config(family: str, **changes: Any) -> Any:
    shape = {
        "vocab_size": 60,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        "max_position_embeddings": 40,
        "type_vocab_size": 2 if family == "bert" else 1,
        "id2label": dict(enumerate(LABELS)),
        "label2id": {label: index for index, label in enumerate(LABELS)},
    }
    return getattr(transformers, CONFIGS[family])(**(shape | changes))


def save_model(folder: Path, family: str, *, kind: str = "SequenceClassification", **changes: Any) -> Path:
    """Save a model of `transformers` whose every weight is random, biases and norms included.

    `kind` is the head; "" is the bare body.
    """
    auto = getattr(transformers, f"AutoModelFor{kind}" if kind else "AutoModel")
    model = auto.from_config(hugging_face_config(family, **changes))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(
                1.0 if name.endswith(("LayerNorm.weight", "layer_norm.weight")) else 0.0, 0.2, generator=generator
            )
    model.save_pretrained(folder)
    return folder


def hugging_face_outputs(folder: Path, texts: Sequence[Sequence[int]], *, head: bool) -> Outputs:
    """Hidden states of all tokens, and logits, from texts that are read one at a time."""
    auto = transformers.AutoModelForSequenceClassification if head else transformers.AutoModel
    model = auto.from_pretrained(folder, dtype=torch.float32).eval()
    hidden, logits = [], []
    with torch.inference_mode():
        for text in texts:
            answer = model(torch.tensor([list(text)]), output_hidden_states=True)
            hidden.append(answer.hidden_states[-1][0].numpy())
            logits.append(answer.logits.numpy() if head else np.zeros((1, 0), dtype=np.float32))
    return Outputs(np.concatenate(hidden), np.concatenate(logits))


def hugging_face_head(
    folder: Path, kind: str, texts: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None = None
) -> list[NDArray[np.float32]]:
    """What the head `kind` gives for texts that are read one at a time; a span's two scores stand side by side."""
    model = getattr(transformers, f"AutoModelFor{kind}").from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        answers = [
            model(torch.tensor([list(text)]), token_type_ids=torch.tensor([list(of_text)]))
            for text, of_text in zip(texts, types or [[0] * len(text) for text in texts], strict=True)
        ]
    if kind == "QuestionAnswering":
        return [torch.stack([one.start_logits[0], one.end_logits[0]], dim=1).numpy() for one in answers]
    return [one.logits[0].numpy() for one in answers]


def hugging_face_labels(folder: Path) -> list[str]:
    """The labels that `transformers` shows, in the order of the head."""
    names = transformers.AutoConfig.from_pretrained(folder).id2label
    return [names[index] for index in sorted(names)]


def use_old_names(folder: Path) -> None:
    """Rename norms to `gamma` and `beta`, as the first releases did."""
    arrays = load_file(folder / WEIGHTS_FILE)
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): array
        for name, array in arrays.items()
    }
    save_file(old, folder / WEIGHTS_FILE, metadata={"format": "pt"})


def use_torch_file(folder: Path) -> None:
    """Keep the weights in `pytorch_model.bin` only."""
    torch.save(load_file(folder / WEIGHTS_FILE), folder / TORCH_FILE)
    (folder / WEIGHTS_FILE).unlink()


def use_half_precision(folder: Path, dtype: torch.dtype) -> None:
    """Keep the weights in 16 bits."""
    halves = {name: array.to(dtype) for name, array in load_file(folder / WEIGHTS_FILE).items()}
    save_file(halves, folder / WEIGHTS_FILE, metadata={"format": "pt"})


def use_shards(folder: Path, count: int = 3) -> None:
    """Spread the weights over several files with an index."""
    arrays = load_file(folder / WEIGHTS_FILE)
    place = {name: f"model-{number % count + 1:05}-of-{count:05}.safetensors" for number, name in enumerate(arrays)}
    for shard in set(place.values()):
        part = {name: array for name, array in arrays.items() if place[name] == shard}
        save_file(part, folder / shard, metadata={"format": "pt"})
    (folder / WEIGHTS_FILE).unlink()
    index = {"metadata": {"total_size": 0}, "weight_map": place}
    (folder / f"{WEIGHTS_FILE}.index.json").write_text(json.dumps(index))
