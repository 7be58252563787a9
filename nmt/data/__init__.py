"""From files to batches: corpora, cleaning, subwords, batching."""
