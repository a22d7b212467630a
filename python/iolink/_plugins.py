"""What `iolink.plugins()` tells of each plugin."""

from __future__ import annotations

from pathlib import Path


class PluginInfo:
    """One plugin: who it is, what it offers, and whether it can be used.

    `kind` is "built-in", "plugin" or "python", a provider written in Python; `state` is "available" (known by its manifest, not loaded), "loaded" or "refused",
    and then `reason` says why in one line. `offers` are lines for people.
    """

    __slots__ = ("id", "kind", "offers", "path", "reason", "state", "version")

    def __init__(
        self,
        *,
        id: str,
        version: str,
        kind: str,
        offers: tuple[str, ...],
        state: str,
        path: str | Path | None,
        reason: str | None,
    ) -> None:
        self.id = id
        self.version = version
        self.kind = kind
        self.offers = offers
        self.state = state
        self.path = None if path is None else Path(path)
        self.reason = reason

    def __repr__(self) -> str:
        why = "" if self.reason is None else f": {self.reason}"
        return f"PluginInfo({self.id or self.path} {self.version}, {self.kind}, {self.state}{why})"
