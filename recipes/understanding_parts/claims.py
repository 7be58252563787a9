"""The usual claims about recurrent networks, each judged by what was measured: numbers in, verdict and sentence out."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from understanding_parts.numbers import BLANKED, DROPPED, NAMES, PLAIN, REMOVED, WITH, WITHOUT, Memory, Numbers

Verdict = Literal["yes", "partly", "no"]

RECALLED = 0.9
"""Median accuracy from which a distance counts as remembered."""
VANISHED = 1e-3
"""Part of its size at distance 0 below which a gradient counts as vanished."""
LIGHTER, FASTER = 0.97, 1.03
"""Ratios to the LSTM from which a difference of parameters or of speed counts: timings waver by a few per cent."""
KEPT = 0.9
"""Part of the BLEU that has to be left for an obstacle to count as none."""
BLEU_MARGIN = 1.0
"""Points of BLEU from which a difference counts."""


@dataclass(frozen=True)
class Claim:
    """What is said, whether it holds here, and the numbers that decide it, in a sentence."""

    claim: str
    holds: Verdict
    evidence: str


def verdict(met: Sequence[bool]) -> Verdict:
    """yes if all conditions are met, no if none is, partly otherwise."""
    return "yes" if all(met) else "partly" if any(met) else "no"


def reach(memory: Memory, cell: str) -> int:
    """The longest distance up to which the median over the seeds recalls every distance; 0 if not even the first."""
    reached = 0
    for distance, by_seed in zip(memory.distances, memory.accuracy[cell], strict=True):
        if statistics.median(by_seed) < RECALLED:
            break
        reached = distance
    return reached


def parting(memory: Memory) -> int:
    """The index of the longest distance that some cell still recalls: where the cells differ most, if they do."""
    longest = max(reach(memory, cell) for cell in memory.accuracy)
    return memory.distances.index(longest) if longest else 0


def faded(memory: Memory, norms: Sequence[float], distance: int) -> float:
    """The gradient over a distance as a part of the one over none."""
    return ratio(norms[memory.probes.index(distance)], norms[0])


def vanilla_forgets(numbers: Numbers) -> Claim:
    """Bengio et al. 1994: gradients vanish with distance, so that long dependencies are not learned."""
    memory = numbers.memory
    longest, reached = memory.distances[-1], reach(memory, "rnn")
    part = faded(memory, memory.initial["rnn"], longest)
    after = faded(memory, memory.trained["rnn"][-1], longest)
    return Claim(
        "A vanilla RNN forgets",
        verdict([reached < longest, part < VANISHED]),
        f"It {recalls(reached, longest)}. Over {longest} steps its gradient falls to {power(part)} of what it is over "
        f"none before training, and to {power(after)} after training for that distance.",
    )


def gates_remember(numbers: Numbers) -> Claim:
    """Hochreiter and Schmidhuber 1997; Cho et al. 2014: gates carry what matters over many steps."""
    memory = numbers.memory
    longest = memory.distances[-1]
    reached = {cell: reach(memory, cell) for cell in ("rnn", "lstm", "gru")}
    met = [reached[cell] == longest for cell in ("lstm", "gru")]
    farther = [reached[cell] > reached["rnn"] for cell in ("lstm", "gru")]
    holds: Verdict = "yes" if all(met) and any(farther) else "partly" if any(met) or any(farther) else "no"
    index = parting(memory)
    distance = memory.distances[index]
    parts = {
        cell: [power(faded(memory, norms, distance)) for norms in (memory.initial[cell], memory.trained[cell][index])]
        for cell in ("lstm", "gru", "rnn")
    }
    gradients = ", ".join(f"{before} and {after} ({NAMES[cell]})" for cell, (before, after) in parts.items())
    return Claim(
        "Gates remember",
        holds,
        f"The LSTM {recalls(reached['lstm'], longest)}, the GRU {recalls(reached['gru'], longest)}, the vanilla RNN "
        f"{recalls(reached['rnn'], longest)}. Of the gradient over none, {distance} steps leave this part before and "
        f"after training: {gradients}.",
    )


def gru_is_light_and_fast(numbers: Numbers) -> Claim:
    """Cho et al. 2014; Chung et al. 2014: three quarters of the LSTM's gates."""
    speed = numbers.speed
    counts, rates = speed.parameters[WITH], speed.tokens_per_second[WITH]
    weight, pace = counts["gru"] / counts["lstm"], rates["gru"] / rates["lstm"]
    return Claim(
        "The GRU is lighter and faster than the LSTM",
        verdict([weight <= LIGHTER, pace >= FASTER]),
        f"With hidden size {speed.hidden} and attention, the whole translator has {counts['gru']:,} parameters against "
        f"{counts['lstm']:,} ({change(weight)}), and trains on {rates['gru']:,.0f} target tokens per second against "
        f"{rates['lstm']:,.0f} ({change(pace)}).",
    )


