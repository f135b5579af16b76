"""`python -m cupola_tui`, the same as `cupola`."""

from __future__ import annotations

import sys

from .launch import main

if __name__ == "__main__":
    sys.exit(main())
