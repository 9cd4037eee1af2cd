"""Core ML: exporting a bundle, and checking here, without a Mac, what was exported."""

import logging

# At import it warns of versions that it was not tested with, and, off a Mac, of everything that only a Mac can do.
logging.getLogger("coremltools").setLevel(logging.ERROR)
