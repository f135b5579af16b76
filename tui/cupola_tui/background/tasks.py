"""What the background process can be asked for, and what it answers: plain records that cost nothing to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from cupola.datasets.findings import FindingGroup
from cupola.models import LocalFile
from cupola.store.provenance import Origin

if TYPE_CHECKING:
    from cupola.training.job_spec import JobSpec
    from cupola.training.prospect import Prospect
    from cupola_data.prices import PriceList


@dataclass(frozen=True, slots=True)
class Scan:
    """Which datasets lie in files and folders? Answer: `Found`."""

    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Datasets on disk by path, not read yet, and those sources that are not there."""

    files: tuple[LocalFile, ...]
    missing: tuple[str, ...]
    left_out: int = 0
    """Files beyond the number that is listed."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What content and format has a file? Answer: `LocalFile`."""

    path: str


@dataclass(frozen=True, slots=True)
class Check:
    """What is wrong with a file? Steps: `Progress`. Answer: `Checked`."""

    path: str
    model: str | None = None
    """The model to be trained: counts tokens and holds the file to its limits."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a check has come and what it has found."""

    done: int
    size: int
    groups: tuple[FindingGroup, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A finished check."""

    file: LocalFile
    groups: tuple[FindingGroup, ...]
    broken_rows: int
    tokens: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Measure:
    """What shape has a file, and what would training on it cost? Answer: `Measured`."""

    path: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a number varies over the rows; `edges` has one entry more than `counts`."""

    unit: str
    least: int
    median: float
    p95: float
    most: int
    total: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One model and tier to train on; amounts in US dollars, None where no price is published."""

    model: str
    tier: str
    tokens: int
    low: float | None
    high: float | None
    basis: str
    source: str
    date: date | None
    confirmed: bool
    hosting_a_month: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Shape and cost of one file."""

    rows: int
    broken_rows: int
    lengths: Numbers | None
    answers: Numbers | None
    turns: Numbers | None
    roles: Mapping[str, int]
    languages: Mapping[str, Mapping[str, int]]
    """For system, prompt and answer, rows by language, the commonest first; "" where it cannot be told."""
    heaviest: float
    """Share of the whole length that the longest twentieth of the rows hold."""
    balance: tuple[str, ...]
    """What the check has found out of balance: labels, lengths."""
    longest: tuple[tuple[int, int], ...]
    """(line, length), the longest first."""
    shortest: tuple[tuple[int, int], ...]
    exact: bool
    """Whether tokens were counted by the encoding that is known to be the model's own."""
    encoding: str
    epochs: int
    """As `auto` is thought to choose."""
    batch: int
    method: str
    """Of training, in the service's word; empty for rows that train nothing."""
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Foresee:
    """What would a job take? Answer: `Foreseen`."""

    spec: JobSpec
    prices: PriceList
    own_paces: tuple[float, ...] = ()
    """Seconds a step of earlier reinforcement jobs."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A job as it would be submitted."""

    prospect: Prospect
    nonce: str
    """The same for the same content and settings."""


@dataclass(frozen=True, slots=True)
class FindTwins:
    """Which rows are nearly the same, inside and across these files? Answer: `Twins`."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TwinPair:
    """Two rows that are too alike."""

    kind: str
    """row, prompt or near."""
    first: tuple[str, int]
    """Path and line."""
    second: tuple[str, int]
    similarity: float
    excerpt: str

    @property
    def across(self) -> bool:
        """Whether the two lie in different files: a leak."""
        return self.first[0] != self.second[0]


@dataclass(frozen=True, slots=True)
class Twins:
    """The pairs found; leaks first."""

    pairs: tuple[TwinPair, ...]
    total: int
    """Pairs found, of which `pairs` may be the first."""
    across: int
    uncompared: int
    """Candidate pairs that were too many to compare."""
    files: tuple[str, ...]
    """Those that could be compared."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row's conversation. Answer: `Conversation`."""

    path: str
    index_folder: str
    row: int = 0
    """From 0; the last one when there are fewer."""
    line: int = 0
    """Go by this line, from 1, instead."""
    pictures: tuple[int, int] | None = None
    """Draw its images, each in at most so many columns and lines."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """An image drawn small; pixels line by line, three bytes each: red, green, blue."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in a message, as its header describes it; nothing is fetched."""

    name: str
    bytes: int | None
    type: str
    width: int | None
    height: int | None
    thumbnail: Thumbnail | None = None
    """Where it was asked for and could be drawn."""
    undrawn: str = ""
    """Why not, where it was asked for."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One message, or a field of a row that has none."""

    role: str
    text: str
    note: str = ""
    """weight 0, name, preferred, ..."""
    code: tuple[str, ...] = ()
    """Tool calls."""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One row to look at."""

    row: int
    rows: int
    line: int
    bytes: int
    passages: tuple[Passage, ...]
    broken: str = ""
    """Why it cannot be read, if it cannot; the passages then show its beginning as it is."""


@dataclass(frozen=True, slots=True)
class ReadRaw:
    """A row's JSON as text. Answer: `str`."""

    path: str
    index_folder: str
    row: int


@dataclass(frozen=True, slots=True)
class FindText:
    """The next row that holds a text, after the last the first again. Answer: `int` or None."""

    path: str
    index_folder: str
    text: str
    start: int
    """The row that is looked at; it comes last."""
    forward: bool = True


@dataclass(frozen=True, slots=True)
class Make:
    """New files from one. Answer: `Made`."""

    action: str
    """split, sample, convert, fix or merge."""
    path: str
    target: str
    """The new file; for a split the beginning of the new files' names."""
    log: str
    """Where a line about the origin is added."""
    now: float
    options: Mapping[str, str] = field(default_factory=dict)
    """As typed: shares, seed, group, stratify; rows; to, question, answer, system; only; unique."""
    together: tuple[str, ...] = ()
    """The files to merge."""


@dataclass(frozen=True, slots=True)
class Made:
    """New files with their rows, and what was changed."""

    files: tuple[tuple[str, int], ...]
    difference: tuple[str, ...] = ()
    """A unified diff, safe to show; empty where the files differ as a whole."""
    origins: tuple[Origin, ...] = ()
