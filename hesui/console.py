"""The edge between a terminal or pipe and the program: text in, UTF-8 out, every failure one line and an exit code.

Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted, 141 the reader of a pipe has gone. Knows no command.
"""

from __future__ import annotations

import json
import math
import os
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from hesui.errors import DeviceOutOfMemory, HesuiError, InputError, QueueFull, SettingsError
from hesui.settings import Settings

FAILED, BAD_INPUT, INTERRUPTED, READER_GONE = 1, 2, 130, 141
BUSY = (DeviceOutOfMemory, QueueFull)  # the input was good, the machine was not ready for it


def guarded(command: Callable[[], object]) -> int:
    """Run `command`; the exit code. Nothing it raises ends in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = command()
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would raise again when the interpreter closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except HesuiError as error:
        return _fail(str(error), FAILED if isinstance(error, BUSY) else BAD_INPUT)
    except typer.TyperException as error:
        return _fail(error.format_message(), BAD_INPUT)
    except Exception:
        return _fail(_bug(), FAILED)
    return code if isinstance(code, int) else 0


def read_settings() -> Settings:
    """The settings from the environment. Raises SettingsError that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"HESUI_{'_'.join(str(part) for part in first['loc'])}".upper()
        # Somebody may have put a key where only the name of its variable belongs.
        value = "…" if first["loc"] == ("remotes",) else first["input"]
        raise SettingsError(f"{name} is {value!r}: {first['msg']}", "error.setting", name=name, value=value) from None


def read_text(argument: str | None) -> str:
    """The text on the command line, or all of standard input where it is "-" or left out before a pipe.

    The one line break that ends piped text belongs to the pipe and is dropped. Raises InputError.
    """
    if argument is not None and argument != "-":
        _require_utf8(argument)
        return argument
    if sys.stdin is None or (argument is None and sys.stdin.isatty()):
        raise InputError("no text is given; pass it as an argument, or pipe it in", "error.no_text")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"the text is not valid UTF-8 at byte {error.start + 1}; convert it first, e.g. with iconv",
            "error.not_utf8",
            position=error.start + 1,
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def finite(value: Any) -> Any:
    """The same with null for what JSON has no word for."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_json(value: object) -> None:
    """`value` as one JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """A line for people, on standard error, so that pipes carry results only."""
    print(text, file=sys.stderr)


def _require_utf8(text: str) -> None:
    if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError("the text is not valid UTF-8; convert it first, e.g. with iconv", "error.not_utf8", position=0)


def _fail(message: str, code: int) -> int:
    note("hesui: " + " ".join(message.split()))
    return code


def _bug() -> str:
    """Keep the traceback in a file; the line that says so. Call it while an exception is being handled."""
    kind, error, _ = sys.exc_info()
    said = f"{kind.__name__ if kind else 'error'}: {error}"
    try:
        log = _log()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(traceback.format_exc() + "\n")
    except (OSError, HesuiError):
        return f"this is a bug in hesui ({said})"
    return f"this is a bug in hesui ({said}); please report it with the last lines of {log}"


def _log() -> Path:
    return read_settings().home / "errors.log"
