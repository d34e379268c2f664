"""What an OpenLineage run event must be, as JSON Schema: the rules of the specification 2-0-2 in our words."""

from __future__ import annotations

import uuid
from typing import Any

import jsonschema

FACET = {
    "type": "object",
    "required": ["_producer", "_schemaURL"],
    "properties": {"_producer": {"type": "string", "format": "uri"}, "_schemaURL": {"type": "string", "format": "uri"}},
}
FACETS = {"type": "object", "additionalProperties": FACET}


def dataset(kind: str) -> dict[str, Any]:
    properties = {"namespace": {"type": "string", "minLength": 1}, "name": {"type": "string", "minLength": 1}}
    return {
        "type": "object",
        "required": ["namespace", "name"],
        "additionalProperties": False,
        "properties": {**properties, "facets": FACETS, f"{kind}Facets": FACETS},
    }


RUN_EVENT = {
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "additionalProperties": False,
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"type": "string", "format": "date-time", "pattern": "Z$"},
        "producer": {"type": "string", "format": "uri"},
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "run": {
            "type": "object",
            "required": ["runId"],
            "additionalProperties": False,
            "properties": {"runId": {"type": "string", "format": "uuid"}, "facets": FACETS},
        },
        "job": {
            "type": "object",
            "required": ["namespace", "name"],
            "additionalProperties": False,
            "properties": {"namespace": {"type": "string"}, "name": {"type": "string"}, "facets": FACETS},
        },
        "inputs": {"type": "array", "items": dataset("input")},
        "outputs": {"type": "array", "items": dataset("output")},
    },
}


def check_event(event: dict[str, Any]) -> None:
    """Raises if it is no run event."""
    jsonschema.validate(event, RUN_EVENT, format_checker=jsonschema.FormatChecker())
    uuid.UUID(event["run"]["runId"])
    for one in (*event["inputs"], *event["outputs"], event["job"], event["run"]):
        for name, facet in one.get("facets", {}).items():
            assert name[0].islower()
            assert facet["_schemaURL"].startswith("https://openlineage.io/spec/")
