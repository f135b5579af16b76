"""`python -m cupola.cli`: the command line without the screen."""

import sys

from .main import main

sys.exit(main())
