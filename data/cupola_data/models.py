"""Read `models.toml`: what is known of each model, and the tiny engine that stands for it in the emulator."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read, and when."""

    title: str
    date: dt.date
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Stand:
    """The tiny engine that stands for a model in the emulator, and its declared latency."""

    talker: str
    reasoner: str
    first_token_ms: float
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One base model of the service; None is not known."""

    id: str
    name: str
    version: str
    format: str
    aliases: tuple[str, ...]
    methods: tuple[str, ...]
    tiers: tuple[str, ...]
    regions: tuple[str, ...]
    created: dt.date
    emulator: Stand
    vision: bool = False
    reasoning: bool = False
    chat: bool = True
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    training_context_tokens: int | None = None
    retires: dt.date | None = None

    @property
    def open_weights(self) -> bool:
        """Whether the service hosts it for another publisher; its model list calls these untunable though they are."""
        return self.format != "OpenAI"


@dataclass(frozen=True, slots=True)
class RegionException:
    """What a region of global training leaves out."""

    region: str
    without: str
    """A model's id, `vision`, or `*` for every model here."""


@dataclass(frozen=True, slots=True)
class Note:
    """A peculiarity of some models, as a sentence for a person."""

    models: tuple[str, ...]
    """Their ids; `open` stands for every model of another publisher."""
    text: str
    source: str
    """The name of its source."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every known base model, with the sources of its facts."""

    models: tuple[BaseModel, ...]
    sources: Mapping[str, Source]
    provenance: Mapping[str, str]
    """Which source each field of a model comes from."""
    global_regions: tuple[str, ...]
    pace: Mapping[str, float]
    """The emulator's declared durations at its natural speed, in seconds."""
    notes: tuple[Note, ...] = ()
    exceptions: tuple[RegionException, ...] = ()
    """To training in the global regions."""

    def notes_on(self, model: BaseModel) -> list[Note]:
        """What is peculiar about a model."""
        return [
            note for note in self.notes if model.id in note.models or (model.open_weights and "open" in note.models)
        ]

    def find(self, name: str) -> BaseModel | None:
        """The model of that id, name or alias, in any case; None when there is none."""
        wanted = name.casefold()
        for model in self.models:
            if wanted in {known.casefold() for known in (model.id, model.name, *model.aliases)}:
                return model
        return None

    def source_of(self, field: str) -> Source:
        """Where the models' `field` was read. Raises KeyError for a field without provenance."""
        return self.sources[self.provenance[field]]


def _model(table: Mapping[str, Any]) -> BaseModel:
    lists = {key: tuple(table[key]) for key in ("aliases", "methods", "tiers", "regions")}
    return BaseModel(**{**table, **lists, "emulator": Stand(**table["emulator"])})


def read_catalogue(text: str) -> Catalogue:
    """Parse the text of a models table. Raises tomllib.TOMLDecodeError, KeyError or TypeError when it is malformed."""
    table = tomllib.loads(text)
    return Catalogue(
        models=tuple(_model(entry) for entry in table["model"]),
        sources={key: Source(**entry) for key, entry in table["sources"].items()},
        provenance=table["provenance"],
        global_regions=tuple(table["training"]["global_regions"]),
        pace=table["pace"],
        exceptions=tuple(RegionException(**entry) for entry in table["training"].get("exception", ())),
        notes=tuple(Note(tuple(entry["models"]), entry["text"], entry["source"]) for entry in table.get("note", ())),
    )


@cache
def catalogue() -> Catalogue:
    """The table that ships."""
    return read_catalogue(files("cupola_data").joinpath("models.toml").read_text(encoding="utf-8"))
