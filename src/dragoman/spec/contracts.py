"""The contract of a dataset: `contracts/NAME.toml`."""

from __future__ import annotations

from dragoman.spec.base import Section

__all__ = ["CONTRACTS_FOLDER", "ContractSpec"]

CONTRACTS_FOLDER = "contracts"


class ContractSpec(Section, frozen=True, kw_only=True):
    """What data must be to become a version of the dataset."""
