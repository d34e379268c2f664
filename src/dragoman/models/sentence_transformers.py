"""Folders of sentence-transformers: a transformer, its pooling, dense layers, and how texts are prepared.

`modules.json` lists the modules and their sub-folders; Dragoman runs Transformer, Pooling, any number of Dense, and
Normalize, in this order. A folder without the file is a transformer alone; one whose only module is a transformer is a
cross-encoder, which is a classifier like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.stored import WEIGHTS_FILE, StoredArray, find_arrays, write_arrays

__all__ = [
    "MODULES_FILE",
    "Activation",
    "EmbeddingSettings",
    "SentenceFolder",
    "read_sentence_folder",
    "transformer_folder",
    "write_modules",
]

MODULES_FILE = "modules.json"
MODULE_CONFIG_FILE = "config.json"
TRANSFORMER_CONFIG_FILE = "sentence_bert_config.json"
MODEL_CONFIG_FILE = "config_sentence_transformers.json"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
FETCH_AGAIN = "Fetch the checkpoint again."
ORDER = ("Transformer", "Pooling", "Dense", "Normalize")
OLD_POOLING_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}

Pooling = Literal["cls", "mean"]
Activation = Literal["identity", "tanh"]
Size = Annotated[int, Meta(ge=1)]
T = TypeVar("T")

ACTIVATION_CLASSES: dict[str, Activation] = {
    "torch.nn.modules.linear.Identity": "identity",
    "torch.nn.modules.activation.Tanh": "tanh",
}


class EmbeddingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a sentence-transformers folder prepares texts and finishes pooled vectors."""

    activations: tuple[Activation, ...] = ()  # of the dense layers, whose arrays are `dense.N.weight` and `.bias`
    normalize: bool = False  # to length 1, at the end
    dimensions: int | None = None  # how many of the first numbers to keep
    max_tokens: int | None = None  # cut texts there, special tokens included
    lower_case: bool = False  # before the tokenizer
    prompts: dict[str, str] = {}  # name → what to put before a text
    default_prompt: str | None = None  # name of the prompt for texts that name none


class SentenceFolder(NamedTuple):
    """Where the transformer lies, and what follows it."""

    transformer: Path
    settings: EmbeddingSettings | None = None  # None: no embeddings
    pooling: Pooling | None = None
    dense: Mapping[str, StoredArray] = {}


class Module(msgspec.Struct, frozen=True):
    """An entry of `modules.json`."""

    type: str
    path: str = ""

    @property
    def kind(self) -> str:
        """The class name of a module that sentence-transformers brings; the full name of any other."""
        return self.type.rpartition(".")[2] if self.type.startswith("sentence_transformers.") else self.type


class PoolingConfig(msgspec.Struct, frozen=True):
    """Since release 5.4 the mode has a name; before, each mode had a key."""

    pooling_mode: str | list[str] | None = None
    include_prompt: bool = True
    pooling_mode_cls_token: bool = False
    pooling_mode_mean_tokens: bool = False
    pooling_mode_max_tokens: bool = False
    pooling_mode_mean_sqrt_len_tokens: bool = False
    pooling_mode_weightedmean_tokens: bool = False
    pooling_mode_lasttoken: bool = False

    @property
    def modes(self) -> list[str]:
        if self.pooling_mode is not None:
            return [self.pooling_mode] if isinstance(self.pooling_mode, str) else self.pooling_mode
        return [mode for key, mode in OLD_POOLING_KEYS.items() if getattr(self, key)] or ["mean"]


class DenseConfig(msgspec.Struct, frozen=True):
    in_features: Size
    out_features: Size
    bias: bool = True
    activation_function: str = "torch.nn.modules.activation.Tanh"
    module_input_name: str = "sentence_embedding"
    module_output_name: str | None = None


class TransformerConfig(msgspec.Struct, frozen=True):
    max_seq_length: Size | None = None
    do_lower_case: bool = False


class TokenizerConfig(msgspec.Struct, frozen=True):
    model_max_length: float | None = None  # around 1e30 where there is no limit


class ModelConfig(msgspec.Struct, frozen=True):
    prompts: dict[str, str | None] = {}
    default_prompt_name: str | None = None
    truncate_dim: Size | None = None


# Reading ------------------------------------------------------------------------------------------------------------


