"""What the hub tells of its API to programs: the document of OpenAPI, with what all routes share.

FastAPI knows the routes; errors as problem documents, the ways to sign in and the answer 202 of a
change that needs an approval are the same everywhere, so they are added here.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

PROBLEM = "application/problem+json"
WRITES = ("post", "patch", "put", "delete")
_ABOUT = (
    "The archive, alerts and readings of every store. 门店的档案、预警与读数。 "
    "Guides with worked examples: docs/api."
)
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457; its sentence is in the language asked for.",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "errors": _TEXTS | {"description": "what is wrong, by field"},
        },
    },
    "HeldBack": {
        "type": "object",
        "description": "The change needs an approval first; it is made once that is given.",
        "required": ["approval"],
        "properties": {"approval": {"type": "string"}},
    },
}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "storevitals"},
}


class Api(FastAPI):
    """The application; its document of OpenAPI is whole."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what every operation has in common."""
    document["info"]["description"] = _ABOUT
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas |= _SCHEMAS
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of errors
        schemas.pop(unused, None)
    parts["securitySchemes"] = _SECURITY
    parts["responses"] = {"Problem": _problem(), "HeldBack": _held_back()}
    document["security"] = [{name: []} for name in _SECURITY]
    for method, operation in operations(document):
        answers = operation["responses"]
        answers.pop("422", None)
        for refused in ("4XX", "503"):
            answers.setdefault(refused, {"$ref": "#/components/responses/Problem"})
        if method in WRITES:
            answers.setdefault("202", {"$ref": "#/components/responses/HeldBack"})
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every method of every address."""
    for methods in document["paths"].values():
        yield from methods.items()


def _problem() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": "Refused; `detail` says why", "content": {PROBLEM: {"schema": schema}}}


def _held_back() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/HeldBack"}
    content = {"application/json": {"schema": schema}}
    return {"description": "Waits for an approval", "content": content}
