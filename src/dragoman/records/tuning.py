"""Forms of a model, measured."""

from __future__ import annotations

from dragoman.records.base import Record

__all__ = ["Agreement", "Form", "FormReport", "TuningReport"]


class Form(Record, frozen=True, kw_only=True):
    """One way of running a model."""

    precision: str  # "fp32", "int8", "bf16" or "fp16"
    backend: str  # "onnxruntime", "native" or "torch"
    threads: int  # 0: all cores that the process may use
    trimmed: bool = False  # without the pieces that the served languages do not need

    @property
    def device(self) -> str:
        """The kind of device that it runs on: "cpu" or "cuda"."""
        return "cuda" if self.backend == "torch" else "cpu"

    @property
    def name(self) -> str:
        threads = {0: "all cores", 1: "1 thread"}.get(self.threads, f"{self.threads} threads")
        where = self.device if self.device == "cuda" else threads
        return f"{self.precision} {self.backend}, {where}" + (", trimmed" if self.trimmed else "")


class Agreement(Record, frozen=True, kw_only=True):
    """How near a form's answers are to those of the fp32 form, on the same texts."""

    texts: int
    labels: float  # share of texts with the same label; of embeddings, with the same nearest neighbour
    languages: dict[str, float]  # the same per language
    score_distance: float  # greatest difference of a score
    cosine: float  # least cosine of two mean hidden states

    @property
    def worst_language(self) -> str:
        """The language with the least agreement; the first of them by name."""
        return min(sorted(self.languages), key=self.languages.__getitem__)


class FormReport(Record, frozen=True, kw_only=True):
    """What was measured of one form."""

    form: Form
    tokens_per_second: float
    single_ms: float  # median time of one text alone
    agreement: Agreement
    accuracy: float | None = None  # share of texts with their true label, where it is known
    missed: list[str] = []  # gates that it does not pass, in words


class TuningReport(Record, frozen=True, kw_only=True):
    """What `dragoman tune` measured, where, and which form it chose."""

    processor: str
    cores: int  # that the process could use
    gate: float  # least agreement over all
    language_gate: float  # least agreement in every language
    pieces: int  # of the tokenizer
    kept_pieces: int  # of the trimmed one; the same where nothing was trimmed
    trimming: str  # what trimming kept: "scripts" or "seen"; empty where nothing was trimmed
    forms: list[FormReport]  # the first is the reference
    chosen: Form  # for the device of the model's spec
    elsewhere: list[Form] = []  # for other kinds of device that were measured, with the same pieces
    cuda_device: str = ""  # name of the one that forms ran on; empty: there was none

    @property
    def tuned(self) -> list[Form]:
        """The form for each kind of device, the chosen one first."""
        return [self.chosen, *self.elsewhere]

    @property
    def best(self) -> FormReport:
        """What was measured of the chosen form."""
        return self.measured(self.chosen)

    def measured(self, form: Form) -> FormReport:
        """What was measured of one of the forms."""
        return next(one for one in self.forms if one.form == form)
