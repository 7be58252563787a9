"""The translation model: padding is not there (law 2), and searching runs the same network as training."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch import Tensor, nn

from nmt.config import ModelConfig
from nmt.errors import UserError
from nmt.model.attention import ATTENTION
from nmt.model.bridge import BRIDGE
from nmt.model.cell import Recurrent
from nmt.model.decoders import DECODER
from nmt.model.dropout import HeldDropout
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import PADDING, Seq2Seq, parameter_count
from nmt.search.protocol import DEAD

PIECES, BEGIN = 13, 2
COMBINATIONS = list(itertools.product(DECODER, RECURRENT, ATTENTION))
SOURCES = [[5, 9, 4, 3], [7, 3], [11, 6, 5, 4, 8, 10, 3], [3]]
TARGETS = [[BEGIN, 8], [BEGIN, 6, 6, 12, 4, 9], [BEGIN], [BEGIN, 10, 5, 7]]

SMALL: dict[str, object] = {
    "cell": "lstm",
    "attention": "general",
    "bridge": "last",
    "embedding": 6,
    "readout": 5,
    "hidden": 8,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "heads": 2,
    "dropout": 0.0,
    "tied": "none",
}

every_combination = pytest.mark.parametrize(("decoder", "cell", "attention"), COMBINATIONS)


def a_network(**changes: object) -> Seq2Seq:
    """A small network in double precision, with sizes that cannot be mistaken for each other. It does not train."""
    torch.manual_seed(3)
    return Seq2Seq(ModelConfig.model_validate({**SMALL, **changes}), PIECES, PIECES, joint=True).double().eval()


def padded(sentences: list[list[int]], longest: int = 0) -> tuple[Tensor, Tensor]:
    """[sentences, at least `longest`] padded at the end, and lengths."""
    longest = max(longest, *map(len, sentences), 1)
    rows = [sentence + [PADDING] * (longest - len(sentence)) for sentence in sentences]
    return torch.tensor(rows), torch.tensor([len(sentence) for sentence in sentences])


def log_probabilities(network: Seq2Seq, source: list[int], target: list[int]) -> Tensor:
    """[target, pieces] of one pair, alone and teacher-forced: what everything else is compared with."""
    features, _ = network(*padded([source]), torch.tensor([target]))
    result: Tensor = network.output(features[0]).log_softmax(dim=-1)
    return result


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def assert_padding_is_not_there(network: Seq2Seq) -> None:
    pairs = zip(SOURCES, TARGETS, strict=True)
    alone = [network(*padded([source]), torch.tensor([target])) for source, target in pairs]
    for order, extra in (((0, 1, 2, 3), 0), ((3, 1, 0, 2), 12), ((1, 0), 0)):
        source, lengths = padded([SOURCES[index] for index in order], extra)
        features, weights = network(source, lengths, padded([TARGETS[index] for index in order], extra)[0])
        for row, index in enumerate(order):
            expected, expected_weights = alone[index]
            words, pieces = len(SOURCES[index]), len(TARGETS[index])
            close(features[row, :pieces], expected[0])
            assert (weights is None) == (expected_weights is None)
            if weights is not None:
                close(weights[row, :pieces, :words], expected_weights[0])
                assert not weights[row, :pieces, words:].any()


@every_combination
@pytest.mark.parametrize("layers", [1, 2])
def test_padding_is_not_there(decoder: str, cell: str, attention: str, layers: int) -> None:
    assert_padding_is_not_there(
        a_network(decoder=decoder, cell=cell, attention=attention, encoder_layers=layers, decoder_layers=layers)
    )


@pytest.mark.parametrize("bridge", BRIDGE)
@pytest.mark.parametrize("decoder", DECODER)
@pytest.mark.parametrize("residual", [True, False])
def test_padding_is_not_there_with_any_bridge_and_three_layers(bridge: str, decoder: str, residual: bool) -> None:
    assert_padding_is_not_there(
        a_network(bridge=bridge, decoder=decoder, encoder_layers=3, decoder_layers=3, residual=residual)
    )


@every_combination
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_stepping_equals_reading_the_whole_target(decoder: str, cell: str, attention: str, layers: int) -> None:
    network = a_network(decoder=decoder, cell=cell, attention=attention, decoder_layers=layers, residual=layers != 2)
    source, lengths = padded(SOURCES)
    target = torch.randint(1, PIECES, (len(SOURCES), 5))
    whole = network.output(network(source, lengths, target)[0]).log_softmax(dim=-1)
    state = network.start(source, lengths)
    for position in range(target.shape[1]):
        step, state = network.step(target[:, position : position + 1], state)
        close(step.squeeze(1), whole[:, position])


@every_combination
def test_selecting_hypotheses_takes_their_whole_history_along(decoder: str, cell: str, attention: str) -> None:
    network = a_network(decoder=decoder, cell=cell, attention=attention, decoder_layers=2)
    sources = SOURCES[:3]
    _, state = network.step(torch.full((3, 1), BEGIN), network.start(*padded(sources)))
    state = network.select(state, None, torch.tensor([0, 0, 1, 1, 2, 2]))  # every beam becomes two wide
    _, state = network.step(torch.tensor([[4, 5], [6, 7], [8, 9]]), state)
    kept, rows = torch.tensor([0, 2]), torch.tensor([1, 0, 1, 5, 5, 4])  # three wide, the second sentence has ended
    result, _ = network.step(torch.tensor([[10, 11, 12], [10, 11, 12]]), network.select(state, kept, rows))
    histories = [[(0, 5, 10), (0, 4, 11), (0, 5, 12)], [(2, 9, 10), (2, 9, 11), (2, 8, 12)]]
    for found, expected in zip(result, histories, strict=True):
        for row, (sentence, *words) in zip(found, expected, strict=True):
            close(row, log_probabilities(network, sources[sentence], [BEGIN, *words])[-1])


@every_combination
def test_every_parameter_takes_part_in_training(decoder: str, cell: str, attention: str) -> None:
    network = a_network(decoder=decoder, cell=cell, attention=attention, encoder_layers=2, decoder_layers=2).train()
    source, lengths = padded(SOURCES)
    features, _ = network(source, lengths, torch.randint(1, PIECES, (len(SOURCES), 5)))
    network.output(features).log_softmax(dim=-1)[..., 3].sum().backward()
    idle = [name for name, one in network.named_parameters() if one.grad is None or not one.grad.any()]
    assert not idle


@every_combination
def test_a_prediction_does_not_see_the_pieces_after_it(decoder: str, cell: str, attention: str) -> None:
    network = a_network(decoder=decoder, cell=cell, attention=attention, decoder_layers=2)
    before = log_probabilities(network, SOURCES[0], [BEGIN, 6, 7, 8])
    after = log_probabilities(network, SOURCES[0], [BEGIN, 6, 9, 10])
    close(after[:2], before[:2])
    assert not torch.allclose(after[2:], before[2:])


@pytest.mark.parametrize("bridge", BRIDGE)
@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("decoder", DECODER)
def test_the_source_arrives_by_bridge_or_attention_and_by_nothing_else(
    bridge: str, attention: str, decoder: str
) -> None:
    network = a_network(bridge=bridge, attention=attention, decoder=decoder)
    one, other = (log_probabilities(network, source, TARGETS[1]) for source in ([5, 9, 4, 3], [7, 6, 3]))
    assert torch.allclose(one, other) == (bridge == "zero" and attention == "none")


@pytest.mark.parametrize("decoder", DECODER)
def test_residual_connections_begin_with_the_second_layer(decoder: str) -> None:
    def with_and_without(layers: int, side: str) -> tuple[Tensor, Tensor]:
        networks = (a_network(decoder=decoder, residual=residual, **{side: layers}) for residual in (True, False))
        one, other = (log_probabilities(network, SOURCES[0], TARGETS[1]) for network in networks)
        return one, other

    for side in ("encoder_layers", "decoder_layers"):
        close(*with_and_without(1, side))
        one, other = with_and_without(2, side)
        assert not torch.allclose(one, other), side


def test_tied_weights_are_one_and_are_counted_once() -> None:
    networks = {tied: a_network(tied=tied, readout=0) for tied in ("none", "target", "all")}
    tables = {
        tied: {id(layer.weight) for layer in (one.output, one.target_embedding, one.source_embedding)}
        for tied, one in networks.items()
    }
    assert {tied: len(weights) for tied, weights in tables.items()} == {"none": 3, "target": 2, "all": 1}
    assert networks["target"].output.weight is networks["target"].target_embedding.weight
    counts = {tied: parameter_count(one) for tied, one in networks.items()}
    table = PIECES * 6
    assert counts["none"] - counts["target"] == counts["target"] - counts["all"] == table


def test_parameter_count_counts_every_number() -> None:
    assert parameter_count(nn.Linear(3, 5)) == 3 * 5 + 5


def test_vocabularies_of_different_sizes_keep_to_their_sides() -> None:
    network = Seq2Seq(ModelConfig.model_validate({**SMALL, "tied": "target", "readout": 0}), 21, 9, joint=False)
    features, _ = network(torch.tensor([[20, 3]]), torch.tensor([2]), torch.tensor([[BEGIN, 8]]))
    assert network.output(features).shape == (1, 2, 9)


@every_combination
def test_nothing_is_dropped_outside_training(decoder: str, cell: str, attention: str) -> None:
    shape: dict[str, object] = {"decoder": decoder, "cell": cell, "attention": attention}
    layers = {"encoder_layers": 2, "decoder_layers": 2}
    dropping = a_network(dropout=0.5, word_dropout=0.5, **shape, **layers)
    plain = a_network(**shape, **layers)
    close(log_probabilities(dropping, SOURCES[2], TARGETS[1]), log_probabilities(plain, SOURCES[2], TARGETS[1]))
    dropping.train()
    one, other = (log_probabilities(dropping, SOURCES[2], TARGETS[1]) for _ in range(2))
    assert not torch.allclose(one, other)


@pytest.mark.parametrize("decoder", DECODER)
@pytest.mark.parametrize("cell", ["lstm", "gru-norm"])
def test_states_are_dropped_in_training_alone_and_nothing_of_it_stays(decoder: str, cell: str) -> None:
    network = a_network(
        state_dropout=0.5, decoder=decoder, cell=cell, encoder_layers=2, decoder_layers=2, transitions=2
    )
    whole = log_probabilities(network, SOURCES[2], TARGETS[1])
    network.train()
    one, other = (log_probabilities(network, SOURCES[2], TARGETS[1]) for _ in range(2))
    assert not torch.allclose(one, whole)
    assert not torch.allclose(one, other)
    layers = [layer for layer in network.modules() if isinstance(layer, Recurrent)]
    assert all(layer.held is None for layer in layers)
    close(log_probabilities(copy.deepcopy(network).eval(), SOURCES[2], TARGETS[1]), whole)


def test_held_dropout_is_constant_over_time_and_differs_between_sentences() -> None:
    torch.manual_seed(4)
    dropped = HeldDropout(0.25).train()(torch.ones(64, 9, 100))
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert not torch.equal(dropped[0], dropped[1])
    assert torch.equal(dropped.unique(), torch.tensor([0.0, 1 / 0.75]))
    share = (dropped[:, 0] == 0).float().mean()  # of 6,400 units: a standard deviation of 0.0054
    assert abs(share - 0.25) < 5 * 0.0054


@pytest.mark.parametrize("decoder", DECODER)
def test_masks_are_drawn_once_for_a_sentence_however_long(decoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = a_network(decoder=decoder, dropout=0.5, encoder_layers=2, decoder_layers=3).train()
    drawn: list[int] = []
    draw = HeldDropout.mask

    def counted(self: HeldDropout, batch: int, size: int, like: Tensor) -> Tensor | None:
        drawn.append(batch)
        return draw(self, batch, size, like)

    monkeypatch.setattr(HeldDropout, "mask", counted)
    counts = []
    for length in (2, 15):
        drawn.clear()
        network(torch.full((4, length), 5), torch.full((4,), length), torch.full((4, length), 6))
        assert set(drawn) == {4}
        counts.append(len(drawn))
    assert counts[0] == counts[1] > 0


def test_word_dropout_drops_whole_embeddings_on_both_sides() -> None:
    network = a_network(word_dropout=0.3)
    seen: list[Tensor] = []
    for part in (network.encoder, network.decoder):
        part.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    pieces, lengths = torch.randint(1, PIECES, (40, 50)), torch.full((40,), 50)
    network(pieces, lengths, pieces)
    network.train()(pieces, lengths, pieces)
    for whole, inputs in zip(seen[:2], seen[2:], strict=True):
        dropped = (inputs == 0).all(dim=-1)
        assert torch.equal(inputs[~dropped], whole[~dropped])
        assert abs(dropped.double().mean() - 0.3) < 5 * 0.0102  # of 2,000 pieces: a standard deviation of 0.0102


@pytest.mark.parametrize("tied", ["none", "target", "all"])
def test_padding_is_embedded_as_zeros_whatever_its_row_has_learned(tied: str) -> None:
    network = a_network(tied=tied, readout=0).train()
    seen: list[Tensor] = []
    for part in (network.encoder, network.decoder):
        part.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    optimizer = torch.optim.SGD(network.parameters(), 1.0)
    for training in (True, False):
        features, _ = network.train(training)(
            torch.tensor([[5, PADDING, 4, 3]]), torch.tensor([4]), torch.tensor([[BEGIN, PADDING, 8]])
        )
        network.output(features).log_softmax(dim=-1)[..., 3].sum().backward()  # the output layer moves every row
        optimizer.step()
        for embedded in seen[-2:]:
            assert not embedded[0, 1].any()
            assert embedded[0, [0, 2]].all()


@pytest.mark.parametrize(
    ("changes", "joint", "message"),
    [
        ({"tied": "all"}, False, "model.tied"),
        ({"tied": "target"}, False, "model.readout is 5"),
        ({"hidden": 9, "attention": "dot"}, True, "model.hidden is 9"),
        ({"heads": 3, "attention": "multihead"}, True, "model.heads is 3"),
        ({"cell": "lstn"}, True, "Did you mean 'lstm'"),
        ({"attention": "genral"}, True, "Did you mean 'general'"),
        ({"decoder": "inputfeeding"}, True, "Did you mean 'input-feeding'"),
        ({"bridge": "lost"}, True, "Did you mean 'last'"),
    ],
)
def test_what_does_not_fit_is_a_user_error_of_one_line(changes: dict[str, object], joint: bool, message: str) -> None:
    config = ModelConfig.model_validate({**SMALL, **changes})
    with pytest.raises(UserError) as raised:
        Seq2Seq(config, PIECES, PIECES, joint=joint)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("attention", [name for name in ATTENTION if name != "none"])
@pytest.mark.parametrize("decoder", DECODER)
@pytest.mark.parametrize("lexical", [True, False])
def test_the_attended_words_speak_past_the_recurrence_only_if_they_may(
    decoder: str, attention: str, lexical: bool
) -> None:
    network = a_network(decoder=decoder, attention=attention, lexical=lexical)
    for layer in [*network.encoder.parameters(), *network.bridge.parameters()]:
        layer.data.zero_()  # nothing of the source comes through the encoder: every sentence looks the same
    one, other = ([5, 9, 4, 3], [7, 11, 6, 3])
    same = torch.equal(*(log_probabilities(network, source, [BEGIN, 8]) for source in (one, other)))
    assert same is not lexical


def test_without_attention_there_is_no_word_to_speak() -> None:
    without = {name for name, _ in a_network(attention="none", lexical=True).named_parameters()}
    assert without == {name for name, _ in a_network(attention="none", lexical=False).named_parameters()}


@every_combination
def test_hypotheses_that_live_are_stepped_as_if_all_did(decoder: str, cell: str, attention: str) -> None:
    network = a_network(decoder=decoder, cell=cell, attention=attention, decoder_layers=2)
    _, state = network.step(torch.full((2, 1), BEGIN), network.start(*padded(SOURCES[:2])))
    state = network.select(state, None, torch.tensor([0, 0, 0, 1, 1, 1]))  # three wide
    tokens = torch.tensor([[4, 5, 6], [7, 8, 9]])
    living = torch.tensor([[False, True, False], [True, True, False]])
    everything, after = network.step(tokens, state)
    something, some_after = network.step(tokens.masked_fill(~living, DEAD), state)
    close(something[living], everything[living])
    assert bool(something.isfinite().all())
    rows = torch.tensor([1, 1, 3, 4])
    said = torch.tensor([[10, 11], [12, 4]])
    found, _ = network.step(said, network.select(some_after, None, rows))
    close(found, network.step(said, network.select(after, None, rows))[0])
