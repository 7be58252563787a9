"""The network: recurrent layers, attention, encoder, decoder, and the translation model made of them."""

import os

# PyTorch keeps what it compiled for each shape of a matrix product on a CPU, 1,024 of them in each of two caches, and
# batches of text have ever new shapes: a long translation grew by hundreds of megabytes. Read at the first product.
for cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(cache, "64")
