"""Minimum risk training (Shen et al. 2016): probability goes from bad translations to good ones, by the measure that
translations are judged by. They are drawn from the model as it is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from nmt.config import SearchConfig, TrainConfig
from nmt.data.batching import Batch, pad
from nmt.data.subwords import PADDING, Subwords
from nmt.evaluation.metrics import sentence_scores
from nmt.model.copying import Pointers
from nmt.model.packed import packed
from nmt.model.seq2seq import Seq2Seq
from nmt.scoring import longest_translation
from nmt.search.decode import decode
from nmt.search.strategies import Sampling
from nmt.searcher import SYMBOLS
from nmt.training.loss import CHUNK_BYTES

Candidates = list[list[tuple[int, ...]]]
"""Different translations of each sentence, in pieces with the end symbol, the reference first."""


class Risk:
    """The risk of a network on a batch, by the settings of `train`. search: says how long translations may be; target:
    the subwords that make texts of them."""

    def __init__(self, settings: TrainConfig, search: SearchConfig, target: Subwords) -> None:
        self.settings = settings
        self.search = SearchConfig(
            strategy="sampling",
            beam=settings.risk_samples,
            nbest=settings.risk_samples,
            max_ratio=search.max_ratio,
        )
        self.target = target

    def __call__(self, network: Seq2Seq, batch: Batch, precision: torch.dtype = torch.float32) -> Tensor:
        """The expected cost of translations, from 0 to 1, summed over the sentences, each counted as often as its
        reference has pieces, like a loss summed over these."""
        candidates = self.candidates(network, batch)
        owners = torch.tensor([owner for owner, some in enumerate(candidates) for _ in some])
        places = owners, torch.tensor([place for some in candidates for place in range(len(some))])
        shape = len(candidates), max(map(len, candidates))
        device = batch.source.device
        logarithms = torch.full(shape, float("-inf"), device=device)
        every = [candidate for some in candidates for candidate in some]
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            found = log_probabilities(network, batch, every, owners)
        logarithms = logarithms.index_put(tuple(place.to(device) for place in places), found)
        costs = torch.zeros(shape).index_put(places, torch.tensor(self.costs(candidates))).to(device)
        pieces = (batch.target[:, 1:] != PADDING).sum(dim=1)
        return (pieces * expected_cost(logarithms, costs, self.settings.risk_sharpness)).sum()

    def candidates(self, network: Seq2Seq, batch: Batch) -> Candidates:
        """The reference of each sentence and what is drawn from the network without dropout: another draw each time,
        by PyTorch's random numbers."""
        sources = _unpadded(batch.source)
        seed = int(torch.randint(2**62, ()))
        limits = [longest_translation(len(source), self.search) for source in sources]
        training = network.training
        network.eval()
        try:
            drawn = decode(
                packed(network),
                batch.source,
                batch.source_lengths,
                Sampling(self.search.model_copy(update={"seed": seed}), sources, max(limits)),
                symbols=SYMBOLS,
                limits=limits,
                search=self.search,
            )
        finally:
            network.train(training)
        references = _unpadded(batch.target[:, 1:])
        both = zip(references, drawn, strict=True)
        return [list(dict.fromkeys([tuple(one), *(sample.pieces for sample in some)])) for one, some in both]

    def costs(self, candidates: Candidates) -> list[float]:
        """What each candidate, sentence by sentence, lacks to the score of its reference, from 0 to 1."""
        texts = self.target.decode_all([candidate for some in candidates for candidate in some])
        references = self.target.decode_all([some[0] for some in candidates for _ in some])
        return [1 - score / 100 for score in sentence_scores(self.settings.risk, texts, references)]


def expected_cost(log_probabilities: Tensor, costs: Tensor, sharpness: float) -> Tensor:
    """The cost that is expected of each sentence when its candidates are as likely as the model has them, to the power
    of `sharpness` and made to sum to 1 (Shen et al. 2016, eqs. 11 and 12).

    log_probabilities [batch, candidates], -inf where there is none, costs [batch, candidates] -> [batch]."""
    return ((sharpness * log_probabilities).softmax(dim=1) * costs).sum(dim=1)


def log_probabilities(network: Seq2Seq, batch: Batch, targets: list[tuple[int, ...]], owners: Tensor) -> Tensor:
    """The log-probabilities [targets] of target pieces, end symbols included, given the source sentences `owners`
    [targets] of a batch. The probabilities of all pieces are never whole in memory, and made again for the gradient."""
    target, _ = pad(targets, begin=True)
    target, owners = target.to(batch.source.device), owners.to(batch.source.device)
    features, attention = network(batch.source, batch.source_lengths, target[:, :-1], owners)
    labels = target[:, 1:]
    words = labels != PADDING
    pointers = network.pointers(attention, batch.source[owners], words)

    def chosen(part: Tensor, where: Pointers, wanted: Tensor) -> Tensor:
        return -functional.cross_entropy(network.logits(part, where).float(), wanted, reduction="none")

    rows = max(1, CHUNK_BYTES // (4 * network.output.out_features))
    chunks = zip(
        torch.split(features[words], rows), pointers.split(rows), torch.split(labels[words], rows), strict=True
    )
    found = [checkpoint(chosen, *chunk, use_reentrant=False, preserve_rng_state=False) for chunk in chunks]
    return torch.zeros(labels.shape, device=labels.device).masked_scatter(words, torch.cat(found)).sum(dim=1)


def _unpadded(pieces: Tensor) -> list[list[int]]:
    """pieces [batch, length] -> those of each sentence, without the padding behind it."""
    lengths = (pieces != PADDING).sum(dim=1).tolist()
    return [row[:length] for row, length in zip(pieces.tolist(), lengths, strict=True)]
