"""Every error that hesui raises on purpose; only the edges (ui, cli) translate them.

HesuiError
├── SettingsError      (ValueError)    a setting has a value that cannot be used
├── InputError         (ValueError)    something a person gave cannot be used: a prompt, a file, an option
├── ModelError         (RuntimeError)  a base or adapter cannot be used
│   ├── ModelNotFound                  no base or adapter of that name
│   └── UnsafeWeights                  pickled weights, which are refused
├── StoreError         (RuntimeError)  the database cannot be used
├── TeacherError       (RuntimeError)  a teacher cannot be used at all: no key, wrong address, no budget
├── NotAllowed         (PermissionError)  only an owner may do this
├── DeviceOutOfMemory  (RuntimeError)  the accelerator or the machine has too little memory
└── QueueFull          (RuntimeError)  too many requests wait already

Each carries `key`, the name of its sentence in the interface's texts, and the values that fill it, so that
a page in Chinese explains it in Chinese; `str(error)` is the same sentence in English.
"""

from __future__ import annotations


class HesuiError(Exception):
    """Base of all; `key` names the sentence, `values` fill its gaps."""

    def __init__(self, message: str, key: str = "error.unknown", **values: object) -> None:
        super().__init__(message)
        self.key = key
        self.values = values


class SettingsError(HesuiError, ValueError):
    """A setting has a value that cannot be used."""


class InputError(HesuiError, ValueError):
    """Something a person gave cannot be used: a prompt, a file, an option."""


class ModelError(HesuiError, RuntimeError):
    """A base or an adapter cannot be used."""


class ModelNotFound(ModelError):
    """No base or adapter of that name."""


class UnsafeWeights(ModelError):
    """Weights in a pickled format, which can run code when loaded."""


class StoreError(HesuiError, RuntimeError):
    """The database cannot be used."""


class TeacherError(HesuiError, RuntimeError):
    """A teacher cannot be used at all: no key, a wrong address, no budget."""


class NotAllowed(HesuiError, PermissionError):
    """Only an owner may do this."""


class DeviceOutOfMemory(HesuiError, RuntimeError):
    """The accelerator or the machine has too little memory for this request."""


class QueueFull(HesuiError, RuntimeError):
    """Too many requests wait already."""
