"""Law 3: a beam of one is greedy, an exhaustive beam finds the true optimum; and no sentence knows of the others."""

from __future__ import annotations

import functools
import itertools

import pytest
import torch
from toy_table import (
    BEGIN,
    END,
    PADDING,
    SENTENCES,
    SYMBOLS,
    WORDS,
    Table,
    limit_of,
    log_probability,
    next_log_probabilities,
)

from nmt.config import ModelConfig, SearchConfig
from nmt.model.decoders import DECODER
from nmt.model.seq2seq import Seq2Seq
from nmt.search.decode import decode
from nmt.search.protocol import Hypothesis
from nmt.search.restrictions import Symbols
from nmt.search.strategies import BLOCK, Alive, Beam, Greedy, Strategy
from nmt.search.strategies import STRATEGIES as TABLE
from nmt.search.trace import trace

STRATEGIES: dict[str, Strategy] = {"greedy": Greedy(), **{f"beam {width}": Beam(width) for width in (1, 2, 3, 5, 40)}}
PENALTIES = (0.0, 0.5, 1.0, 2.0)

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES.keys())
every_penalty = pytest.mark.parametrize("length_penalty", PENALTIES)


def search(
    sentences: list[int], strategy: Strategy, length_penalty: float = 1.0, nbest: int = 1, symbols: Symbols = SYMBOLS
) -> list[list[Hypothesis]]:
    source = torch.tensor(sentences).unsqueeze(1)
    return decode(
        Table(),
        source,
        torch.ones(len(sentences), dtype=torch.long),
        strategy,
        symbols=symbols,
        limits=[limit_of(sentence) for sentence in sentences],
        search=SearchConfig(length_penalty=length_penalty, nbest=nbest),
    )


@functools.cache
def all_translations(sentence: int, length_penalty: float) -> list[tuple[float, tuple[int, ...]]]:
    """(score, pieces) of every translation within the limit, best first."""
    scored = []
    for length in range(1, limit_of(sentence)):
        for words in itertools.product(WORDS, repeat=length):
            pieces = (*words, END)
            scored.append((log_probability(sentence, pieces) / len(pieces) ** length_penalty, pieces))
    return sorted(scored, reverse=True)


@every_penalty
@pytest.mark.parametrize("nbest", [1, 4])
def test_an_exhaustive_beam_finds_the_true_best(length_penalty: float, nbest: int) -> None:
    everything = sum(len(WORDS) ** length for length in range(1, max(map(limit_of, SENTENCES))))
    for sentence, found in zip(
        SENTENCES, search(list(SENTENCES), Beam(everything), length_penalty, nbest), strict=True
    ):
        best = all_translations(sentence, length_penalty)[:nbest]
        assert [hypothesis.pieces for hypothesis in found] == [pieces for _, pieces in best]
        assert [hypothesis.score for hypothesis in found] == pytest.approx([score for score, _ in best], abs=1e-4)


@every_penalty
@pytest.mark.parametrize("width", [12, 13, 20, 36, 49])
def test_any_beam_that_holds_all_translations_finds_the_best(length_penalty: float, width: int) -> None:
    """There are twelve for each sentence; 36 is PIECES squared, as many candidates as two steps can give."""
    few = [sentence for sentence in range(40) if limit_of(sentence) == 3]
    for sentence, found in zip(few, search(few, Beam(width), length_penalty), strict=True):
        assert found[0].pieces == all_translations(sentence, length_penalty)[0][1]


@every_penalty
def test_a_beam_of_one_is_greedy(length_penalty: float) -> None:
    sentences = list(range(200))
    assert search(sentences, Beam(1), length_penalty) == search(sentences, Greedy(), length_penalty)
    assert isinstance(TABLE["beam"](SearchConfig(beam=1), [], 1), Greedy)
    assert TABLE["beam"](SearchConfig(beam=4), [], 1).width == 4


def test_greedy_takes_the_likeliest_piece_each_time() -> None:
    for sentence, (found,) in zip(SENTENCES, search(list(SENTENCES), Greedy()), strict=True):
        for position, piece in enumerate(found.pieces):
            likely = next_log_probabilities(sentence, (BEGIN, *found.pieces[:position]))
            words = WORDS if position + 1 < limit_of(sentence) else ()
            allowed = [*words, END] if position else words
            assert piece == max(allowed, key=lambda one: float(likely[one]))


