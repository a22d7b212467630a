"""The declaration of an option that a provider takes."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

_TYPES = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Option:
    """An option that a provider takes: a keyword argument of ``iolink.open`` or ``iolink.save``.

    ``type`` is ``str``, ``int``, ``float`` or ``bool``. ``default`` is the value that holds if the option is not given;
    without one the option is absent then. ``choices`` are the only values that are allowed. With ``is_list`` the value is a
    list of values of the type. The value of a ``secret`` option is not shown in listings and errors, and is not pickled
    with a view.

    Raises TypeError for another type, and for a default or a choice of another type.

    >>> import iolink, numpy
    >>> from iolink.providers import Option
    >>> @iolink.register_provider
    ... class Pages:
    ...     formats = "docpages"
    ...     options = {"page": Option(int, 0, "which page to open"), "order": Option(str, "zyx", choices=["zyx", "xyz"])}
    ...     def open(self, source):
    ...         return numpy.full((2, 2), source.options["page"], "u1")
    >>> import io
    >>> int(iolink.open(io.BytesIO(b"1"), format="docpages", page=3).read((0, 0)))
    3
    """

    type: builtins.type[str] | builtins.type[int] | builtins.type[float] | builtins.type[bool]
    default: object = None
    description: str = ""
    _: KW_ONLY
    choices: Sequence[object] | None = None
    is_list: bool = False
    secret: bool = False

    def __post_init__(self) -> None:
        if self.type not in _TYPES:
            raise TypeError(f"type: expected str, int, float or bool, not {self.type!r}")
        if not isinstance(self.description, str):
            raise TypeError(f"description: expected a string, not {self.description!r}")
        if self.default is not None:
            self._check("default", self.default, self.is_list)
        if self.choices is not None:
            self._check("choices", self.choices, True)
            for choice in self.choices:
                if "," in str(choice):
                    raise ValueError(f"choices: {choice!r} holds a comma")

    def _check(self, name: str, value: object, is_list: bool) -> None:
        """Rejects a value, or an item of a list, that is not of the type."""
        if is_list and (isinstance(value, str) or not isinstance(value, Sequence)):
            raise TypeError(f"{name}: expected a list, not {value!r}")
        for item in value if is_list and isinstance(value, Sequence) else [value]:
            fits = isinstance(item, int | float if self.type is float else self.type)
            if not fits or (isinstance(item, bool) and self.type is not bool):
                raise TypeError(f"{name}: expected {self.type.__name__}, not {item!r}")
