"""A small, fast model folder made of a trained one: weights in eight bits, and a lexical shortlist."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from nmt import model_folder
from nmt.data.corpus import languages, read_pairs
from nmt.data.encoded import EncodedCorpus
from nmt.data.lexicon import learn_lexicon, most_frequent, spread
from nmt.data.subwords import EncodedPair, Vocabulary
from nmt.errors import UserError
from nmt.model.shortlist import Shortlist

CANDIDATES = 40
"""Target pieces kept for each source piece."""
FREQUENT = 1000
"""Most frequent target pieces, which every sentence may have. On Multi30k's validation pairs 200 lost 0.2 BLEU, so many
none, at the same speed: docs/results.md."""

CARD = """
Compressed by `nmt compress`: the weights are in eight bits, one scale for each row{shortlist}. The scores above, if
any, are those of the model before.
"""


def compress(model: Path, output: Path, data: Sequence[str] = (), candidates: int = CANDIDATES) -> None:
    """Writes the folder `output`: the model in the folder `model` with its matrices in eight bits and a shortlist of so
    many `candidates` for each source piece, all target pieces at most; none with 0. It is learned from the `data` given
    as for training, or else from the pairs that the training left in the model's folder. Raises UserError when there is
    nothing to learn it from, when `output` is there already, or when the model is compressed already."""
    if output.exists():
        raise UserError(f"{output} is there already: give the name of a new folder.")
    network, vocabulary, config = model_folder.load(model)
    if config.model.weights != "float32":
        raise UserError(f"{model} is compressed already: give the model that it was made of.")
    if candidates and config.model.is_language_model:
        raise UserError(
            f"{model} is a language model, which has no source to make a shortlist for: give --shortlist 0."
        )
    candidates = min(candidates, len(vocabulary.target))
    shortlist = learn_shortlist(training_pairs(model, vocabulary, data), vocabulary, candidates) if candidates else None
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(".partial", f"{output.name}.", output.parent) as scratch:
        partial = Path(scratch) / "model"  # the scratch itself is its owner's alone
        partial.mkdir()
        vocabulary.save(partial)
        model_folder.save_int8(network, partial / model_folder.WEIGHTS)
        if shortlist:
            model_folder.save_shortlist(partial, shortlist)
        model_folder.save_config(partial, config.replace({"model.weights": "int8", "output": None}, given=False))
        card = model / "README.md"
        about = f", and translations are looked for among {candidates} pieces a source piece" if shortlist else ""
        text = card.read_text(encoding="utf-8", errors="replace") if card.exists() else "# A translator\n"
        (partial / "README.md").write_text(text + CARD.format(shortlist=about), encoding="utf-8")
        partial.rename(output)


def training_pairs(model: Path, vocabulary: Vocabulary, data: Sequence[str]) -> list[EncodedPair]:
    """At most PAIRS pairs of the data given, or of what a training run left in the model's folder, encoded. Raises
    UserError when there are none, and when the files given end in the model's languages the wrong way round."""
    if data:
        config = model_folder.load_config(model).data
        source, target = languages(data)
        if source and target and (target, source) == (config.source, config.target):
            if len(data) == 2:
                raise UserError(f"{model} translates from {target} into {source}: give --data {data[1]} {data[0]}.")
            source, target = target, source  # these are found by their names, in whatever order
        texts = list(read_pairs(data, source or config.source, target or config.target, split="train"))
        texts = [texts[row] for row in spread(len(texts))]
        sides = [side.encode(list(text)) for side, text in zip(vocabulary, zip(*texts, strict=True), strict=True)]
        return [tuple(np.array(side, np.int32) for side in pair) for pair in zip(*sides, strict=True)]  # type: ignore[misc]
    corpora = sorted((model / "trainer").glob("train-*.arrow"), key=lambda path: path.stat().st_mtime)
    if not corpora:
        raise UserError(f"{model} has no training pairs to learn a shortlist from: give --data, or --shortlist 0.")
    corpus = EncodedCorpus(corpora[-1])
    return corpus.pairs(spread(len(corpus)))


def learn_shortlist(pairs: Sequence[EncodedPair], vocabulary: Vocabulary, candidates: int) -> Shortlist:
    """The shortlist of encoded pairs. Raises UserError when there are none."""
    if not pairs:
        raise UserError("there are no pairs to learn a shortlist from: give others as --data, or --shortlist 0.")
    lexicon = learn_lexicon(pairs, len(vocabulary.source), candidates)
    frequent = most_frequent(pairs, len(vocabulary.target), FREQUENT)
    return Shortlist(torch.from_numpy(lexicon), torch.from_numpy(frequent))