@every_strategy
@every_penalty
def test_a_translation_does_not_depend_on_the_others_in_its_batch(strategy: Strategy, length_penalty: float) -> None:
    alone = [search([sentence], strategy, length_penalty, nbest=3)[0] for sentence in SENTENCES]
    for order in (list(SENTENCES), list(reversed(SENTENCES)), [5, 2, 2, 9]):
        together = search(order, strategy, length_penalty, nbest=3)
        for sentence, found in zip(order, together, strict=True):
            assert [one.pieces for one in found] == [one.pieces for one in alone[sentence]]
            assert [one.score for one in found] == pytest.approx([one.score for one in alone[sentence]], abs=1e-5)


@every_strategy
@every_penalty
def test_hypotheses_end_once_within_their_limit_and_say_their_probability(
    strategy: Strategy, length_penalty: float
) -> None:
    for sentence, found in zip(SENTENCES, search(list(SENTENCES), strategy, length_penalty, nbest=5), strict=True):
        assert found
        for hypothesis in found:
            assert hypothesis.pieces[-1] == END
            assert set(hypothesis.pieces[:-1]) <= set(WORDS)
            assert 2 <= len(hypothesis.pieces) <= limit_of(sentence)
            expected = log_probability(sentence, hypothesis.pieces)
            assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)
            assert hypothesis.score == pytest.approx(expected / len(hypothesis.pieces) ** length_penalty, abs=1e-4)


@every_penalty
@pytest.mark.parametrize("width", [2, 3, 5, 40])
def test_the_n_best_are_distinct_sorted_and_no_more_than_asked_for(width: int, length_penalty: float) -> None:
    counts = set()
    for nbest in (1, 2, width):
        for found in search(list(SENTENCES), Beam(width), length_penalty, nbest):
            assert len({hypothesis.pieces for hypothesis in found}) == len(found) <= nbest
            assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
            counts.add(len(found))
    assert max(counts) > 1


@every_strategy
def test_forbidden_pieces_never_appear(strategy: Strategy) -> None:
    symbols = Symbols(begin=BEGIN, end=END, never=(PADDING, BEGIN, 4))
    for nbest in search(list(SENTENCES), strategy, nbest=3, symbols=symbols):
        assert nbest
        assert all(set(hypothesis.pieces) <= {3, 5, END} for hypothesis in nbest)


@every_strategy
def test_a_limit_too_short_for_a_word_still_gives_one_word(strategy: Strategy) -> None:
    """A translation is never empty, so the shortest has a word and the end."""
    one, lengths = torch.tensor([[7]]), torch.tensor([1])
    ((hypothesis,),) = decode(Table(), one, lengths, strategy, symbols=SYMBOLS, limits=[1])
    assert len(hypothesis.pieces) == 2


@pytest.mark.parametrize("pieces", [50, 2 * BLOCK, 5 * BLOCK + 7])
@every_strategy
def test_a_strategy_chooses_the_likeliest_and_enough_of_them_to_go_on_when_all_that_can_have_ended(
    strategy: Strategy, pieces: int
) -> None:
    torch.manual_seed(10)
    totals = torch.randn(3, strategy.width).sort(descending=True).values
    following = torch.randn(3, strategy.width, pieces).log_softmax(dim=-1)
    following[..., END] = -0.001  # every hypothesis would rather end
    nothing = torch.zeros(3, dtype=torch.long)
    history = torch.full((3, strategy.width, 2), WORDS[0])
    chosen = strategy.choose(Alive(nothing, nothing, totals.unsqueeze(-1), history), following.clone())
    for sentence in range(3):
        every = (totals[sentence].unsqueeze(1) + following[sentence]).flatten()
        rows = zip(*(part[sentence, 0].tolist() for part in chosen[:3]), strict=True)
        for (total, parent, token), best in zip(rows, every.sort(descending=True).values.tolist(), strict=False):
            assert total == pytest.approx(best)
            assert total == pytest.approx(float(totals[sentence, parent] + following[sentence, parent, token]))
        going_on = (chosen.tokens[sentence, 0] != END).sum()
        assert going_on >= strategy.width or isinstance(strategy, Greedy)


