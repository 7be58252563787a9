"""The decoding loop. Sentences whose search is over leave the batch, and nothing is computed for them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.errors import UserError
from nmt.search.constrained import Constrained
from nmt.search.controls import NOTHING, Control
from nmt.search.penalties import LENGTH_PENALTIES, bound, coverage_penalty
from nmt.search.phrases import Seams
from nmt.search.protocol import DEAD, Hypothesis, S, Stepper
from nmt.search.restrictions import NEVER, Symbols, restrictions
from nmt.search.strategies import Alive, Beam, Candidates, Greedy, Strategy

Watch = Callable[[int, tuple[int, ...]], None]
"""Told, after each step, which of the sentences that the search began with begins with which pieces for certain."""


@dataclass
class _Sentence:
    """A sentence being translated: its length in pieces, the longest length of its translation, what has ended."""

    source: int
    limit: int
    ended: list[Hypothesis] = field(default_factory=list)

    def settled(self, best_alive: float, search: SearchConfig) -> bool:
        """Whether nothing is alive, or nothing alive can still overtake the `nbest` best."""
        if best_alive == NEVER:
            return True
        if len(self.ended) < search.nbest:
            return False
        penalty = LENGTH_PENALTIES[search.normalization]
        worst = sorted((hypothesis.score for hypothesis in self.ended), reverse=True)[search.nbest - 1]
        return bound(penalty, best_alive, self.limit, search.length_penalty) <= worst


@torch.inference_mode()
def decode(
    model: Stepper[S],
    source: Tensor,
    lengths: Tensor,
    strategy: Strategy,
    *,
    symbols: Symbols,
    limits: Sequence[int],
    shortest: Sequence[int] | None = None,
    controls: Sequence[Control] | None = None,
    seams: Seams | None = None,
    search: SearchConfig | None = None,
    attention: bool = False,
    watch: Watch | None = None,
) -> list[list[Hypothesis]]:
    """Translates a batch: source [batch, source], lengths [batch]; limits: longest translation of each sentence in
    pieces, end symbol included, at least two, or what its control needs; shortest: likewise, at least two; controls:
    what is asked of each; seams: of the pieces, where phrases are to be words of their own -> hypotheses of each
    sentence, best first, at most `search.nbest`. There is at least one, unless the model's probabilities are no numbers
    or what is forbidden leaves nothing.

    Of `search`, the strategy's own settings are not looked at. `attention`: give it with the hypotheses. `watch` is
    told what is decided; without it, nothing is computed for it. Raises UserError for phrases asked of a strategy that
    cannot, and for a coverage penalty without attention.
    """
    search = search or SearchConfig()
    controls = controls or [NOTHING] * len(limits)
    longest = [max(limit, 2, control.needed) for limit, control in zip(limits, controls, strict=True)]
    least = [min(max(few, 2), many) for few, many in zip(shortest or [2] * len(longest), longest, strict=True)]
    rules = restrictions(symbols, least, longest, search.no_repeat_ngram, controls, source.device, seams)
    if any(control.include for control in controls):
        strategy = _constrained(strategy, controls, longest, symbols, source.device, seams)
    sentences = [_Sentence(length, limit) for length, limit in zip(lengths.tolist(), longest, strict=True)]
    found = [sentence.ended for sentence in sentences]
    alive = _beginning(len(sentences), strategy.groups, symbols, source.device)
    state = model.start(source, lengths)
    while sentences:
        log_probabilities, state = model.step(alive.history[:, :, -1].masked_fill(alive.totals == NEVER, DEAD), state)
        for rule in rules:
            rule.apply(log_probabilities, alive.history, alive.sentences)
        looked = model.attention(state) if attention or search.coverage_penalty else None
        candidates = strategy.choose(alive, log_probabilities)
        ends = candidates.tokens == symbols.end
        each = strategy.width // strategy.groups
        taken = ends[..., :each] & candidates.totals[..., :each].isfinite()
        _collect(sentences, alive, candidates, taken, looked, search)
        alive, rows = _continue(alive, candidates, ends, each, looked)
        if search.stopping == "full":
            alive = _closed(alive, taken, each)
        if strategy.prune:
            alive = _pruned(alive, strategy.prune)
        if watch is not None:
            _tell(watch, sentences, alive)
        kept, sentences = _unsettled(sentences, alive, search)
        if kept is not None:
            alive, rows = alive.select(kept), rows[kept]
        if sentences and (kept is not None or strategy.width > 1):
            state = model.select(state, kept, rows.flatten())
    return [sorted(ended, key=lambda hypothesis: -hypothesis.score)[: search.nbest] for ended in found]


def _constrained(
    strategy: Strategy,
    controls: Sequence[Control],
    longest: Sequence[int],
    symbols: Symbols,
    device: torch.device,
    seams: Seams | None,
) -> Strategy:
    """The strategy that finds what has all phrases, as wide as another."""
    if not isinstance(strategy, (Beam, Greedy)):
        raise UserError("phrases can be asked for in beam search only: set search.strategy to beam.")
    return Constrained(strategy.width, controls, longest, symbols.end, device, seams)


def _beginning(sentences: int, groups: int, symbols: Symbols, device: torch.device) -> Alive:
    """One hypothesis a sentence, in which nothing is said yet."""
    return Alive(
        sentences=torch.arange(sentences, device=device),
        ended=torch.zeros(sentences, groups, dtype=torch.long, device=device),
        sums=torch.zeros(sentences, 1, 1, device=device),
        history=torch.full((sentences, 1, 1), symbols.begin, device=device),
    )


def _collect(
    sentences: list[_Sentence],
    alive: Alive,
    candidates: Candidates,
    taken: Tensor,
    looked: Tensor | None,
    search: SearchConfig,
) -> None:
    """Moves the hypotheses that end, taken [batch, groups, each] of the candidates, to their sentences."""
    places = taken.nonzero(as_tuple=True)
    owners = places[0].tolist()
    if not owners:
        return
    parents, totals, tokens = candidates.parents[places], candidates.totals[places], candidates.tokens[places]
    before = (places[0], parents)
    said = torch.cat([alive.history[before][:, 1:], tokens.unsqueeze(1)], dim=1).tolist()
    each = torch.cat([alive.sums[before], totals.unsqueeze(1)], dim=1).diff(dim=1).tolist()
    maps = None if looked is None else _appended(alive.attention, looked, before).cpu()
    score = LENGTH_PENALTIES[search.normalization]
    for index, (owner, pieces, total) in enumerate(zip(owners, said, totals.tolist(), strict=True)):
        sentence = sentences[owner]
        seen = None if maps is None else maps[index, :, : sentence.source].clone()
        value = score(total, len(pieces), search.length_penalty)
        if search.coverage_penalty:
            if seen is None:
                raise UserError("this model has no attention: set search.coverage_penalty 0.")
            value += search.coverage_penalty * float(coverage_penalty(seen))
        sentence.ended.append(Hypothesis(tuple(pieces), total, value, tuple(each[index]), seen))


def _continue(
    alive: Alive, candidates: Candidates, ends: Tensor, each: int, looked: Tensor | None
) -> tuple[Alive, Tensor]:
    """The best `each` candidates of each group that do not end, and the rows [batch, beam] of the hypotheses that they
    continue, of batch * beam."""
    candidates = candidates._replace(totals=candidates.totals.masked_fill(ends, NEVER))
    if ends.shape[2] > each:
        order = ends.to(torch.uint8).sort(dim=2, stable=True).indices[..., :each]
        notes = candidates.notes
        if notes is not None:
            notes = notes.gather(2, order.unsqueeze(-1).expand(-1, -1, -1, notes.shape[-1]))
        totals, parents, tokens = (part.gather(2, order) for part in candidates[:3])
        candidates = Candidates(totals, parents, tokens, notes)
    totals, parents, tokens = (part.flatten(1) for part in candidates[:3])
    batch = torch.arange(len(parents), device=parents.device).unsqueeze(1)
    before = (batch, parents)
    continued = alive._replace(
        sums=torch.cat([alive.sums[before], totals.unsqueeze(-1)], dim=-1),
        history=torch.cat([alive.history[before], tokens.unsqueeze(-1)], dim=-1),
        notes=None if candidates.notes is None else candidates.notes.flatten(1, 2),
        attention=None if looked is None else _appended(alive.attention, looked, before),
    )
    return continued, parents + batch * alive.history.shape[1]


def _appended(attention: Tensor | None, looked: Tensor, hypotheses: tuple[Tensor, Tensor]) -> Tensor:
    """Where some hypotheses looked so far [..., pieces, source], the last step included."""
    last = looked[hypotheses].unsqueeze(-2)
    return last if attention is None else torch.cat([attention[hypotheses], last], dim=-2)


def _closed(alive: Alive, taken: Tensor, each: int) -> Alive:
    """The hypotheses of a group live no longer when as many of it have ended as it is wide."""
    ended = alive.ended + taken.sum(dim=2)
    full = (ended >= each).repeat_interleave(alive.totals.shape[1] // ended.shape[1], dim=1)
    sums = alive.sums.clone()
    sums[..., -1].masked_fill_(full, NEVER)
    return alive._replace(ended=ended, sums=sums)


def _pruned(alive: Alive, threshold: float) -> Alive:
    """The hypotheses that are further than so many nats behind the best of their sentence live no longer."""
    behind = alive.totals < alive.totals.amax(dim=1, keepdim=True) - threshold
    sums = alive.sums.clone()
    sums[..., -1].masked_fill_(behind, NEVER)
    return alive._replace(sums=sums)


def _tell(watch: Watch, sentences: list[_Sentence], alive: Alive) -> None:
    """Tells of each sentence the pieces with which all its hypotheses begin, the living and the ended: all that is yet
    found continues one of them, so the best translation begins with these too."""
    living = alive.totals > NEVER
    for number, sentence, mine, said in zip(alive.sentences.tolist(), sentences, living, alive.history, strict=True):
        pieces = [*said[mine][:, 1:].tolist(), *(hypothesis.pieces for hypothesis in sentence.ended)]
        agreed = takewhile(lambda column: len(set(column)) == 1, zip(*pieces, strict=False))
        watch(number, tuple(column[0] for column in agreed))


def _unsettled(sentences: list[_Sentence], alive: Alive, search: SearchConfig) -> tuple[Tensor | None, list[_Sentence]]:
    """The sentences that the search goes on with, and their places among those before, or None for all of them."""
    best = alive.totals.amax(dim=1).tolist()
    kept = [index for index, one in enumerate(sentences) if not one.settled(best[index], search)]
    if len(kept) == len(sentences):
        return None, sentences
    return torch.tensor(kept, dtype=torch.long, device=alive.sums.device), [sentences[index] for index in kept]
