"""What applying the views of a workspace would change, in words that a person can judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from dragoman.features.times import length_text
from dragoman.records import AppliedView, Record, ViewColumn

__all__ = ["FeatureChange", "ViewChange", "ViewUse", "plan_views"]

ChangeKind = Literal["new", "changed", "relabelled", "retired", "unchanged"]


class ViewUse(Record, frozen=True, kw_only=True):
    """A model that reads a view: by its spec, or as a version that answers and was trained with a definition."""

    model: str
    version: int | None = None  # None: by its spec
    role: str = ""  # "champion", "challenger", "release"
    digest: str = ""  # of the definition that it was trained with


class FeatureChange(Record, frozen=True, kw_only=True):
    """What happens to one feature; empty texts where there was none, or will be none."""

    feature: str
    before: str = ""
    after: str = ""
    type_before: str = ""
    type_after: str = ""


class ViewChange(Record, frozen=True, kw_only=True):
    """What happens to one view. One that is only relabelled (owner, description, types) keeps its rows."""

    view: str
    kind: ChangeKind
    digest: str = ""  # that will be in force
    before: str = ""  # that is in force
    owner: str = ""
    owner_before: str = ""
    entity: str = ""
    source: str = ""
    features: list[FeatureChange] = msgspec.field(default_factory=list)
    words: list[str] = msgspec.field(default_factory=list)  # other changes: "ttl: 30d → 90d"
    uses: list[ViewUse] = msgspec.field(default_factory=list)

    @property
    def pinned(self) -> list[ViewUse]:
        """Versions that answer from the definition that is replaced or retired; they go on with it."""
        return [use for use in self.uses if use.version is not None and use.digest == self.before]


def plan_views(
    wanted: Sequence[AppliedView], applied: Sequence[AppliedView], uses: Mapping[str, Sequence[ViewUse]]
) -> list[ViewChange]:
    """The change of every view of the workspace and of the catalog, by name.

    `wanted` are the definitions in the files, as they would be applied; `uses` are by the name of the view.
    """
    now = {view.name: view for view in applied}
    then = {view.name: view for view in wanted}
    return [
        msgspec.structs.replace(_change(now.get(name), then.get(name)), uses=list(uses.get(name, ())))
        for name in sorted(now | then)
    ]


def _change(before: AppliedView | None, after: AppliedView | None) -> ViewChange:
    if after is None:
        assert before is not None  # the name is of one of the two
        return ViewChange(view=before.name, kind="retired", before=before.digest, owner_before=before.owner)
    change = ViewChange(
        view=after.name,
        kind=_kind(before, after),
        digest=after.digest,
        before=before.digest if before else "",
        owner=after.owner,
        owner_before=before.owner if before else "",
        entity=str(after.definition["entity"]["name"]),
        source=_source(after.definition["source"]),
        features=list(_features(before.columns if before else [], after.columns)),
    )
    return change if before is None else msgspec.structs.replace(change, words=list(_words(before, after)))


def _kind(before: AppliedView | None, after: AppliedView) -> ChangeKind:
    if before is None:
        return "new"
    if before.digest != after.digest:
        return "changed"
    told = [(view.definition, view.columns, view.types, view.owner) for view in (before, after)]
    return "relabelled" if told[0] != told[1] else "unchanged"


def _features(before: Sequence[ViewColumn], after: Sequence[ViewColumn]) -> Iterator[FeatureChange]:
    was, will = ({column.name: column for column in columns} for columns in (before, after))
    for name in {**will, **was}:
        old, new = was.get(name), will.get(name)
        if old != new:
            yield FeatureChange(
                feature=name,
                before=old.expression if old else "",
                after=new.expression if new else "",
                type_before=old.type if old else "",
                type_after=new.type if new else "",
            )


def _words(before: AppliedView, after: AppliedView) -> Iterator[str]:
    """What is another than before, beside the features."""
    old, new = before.definition, after.definition
    if old["entity"] != new["entity"]:
        yield f"entity: {_entity(old['entity'])} → {_entity(new['entity'])}"
    for field in sorted(old["source"].keys() | new["source"].keys()):
        if (was := old["source"].get(field)) != (will := new["source"].get(field)):
            yield f"source {field}: {_shown(was)} → {_shown(will)}"
    if old.get("ttl") != new.get("ttl"):
        yield f"ttl: {_length(old.get('ttl'))} → {_length(new.get('ttl'))}"
    for column in sorted(before.types.keys() & after.types.keys()):
        if (was := before.types[column]) != (will := after.types[column]):
            yield f"type of the column {column}: {was} → {will}"
    if before.owner != after.owner:
        yield f"owner: {before.owner} → {after.owner}"
    if old.get("description") != new.get("description"):
        yield "description"
    is_same_text = {**old, "features": None} == {**new, "features": None} and before.columns == after.columns
    if before.digest != after.digest and is_same_text:
        yield "the meaning of the definition: this release computes some of its values in another way"


def _entity(plain: Mapping[str, Any]) -> str:
    return f"{plain['name']} ({', '.join(plain['keys'])})"


def _source(plain: Mapping[str, Any]) -> str:
    return str(plain.get("dataset") or ", ".join(plain.get("files", ())))


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else "none" if value is None else str(value)


def _length(microseconds: int | None) -> str:
    return "none" if microseconds is None else length_text(microseconds)
