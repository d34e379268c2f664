"""The same tasks in `transformers`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from tests.serving.tasks.asking import Chosen, Logits

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import transformers

from dragoman.text.tokenizer import Tokenizer

transformers.utils.logging.set_verbosity_error()
torch.set_num_threads(1)

FAMILIES = {"xlm-roberta": "XLMRobertaConfig", "bert": "BertConfig"}
NAMES = {
    "xlm-roberta": {"cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"},
    "bert": {"cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "unk": "[UNK]", "mask": "[MASK]"},
}


@cache
def random_model(
    family: str, kind: str, *, vocabulary: int, labels: tuple[str, ...] = ("A", "B"), seed: int = 0
) -> Any:
    """A model with a head of `kind` whose weights are all random; its words differ enough to get different answers."""
    config = getattr(transformers, FAMILIES[family])(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=160,
        type_vocab_size=2 if family == "bert" else 1,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    model = getattr(transformers, f"AutoModelFor{kind}").from_config(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            spread = 2.0 if "word_embeddings" in name or ("encoder" not in name and parameter.ndim == 2) else 0.1
            parameter.normal_(1.0 if name.endswith("LayerNorm.weight") else 0.0, spread, generator=generator)
    return model


def pipeline(task: str, model: Any, family: str, tokenizer: Tokenizer) -> Any:
    names = {f"{name}_token": piece for name, piece in NAMES[family].items()}
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_file=None, tokenizer_object=tokenizer.backend, **names)
    wrapped.model_input_names = ["input_ids", "attention_mask"]
    return transformers.pipeline(task, model=model, tokenizer=wrapped, device="cpu")


def run_quietly(pipe: Any, text: str, **options: Any) -> Any:
    """Its answer, without its warnings."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        return pipe(text, **options)


def readout_of(model: Any, *, mask_token: int | None = None) -> Chosen:
    """The model's logits of a text's tokens or, with `mask_token`, of its masks; [L, 2] of a start and end model."""

    def logits_of(ids: Sequence[int], types: Sequence[int]) -> Logits:
        with torch.inference_mode():
            answer = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types]))
        if "start_logits" in answer:
            return torch.stack([answer.start_logits[0], answer.end_logits[0]], dim=-1).numpy()
        logits = answer.logits[0].numpy()
        return logits if mask_token is None else logits[np.array(ids) == mask_token]

    return Chosen(logits_of)
