"""Text as people have it: sentences, protected spans, glossaries, alignments of words, signs of a bad translation."""