def lengths_are_no_obstacle(numbers: Numbers) -> Claim:
    """Sutskever et al. 2014: one network reads and writes sentences of any length; no word is cut off or filled in."""
    lengths = numbers.lengths
    ends = {
        kind: {cell: (bleu[-1], max(bleu)) for cell, bleu in by_cell.items()} for kind, by_cell in lengths.bleu.items()
    }
    found = "; ".join(
        f"{kind} " + ", ".join(f"{last:.1f} of {best:.1f} ({NAMES[cell]})" for cell, (last, best) in by_cell.items())
        for kind, by_cell in ends.items()
    )
    return Claim(
        "Variable lengths are no obstacle",
        verdict([ratio(last, best) >= KEPT for by_cell in ends.values() for last, best in by_cell.values()]),
        f"On sentences of {words(lengths.buckets[-1])} the translators keep, of the BLEU at the length that each does "
        f"best: {found}. At least {KEPT:.0%} would be no obstacle.",
    )


def attention_helps_long_sentences(numbers: Numbers) -> Claim:
    """Bahdanau et al. 2015: a single vector is too small for a long sentence."""
    lengths = numbers.lengths
    gains = {
        cell: [a - b for a, b in zip(scores, lengths.bleu[WITHOUT][cell], strict=True)]
        for cell, scores in lengths.bleu[WITH].items()
    }
    helps = [gain[-1] >= BLEU_MARGIN for gain in gains.values()]
    more = [gain[-1] - gain[0] >= BLEU_MARGIN for gain in gains.values()]
    found = ", ".join(f"{gain[0]:+.1f} and {gain[-1]:+.1f} ({NAMES[cell]})" for cell, gain in gains.items())
    return Claim(
        "Attention helps, and long sentences most",
        "no" if not any(helps) else verdict(helps + more),
        f"BLEU gained by attention on sentences of {words(lengths.buckets[0])} and of {words(lengths.buckets[-1])}: "
        f"{found}.",
    )


def gaps_are_no_obstacle(numbers: Numbers) -> Claim:
    """A network that has read whole sentences only meets sentences with gaps."""
    gaps = numbers.gaps
    share, floor = gaps.shares[-1], ratio(gaps.yardstick[-1], gaps.yardstick[0])
    left = {
        kind: statistics.mean(ratio(scores[-1], scores[0]) for scores in gaps.bleu[kind][PLAIN].values())
        for kind in (BLANKED, REMOVED)
    }
    least = min(left.values())
    return Claim(
        "Gaps in the input are no obstacle",
        "yes" if least >= KEPT else "partly" if least > floor else "no",
        f"With {share:.0%} of the words missing, translators that were trained on whole sentences keep "
        f"{left[BLANKED]:.0%} of their BLEU where words are blanked and {left[REMOVED]:.0%} where they are removed "
        f"(mean of the cells). The references themselves, with as many of their words missing, keep {floor:.0%}.",
    )


def word_dropout_helps(numbers: Numbers) -> Claim:
    """Gal and Ghahramani 2016: words dropped in training prepare for words that are missing later."""
    gaps = numbers.gaps
    gains = {}
    for kind in (BLANKED, REMOVED):
        pairs = [(gaps.bleu[kind][DROPPED][cell], scores) for cell, scores in gaps.bleu[kind][PLAIN].items()]
        gains[kind] = statistics.mean(
            a - b for after, before in pairs for a, b in zip(after[1:], before[1:], strict=True)
        )
    whole = statistics.mean(
        gaps.bleu[BLANKED][DROPPED][cell][0] - scores[0] for cell, scores in gaps.bleu[BLANKED][PLAIN].items()
    )
    return Claim(
        "Word dropout in training helps with gaps",
        verdict([gain >= BLEU_MARGIN for gain in gains.values()]),
        f"Dropping {gaps.word_dropout:.0%} of the words in training changes BLEU by {gains[BLANKED]:+.1f} where words "
        f"are blanked and by {gains[REMOVED]:+.1f} where they are removed (mean of cells and of shares above 0), "
        f"and by {whole:+.1f} on whole sentences.",
    )


CLAIMS: tuple[Callable[[Numbers], Claim], ...] = (
    vanilla_forgets,
    gates_remember,
    gru_is_light_and_fast,
    lengths_are_no_obstacle,
    attention_helps_long_sentences,
    gaps_are_no_obstacle,
    word_dropout_helps,
)


def judge(numbers: Numbers) -> list[Claim]:
    """Every claim, judged by these numbers."""
    return [claim(numbers) for claim in CLAIMS]


def recalls(reached: int, longest: int) -> str:
    """A clause about how far a cell recalls."""
    if reached == longest:
        return f"recalls over all {longest} steps"
    return f"recalls over {reached} of {longest} steps" if reached else "recalls over none of the distances"


def power(value: float) -> str:
    """A number as people read it: 0.83, or 2e-12."""
    return f"{value:.2g}" if value >= 0.01 or value == 0 else f"{value:.0e}".replace("e-0", "e-")


def change(ratio: float) -> str:
    """A ratio as a change in per cent."""
    return f"{ratio - 1:+.0%}"


def ratio(part: float, whole: float) -> float:
    """part / whole, and 0 where there is nothing of the whole."""
    return part / whole if whole else 0.0


def words(bucket: list[int]) -> str:
    """A bucket of lengths: "3 to 5 words"."""
    low, high, _ = bucket
    return f"{low} to {high} words" if low < high else f"{low} words"
