"""`python -m cupola_data.zava.handbook` writes the questions' file anew."""

from __future__ import annotations

from . import DIRECTORY, write_samples

write_samples(DIRECTORY)
