"""The decoding loop. Sentences whose search is over leave the batch, and nothing is computed for them again."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from nmt.search.protocol import Hypothesis, S, Stepper
from nmt.search.strategies import Candidates, Strategy

NEVER = float("-inf")


@dataclass(frozen=True)
class Symbols:
    """Numbers of the special pieces. `never` are pieces that no translation contains."""

    begin: int
    end: int
    never: tuple[int, ...] = ()


@dataclass
class _Sentence:
    """A sentence being translated: its place in the input, its longest length in pieces, what has ended so far."""

    place: int
    limit: int
    ended: list[Hypothesis] = field(default_factory=list)

    def over(self, best_alive: float, wanted: int, width: int, length_penalty: float) -> bool:
        """Whether the search may stop: as many ended as the beam is wide, nothing is alive, or nothing alive can
        still overtake the `wanted` best: a total never rises, and at the limit it is divided by the most."""
        if len(self.ended) >= width or best_alive == NEVER:
            return True
        if len(self.ended) < wanted:
            return False
        worst = sorted((hypothesis.score for hypothesis in self.ended), reverse=True)[wanted - 1]
        return bool(best_alive / self.limit**length_penalty <= worst)


@torch.inference_mode()
def decode(
    model: Stepper[S],
    source: Tensor,
    lengths: Tensor,
    strategy: Strategy,
    *,
    symbols: Symbols,
    limits: list[int],
    length_penalty: float = 1.0,
    nbest: int = 1,
) -> list[list[Hypothesis]]:
    """Translates a batch: source [batch, source], lengths [batch], limits: longest translation of each sentence in
    pieces, end symbol included, at least two -> hypotheses of each sentence, best first, at most `nbest`, at least one.

    Scores are log-probability / length ** length_penalty (Wu et al. 2016 discuss the choice).
    """
    sentences = [_Sentence(place, max(limit, 2)) for place, limit in enumerate(limits)]
    done: list[_Sentence] = []
    state = model.start(source, lengths)
    totals = torch.zeros(len(sentences), 1, device=source.device)
    history = torch.full((len(sentences), 1, 1), symbols.begin, device=source.device)
    while sentences:
        log_probabilities, state = model.step(history[:, :, -1], state)
        _restrict(log_probabilities, sentences, history.shape[2], symbols)
        candidates = strategy.choose(totals, log_probabilities)
        ends = candidates.tokens == symbols.end
        _collect(sentences, candidates, ends, history, strategy.width, length_penalty)
        totals, parents, tokens = _continue(candidates, ends, strategy.width)
        best = totals.amax(dim=1).tolist()
        alive = [
            index
            for index, sentence in enumerate(sentences)
            if not sentence.over(best[index], nbest, strategy.width, length_penalty)
        ]
        rows = parents + torch.arange(len(sentences), device=parents.device).unsqueeze(1) * history.shape[1]
        history = torch.cat([history.flatten(0, 1)[rows], tokens.unsqueeze(-1)], dim=-1)
        kept = None
        if len(alive) < len(sentences):
            kept = torch.tensor(alive, dtype=torch.long, device=rows.device)
            rows, totals, history = rows[kept], totals[kept], history[kept]
            done += [sentence for index, sentence in enumerate(sentences) if index not in set(alive)]
            sentences = [sentences[index] for index in alive]
        if sentences and (kept is not None or strategy.width > 1):
            state = model.select(state, kept, rows.flatten())
    done.sort(key=lambda sentence: sentence.place)
    return [sorted(one.ended, key=lambda hypothesis: -hypothesis.score)[:nbest] for one in done]


def _restrict(log_probabilities: Tensor, sentences: list[_Sentence], position: int, symbols: Symbols) -> None:
    """Forbids the pieces that never occur, an end before the first piece, and all but the end at a sentence's limit."""
    for piece in symbols.never:
        log_probabilities[..., piece] = NEVER
    if position == 1:
        log_probabilities[..., symbols.end] = NEVER
    full = [index for index, sentence in enumerate(sentences) if position >= sentence.limit]
    if full:
        end = log_probabilities[full, :, symbols.end]
        log_probabilities[full] = NEVER
        log_probabilities[full, :, symbols.end] = end


def _collect(
    sentences: list[_Sentence],
    candidates: Candidates,
    ends: Tensor,
    history: Tensor,
    width: int,
    length_penalty: float,
) -> None:
    """Moves the hypotheses that end among the best `width` candidates to their sentences."""
    best = ends[:, :width] & candidates.totals[:, :width].isfinite()
    for index, rank in best.nonzero().tolist():
        parent = int(candidates.parents[index, rank])
        total = float(candidates.totals[index, rank])
        pieces = (*history[index, parent, 1:].tolist(), int(candidates.tokens[index, rank]))
        sentences[index].ended.append(Hypothesis(pieces, total, total / len(pieces) ** length_penalty))


def _continue(candidates: Candidates, ends: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """The best `width` candidates that do not end: totals, parents and tokens, each [batch, width]."""
    totals = candidates.totals.masked_fill(ends, NEVER)
    if totals.shape[1] == width:
        return totals, candidates.parents, candidates.tokens
    order = ends.to(torch.uint8).sort(dim=1, stable=True).indices[:, :width]
    return totals.gather(1, order), candidates.parents.gather(1, order), candidates.tokens.gather(1, order)
