"""Training: loss, optimisers and schedules, the loop, checkpoints, validation, tracking, and the one entry `run`."""

import os

# oneDNN keeps what it compiles for the shapes of a product, up to 1,024 at first, which are gigabytes here, where most
# batches have shapes of their own. It reads this once, at the first product. docs/results.md has the numbers.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
