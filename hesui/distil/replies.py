"""Reads the JSON that a teacher was asked for, however it is wrapped; knows nothing of what it is for."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


def read_json(text: str, model: type[Model]) -> Model | None:
    """The object in `text`, checked against `model`; None where there is none such.

    Code fences and words around the object are tolerated: it is taken from the first brace to the last.
    """
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        return model.model_validate_json(text[start : end + 1])
    except ValidationError:
        return None
