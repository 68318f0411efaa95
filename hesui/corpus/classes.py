"""Task classes: what kinds of prompts a corpus has. Each is a file, so that an owner adds one without programming.

Shipped classes lie in data/classes, an owner's own in the home folder's `classes`; a file there replaces the
shipped one of its name. docs/classes.md explains every field.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hesui.errors import InputError
from hesui.length import Op, parse
from hesui.settings import ROOT, Settings

SHIPPED = ROOT / "data" / "classes"

_GAP = re.compile(r"\{(\w+)\}")  # other braces are text

Weight = Annotated[float, Field(gt=0)]


class Part(BaseModel):
    """A piece of a class file: unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Words(Part):
    """A text in both languages."""

    zh: str
    en: str


class Shot(Part):
    """A prompt that shows a teacher what is meant, with an answer where there is one."""

    prompt: str
    completion: str | None = None


class Label(Part):
    """One of the labels that a label class offers."""

    id: str
    key: Annotated[str, Field(min_length=1, max_length=1)]  # the key that chooses it
    name: Words


class TaskClass(Part):
    """One task class, as its file states it."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = ""  # the file's name
    kind: Literal["answer", "label"] = "answer"
    name: Words
    asks: Words  # what a prompt of this class asks for, in a sentence
    share: float = Field(
        1, ge=0
    )  # of a corpus's prompts, against the other classes'; 0 = only by name, or as others' input
    needs_demand: bool = True  # a prompt without a length demand is a mistake
    demand: str = ""  # the demand of a prompt that states none, as people write it: "50字"
    ops: Mapping[Op, Weight] = Field(default_factory=dict)  # how often varied demands use each op
    numbers: tuple[int, int] = (30, 100)  # the numbers that varied demands use, both included
    within: int = Field(2, ge=0)  # an accepted answer misses an exact demand by this at most
    system: str = ""  # the system message of every prompt, e.g. a role to play
    input: str = ""  # the class whose accepted answers this one's prompts carry
    wordings: tuple[str, ...] = ()  # of such prompts, with {input} and, at its place, {demand}
    guidance: str = ""  # what a teacher is told when it writes new prompts
    shots: tuple[Shot, ...] = ()
    labels: tuple[Label, ...] = ()  # of a label class
    question: Words | None = None  # of a label class: what is asked about each text

    @model_validator(mode="after")
    def _consistent(self) -> TaskClass:
        self._check_labels()
        if self.input and self.input == self.id:
            raise ValueError("a class cannot take its own answers")
        if self.input and not self.wordings:
            raise ValueError("a class with an input needs wordings that hold {input}")
        for wording in self.wordings:
            _check_wording(wording)
        if self.demand and parse(f"写{self.demand}") is None and parse(f"write {self.demand}") is None:
            raise ValueError(f"the demand {self.demand!r} is none that hesui can read; write e.g. 50字以内")
        if self.numbers[0] > self.numbers[1] or self.numbers[0] < 1:
            raise ValueError(f"numbers {list(self.numbers)} is no range; write [lowest, highest]")
        return self

    def _check_labels(self) -> None:
        if self.kind == "label" and (len(self.labels) < 2 or self.question is None):
            raise ValueError("a label class needs a question and at least two labels")
        if self.kind == "answer" and self.labels:
            raise ValueError('labels belong to a class with kind = "label"')
        for values in ([label.id for label in self.labels], [label.key for label in self.labels]):
            if len(set(values)) < len(values):
                raise ValueError(f"two labels share an id or a key: {', '.join(values)}")


def _check_wording(wording: str) -> None:
    gaps = set(_GAP.findall(wording))
    if "input" not in gaps:
        raise ValueError("every wording must hold {input}")
    if others := gaps - {"input", "demand"}:
        raise ValueError(f"a wording has the gap {{{min(others)}}}; only {{input}} and {{demand}} are filled")


def load_classes(settings: Settings) -> dict[str, TaskClass]:
    """Every class by its id, the shipped ones first. Raises InputError, which names the file and the field."""
    files = {path.stem: path for folder in (SHIPPED, settings.classes) for path in sorted(folder.glob("*.toml"))}
    classes = {name: read_class(path) for name, path in files.items()}
    for task in classes.values():
        if task.input and task.input not in classes:
            raise InputError(
                f"class {task.id!r} takes the answers of class {task.input!r}, which does not exist; "
                f"there are: {', '.join(classes)}",
                "error.class_input", name=task.id, input=task.input, known=", ".join(classes),
            )  # fmt: skip
    return classes


def read_class(path: Path) -> TaskClass:
    """The class that a file describes. Raises InputError, which names the file and the field."""
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return TaskClass.model_validate(fields | {"id": path.stem})
    except OSError as error:
        reason = str(error.strerror)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = str(error)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        reason = f"{where}: {message}" if where else message
    raise InputError(f"the class file {path.name} cannot be used: {reason}", "error.class_file",
                     file=path.name, reason=reason)  # fmt: skip


def require_class(name: str, classes: Mapping[str, TaskClass]) -> TaskClass:
    """The class called `name`. Raises InputError with the names there are."""
    if name not in classes:
        known = ", ".join(classes)
        raise InputError(f"unknown class {name!r}; there are: {known}", "error.class_unknown", name=name, known=known)
    return classes[name]
