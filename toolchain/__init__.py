"""The PC side: makes, measures and signs the bundles that devices run. The only room where torch may be imported."""

import os

os.environ.setdefault("TQDM_DISABLE", "1")  # libraries' bars, which say nothing to a user