def transformer_folder(folder: Path) -> Path:
    """The folder of `config.json`, weights and tokenizer: a sub-folder in some folders of sentence-transformers."""
    modules = _modules(folder)
    return _module_folder(folder, modules[0]) if modules else folder


def read_sentence_folder(folder: Path) -> SentenceFolder:
    """Read a folder's modules. Raises `InvalidCheckpoint`, naming the module or setting that Dragoman does not have."""
    modules = _modules(folder)
    if len(modules) < 2:  # a transformer alone, or a cross-encoder
        return SentenceFolder(transformer_folder(folder))
    transformer, pooling, *rest = modules
    layers = [
        _dense(_module_folder(folder, module), number) for number, module in enumerate(rest[: _dense_count(rest)])
    ]
    stored = {name: array for _, arrays in layers for name, array in arrays.items()}
    settings = _settings(folder, _module_folder(folder, transformer))
    return SentenceFolder(
        transformer=_module_folder(folder, transformer),
        settings=msgspec.structs.replace(
            settings, activations=tuple(activation for activation, _ in layers), normalize=len(rest) > len(layers)
        ),
        pooling=_pooling(_module_folder(folder, pooling) / MODULE_CONFIG_FILE),
        dense=stored,
    )


def _modules(folder: Path) -> list[Module]:
    """The modules of a folder, checked for their order; none where the folder is a transformer."""
    if not (folder / MODULES_FILE).is_file():
        return []
    modules = _read(folder / MODULES_FILE, list[Module])
    kinds = [module.kind for module in modules]
    _refuse_other_modules(kinds, folder)
    expected = [*ORDER[:2], *["Dense"] * kinds.count("Dense"), *["Normalize"] * kinds.count("Normalize")]
    if kinds not in (["Transformer"], expected) or kinds.count("Normalize") > 1:
        raise InvalidCheckpoint(
            f"{folder / MODULES_FILE} has the modules {', '.join(kinds)}.",
            help=f"Dragoman runs {', '.join(ORDER)} in this order, with any number of Dense.",
        )
    return modules


def _refuse_other_modules(kinds: Sequence[str], folder: Path) -> None:
    if other := [kind for kind in kinds if kind not in ORDER]:
        raise InvalidCheckpoint(
            f"{folder / MODULES_FILE} has a module of type {other[0]!r}.",
            help=f"Dragoman runs the modules {', '.join(ORDER)} of sentence-transformers.",
        )


def _dense_count(rest: Sequence[Module]) -> int:
    return sum(module.kind == "Dense" for module in rest)


def _module_folder(folder: Path, module: Module) -> Path:
    """The folder of a module. One outside is refused: the list is not to be trusted."""
    if module.path and (Path(module.path).name != module.path or module.path == ".."):
        raise InvalidCheckpoint(
            f"{folder / MODULES_FILE} names {module.path!r}, which is no part of the folder.", help=FETCH_AGAIN
        )
    return folder / module.path


def _pooling(path: Path) -> Pooling:
    config = _read(path, PoolingConfig)
    help = "Dragoman pools by one of cls and mean, over all tokens of a text."
    if not config.include_prompt:
        raise InvalidCheckpoint(f"{path} leaves prompts out of the pooling (include_prompt).", help=help)
    match config.modes:
        case ["cls"]:
            return "cls"
        case ["mean"]:
            return "mean"
    raise InvalidCheckpoint(f"{path} pools by {' and '.join(config.modes)}.", help=help)


def _dense(folder: Path, number: int) -> tuple[Activation, dict[str, StoredArray]]:
    """The activation and the arrays of a dense layer."""
    config = _read(folder / MODULE_CONFIG_FILE, DenseConfig)
    activation = ACTIVATION_CLASSES.get(config.activation_function)
    if activation is None:
        raise InvalidCheckpoint(
            f"{folder} uses the activation {config.activation_function!r}.",
            help=f"Dragoman has {' and '.join(ACTIVATION_CLASSES)}.",
        )
    if {config.module_input_name, config.module_output_name or config.module_input_name} != {"sentence_embedding"}:
        raise InvalidCheckpoint(
            f"{folder} works on {config.module_input_name!r}.",
            help="Dragoman applies Dense to sentence_embedding only.",
        )
    found = find_arrays(folder)
    expected: dict[str, tuple[int, ...]] = {"linear.weight": (config.out_features, config.in_features)}
    if config.bias:
        expected |= {"linear.bias": (config.out_features,)}
    if {name: array.shape for name, array in found.items()} != expected:
        raise InvalidCheckpoint(f"The weights in {folder} are not those of its {MODULE_CONFIG_FILE}.", help=FETCH_AGAIN)
    return activation, {f"dense.{number}.{name.removeprefix('linear.')}": array for name, array in found.items()}


