"""Vocabularies that ship, so that tokens can be counted without a network."""

from __future__ import annotations

import base64
import hashlib
import lzma
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What is needed to make an encoder."""

    name: str
    pattern: str
    """The regular expression that splits text before tokens are merged."""
    ranks: Mapping[bytes, int]
    special: Mapping[str, int]
    models: tuple[str, ...]
    """The beginnings of the names of the models that use it."""
    source: str


@cache
def model_families() -> Mapping[str, tuple[str, ...]]:
    """For each encoding that ships, the beginnings of its models' names."""
    return {"o200k_base": tuple(_table("o200k_base")["models"])}


def vocabulary(name: str) -> Vocabulary:
    """Read a vocabulary; some 0.3 s and 60 MB.

    Raises:
        KeyError: no such vocabulary ships.
        ValueError: the file is not the one that was published.
    """
    if name not in model_families():
        raise KeyError(name)
    table = _table(name)
    content = lzma.decompress(files(__name__).joinpath(str(table["file"])).read_bytes())
    if hashlib.sha256(content).hexdigest() != table["sha256"]:
        raise ValueError(f"The vocabulary {name} is damaged; install Cupola again.")
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in content.splitlines())}
    return Vocabulary(
        name=name,
        pattern="|".join(table["pattern"]),
        ranks=ranks,
        special=table["special"],
        models=model_families()[name],
        source=str(table["source"]),
    )


def _table(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
