"""`python -m cupola_data.zava.photos` draws the pictures and writes the sample files anew."""

from __future__ import annotations

from . import DIRECTORY, write_samples

write_samples(DIRECTORY)