def _settings(folder: Path, transformer: Path) -> EmbeddingSettings:
    prepared = _read_if_there(transformer / TRANSFORMER_CONFIG_FILE, TransformerConfig)
    model = _read_if_there(folder / MODEL_CONFIG_FILE, ModelConfig)
    longest = (
        prepared.max_seq_length or _read_if_there(transformer / TOKENIZER_CONFIG_FILE, TokenizerConfig).model_max_length
    )
    if model.default_prompt_name is not None and model.default_prompt_name not in model.prompts:
        raise InvalidCheckpoint(
            f"{folder / MODEL_CONFIG_FILE} has no prompt {model.default_prompt_name!r}.", help=FETCH_AGAIN
        )
    return EmbeddingSettings(
        dimensions=model.truncate_dim,
        max_tokens=int(longest) if longest is not None and 1 <= longest < 2**31 else None,
        lower_case=prepared.do_lower_case,
        prompts={name: prompt or "" for name, prompt in model.prompts.items()},
        default_prompt=model.default_prompt_name,
    )


def _read_if_there(path: Path, kind: type[T]) -> T:
    return _read(path, kind) if path.is_file() else kind()


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, ValueError) as error:  # msgspec's errors are a ValueError
        raise InvalidCheckpoint(f"{path} cannot be read: {error}.", help=FETCH_AGAIN) from None


# Writing ------------------------------------------------------------------------------------------------------------


def write_modules(
    folder: Path, settings: EmbeddingSettings, arrays: Mapping[str, NDArray[Any]], *, pooling: str
) -> None:
    """Write what stands around a transformer in the root of `folder`: the mirror of `read_sentence_folder`."""
    paths = ["", "1_Pooling", *(f"{number + 2}_Dense" for number in range(len(settings.activations)))]
    if settings.normalize:
        paths.append(f"{len(paths)}_Normalize")
    _write(folder / MODULES_FILE, [_module(number, path) for number, path in enumerate(paths)])
    _write(folder / TRANSFORMER_CONFIG_FILE, _transformer_config(settings))
    _write(folder / MODEL_CONFIG_FILE, _model_config(settings))
    width = arrays["roberta.embeddings.LayerNorm.bias"].shape[0]
    _write(folder / paths[1] / MODULE_CONFIG_FILE, _pooling_config(pooling, width))
    for number in range(len(settings.activations)):
        _write_dense(folder / paths[number + 2], settings.activations[number], arrays, f"dense.{number}.")


def _module(number: int, path: str) -> dict[str, Any]:
    kind = path.rpartition("_")[2] or "Transformer"
    return {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}


def _transformer_config(settings: EmbeddingSettings) -> dict[str, Any]:
    return {"max_seq_length": settings.max_tokens, "do_lower_case": settings.lower_case}


def _model_config(settings: EmbeddingSettings) -> dict[str, Any]:
    return {
        "prompts": settings.prompts,
        "default_prompt_name": settings.default_prompt,
        "truncate_dim": settings.dimensions,
    }


def _pooling_config(pooling: str, width: int) -> dict[str, Any]:
    """In the keys of before release 5.4, which later ones read too."""
    return {"word_embedding_dimension": width} | {key: mode == pooling for key, mode in OLD_POOLING_KEYS.items()}


def _write_dense(folder: Path, activation: Activation, arrays: Mapping[str, NDArray[Any]], prefix: str) -> None:
    own = {f"linear.{name.removeprefix(prefix)}": array for name, array in arrays.items() if name.startswith(prefix)}
    (class_name,) = (name for name, known in ACTIVATION_CLASSES.items() if known == activation)
    outputs, inputs = own["linear.weight"].shape
    config = {"in_features": inputs, "out_features": outputs, "bias": "linear.bias" in own}
    _write(folder / MODULE_CONFIG_FILE, config | {"activation_function": class_name})
    write_arrays(folder / WEIGHTS_FILE, own)


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