@pytest.mark.parametrize("stopping", ["full", "proven"])
@every_strategy
@every_penalty
def test_what_is_told_as_decided_stays_and_grows(strategy: Strategy, length_penalty: float, stopping: str) -> None:
    told: dict[int, list[tuple[int, ...]]] = {sentence: [] for sentence in SENTENCES}
    settings = SearchConfig(length_penalty=length_penalty, nbest=1, stopping=stopping)  # type: ignore[arg-type]
    source = torch.tensor(SENTENCES).unsqueeze(1)
    lengths, limits = torch.ones(len(SENTENCES), dtype=torch.long), [limit_of(sentence) for sentence in SENTENCES]
    how = {"symbols": SYMBOLS, "limits": limits, "search": settings}
    watched = decode(Table(), source, lengths, strategy, **how, watch=lambda n, said: told[n].append(said))
    assert watched == decode(Table(), source, lengths, strategy, **how)
    for sentence, (best,) in enumerate(watched):
        for earlier, later in itertools.pairwise([*told[sentence], best.pieces]):
            assert later[: len(earlier)] == earlier
        if strategy.width == 1 and stopping == "full":
            assert [len(said) for said in told[sentence]] == list(range(1, len(best.pieces) + 1))
    if strategy.width < 40:  # so wide a beam has all there is, and is sure of nothing before the end
        assert any(0 < len(said) < len(best.pieces) for n, (best,) in enumerate(watched) for said in told[n])


def test_a_trace_has_the_log_probabilities_that_the_search_took() -> None:
    network = a_network("parallel")
    source = torch.randint(3, 20, (6,))
    ((best,),) = decode(
        network,
        source.unsqueeze(0),
        torch.tensor([6]),
        Beam(3),
        symbols=SYMBOLS,
        limits=[9],
        search=SearchConfig(beam=3),
    )
    rows = trace(network, source, best.pieces, BEGIN)
    torch.testing.assert_close(rows.exp().sum(dim=1), torch.ones(len(rows), dtype=rows.dtype))
    taken = rows[torch.arange(len(rows)), list(best.pieces)]
    assert taken.tolist() == pytest.approx(list(best.piece_log_probabilities), abs=1e-6)


def a_network(decoder: str) -> Seq2Seq:
    """Random weights, drawn wide enough for decided opinions; in double precision, so that no tie is a rounding."""
    torch.manual_seed(5)
    config = ModelConfig(decoder=decoder, embedding=8, hidden=8, encoder_layers=1, decoder_layers=2, heads=2)
    network = Seq2Seq(config, 20, 20, joint=True).double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.7)
    return network


@pytest.mark.parametrize("decoder", DECODER)
@pytest.mark.parametrize("beam", [1, 4])
def test_a_network_translates_alike_alone_in_a_batch_and_in_any_order(decoder: str, beam: int) -> None:
    network = a_network(decoder)
    sentences = [torch.randint(3, 20, (length,)).tolist() for length in (3, 1, 8, 5, 5, 2, 11, 4, 7)]

    def translate(batch: list[list[int]]) -> list[list[tuple[int, ...]]]:
        lengths = torch.tensor([len(sentence) for sentence in batch])
        source = torch.tensor([sentence + [PADDING] * (int(lengths.max()) - len(sentence)) for sentence in batch])
        limits = [len(sentence) + 3 for sentence in batch]
        strategy = Greedy() if beam == 1 else Beam(beam)
        search = SearchConfig(nbest=beam)
        found = decode(network, source, lengths, strategy, symbols=SYMBOLS, limits=limits, search=search)
        return [[hypothesis.pieces for hypothesis in nbest] for nbest in found]

    together = translate(sentences)
    assert [translate([sentence])[0] for sentence in sentences] == together
    assert translate(sentences[::-1])[::-1] == together
    lengths = {len(nbest[0]) for nbest in together}
    assert len(lengths) > 2, "the network ends all translations alike, which tests nothing"
