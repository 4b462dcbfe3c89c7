"""The OpenAPI document: what the framework draws, plus what it leaves out."""

import copy
from typing import Any

from pydantic import BaseModel

from app.web.body import Body, Form


def strict_document(document: dict[str, Any]) -> dict[str, Any]:
    """Mark every shape that refuses unknown fields as closed, and give every operation its problem answer."""
    found = copy.deepcopy(document)
    closed = {shape.__name__ for shape in _descendants(Body) | _descendants(Form)}
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in schemas.items():
        if name in closed or schema.get("title") in closed:
            schema["additionalProperties"] = False
    schemas["Problem"] = PROBLEM
    for operations in found.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].pop("400", None)  # The framework's own shape of a refusal is not ours.
                operation["responses"]["default"] = ANSWER
    return found


PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `type` is one of /problems; every refusal looks like this.",
    "required": ["type", "title", "status", "code", "detail", "trace_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "trace_id": {"type": "string"},
        "pointer": {"type": "string", "description": "RFC 6901, where in the body"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
ANSWER: dict[str, Any] = {
    "description": "A refusal",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _descendants(kind: type[BaseModel]) -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = set()
    for child in kind.__subclasses__():
        found |= {child} | _descendants(child)
    return found
