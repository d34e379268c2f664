"""The shape of an encoder, and the scratch presets."""

from __future__ import annotations

import msgspec

__all__ = ["PRESETS", "EncoderConfig"]


class EncoderConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shape of an XLM-RoBERTa, RoBERTa or BERT body.

    `family` decides where positions start: RoBERTa and XLM-R count from `pad_token + 1`, BERT from 0.
    """

    family: str  # "xlm-roberta", "roberta" or "bert"
    vocabulary: int
    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int  # rows of the position table
    token_types: int = 1
    pad_token: int = 1
    norm_epsilon: float = 1e-5
    activation: str = "gelu"  # "gelu" (erf), "gelu_new" (tanh) or "relu"

    @property
    def first_position(self) -> int:
        """Row of the position table that the first token of a text uses."""
        return 0 if self.family == "bert" else self.pad_token + 1

    @property
    def max_tokens(self) -> int:
        """Longest text in tokens, special tokens included."""
        return self.positions - self.first_position

    @property
    def head_size(self) -> int:
        return self.hidden // self.heads


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """Size of a scratch encoder."""

    hidden: int
    layers: int
    heads: int
    intermediate: int

    def config(self, *, vocabulary: int, max_tokens: int) -> EncoderConfig:
        """An XLM-R shaped config with room for `max_tokens` tokens."""
        return EncoderConfig(
            family="xlm-roberta",
            vocabulary=vocabulary,
            hidden=self.hidden,
            layers=self.layers,
            heads=self.heads,
            intermediate=self.intermediate,
            positions=max_tokens + 2,
        )


PRESETS = {
    "scratch:mini": Preset(hidden=192, layers=1, heads=4, intermediate=384),
    "scratch:small": Preset(hidden=256, layers=3, heads=4, intermediate=1024),
}
