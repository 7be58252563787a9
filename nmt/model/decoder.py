"""Decoders: how recurrence and attention are joined. Each reads a whole target (`forward`, for training) or one
position of several hypotheses (`step`, for search), from the same weights and with the same result.

A decoder's state is a tuple of tensors: those of the recurrent layers [layers, rows, hidden], then what it carries
beside them [1, rows, size], the past of its attention last. In search, `rows` counts the living hypotheses of all
sentences, one sentence after the other: a sentence's memory is never copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from nmt.model.attention import Attention, Memory, padding_bias
from nmt.model.beams import Beams
from nmt.model.cell import Recurrent, StackSizes, State
from nmt.model.dropout import HeldDropout, apply
from nmt.model.stack import Between, recurrent_layer


class Decoder(nn.Module):
    """What all decoders share: recurrent layers, one attention, and the readout that makes a feature vector of them.

    Args: cell, attention: of the tables; sizes: of the stack, `input_size` being the width of embeddings, `hidden` that
    of the states and of the encoder's outputs; readout: width of the feature vectors; lexical: whether the attended
    source words speak for themselves, too (Nguyen and Chiang 2018, section 4).
    """

    def __init__(
        self, cell: type[Recurrent], attention: Attention, sizes: StackSizes, *, readout: int, lexical: bool
    ) -> None:
        super().__init__()
        self.attention = attention
        self.cell_states = cell.STATES
        self.sizes = sizes
        self.dropout = HeldDropout(sizes.dropout)
        above = [recurrent_layer(cell, self.size_above(), sizes.hidden, sizes) for _ in range(sizes.layers - 1)]
        self.layers = nn.ModuleList([recurrent_layer(cell, sizes.input_size, sizes.hidden, sizes), *above])
        self.between = Between(sizes)
        self.readout = nn.Linear(self.readout_size(), readout)
        attends = attention.context_size > 0
        self.lexical = nn.Linear(sizes.input_size, readout) if lexical and attends else None

    @property
    def stack(self) -> list[Recurrent]:
        """The recurrent layers, lowest first."""
        return cast(list[Recurrent], list(self.layers))

    def size_above(self) -> int:
        """Input size of the layers above the first."""
        return self.sizes.hidden + self.attention.context_size

    def readout_size(self) -> int:
        """Input size of the readout."""
        return self.sizes.hidden + self.attention.context_size

    def remember(self, values: Tensor, lengths: Tensor, words: Tensor, pieces: Tensor) -> Memory:
        """The encoder's outputs [batch, source, hidden] and inputs [batch, source, input], ready to be attended to, of
        source pieces [batch, source]."""
        return Memory(values, self.attention.prepare(values), padding_bias(lengths, values.shape[1]), words, pieces)

    def start(self, cells: State, memory: Memory) -> State:
        """The state before the first target position, from the bridge's [layers, batch, hidden] tensors."""
        return cells + _stack([self.beside(memory)])

    def beside(self, memory: Memory) -> State:
        """What the decoder carries beside its layers' states, before the first position: tensors [batch, size]."""
        return self.attention.start(memory)

    def forward(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """inputs [batch, target, input] -> features [batch, target, readout], weights [batch, target, source]."""
        raise NotImplementedError

    def project(self, inputs: Tensor) -> Tensor:
        """What the first layer makes of inputs [..., input] whatever came before: [..., gates * hidden]."""
        return self.stack[0].project(inputs)

    def step(
        self, inputs: Tensor, projected: Tensor, state: State, memory: Memory, beams: Beams
    ) -> tuple[Tensor, State, Tensor | None]:
        """inputs [rows, input], one position of each living hypothesis, and what `project` makes of them -> features
        [rows, readout], the state after it, weights [batch, beam, source]."""
        raise NotImplementedError

    def _look(self, queries: Tensor, memory: Memory, beams: Beams, past: State) -> tuple[Tensor, Tensor | None, State]:
        """queries [rows, hidden], the attention's past [rows, ...] -> contexts [rows, context], weights [batch, beam,
        source], the past after it."""
        spread = tuple(beams.spread(part) for part in past)
        contexts, weights, spread = self.attention.look(beams.spread(queries), memory, spread)
        return beams.gather(contexts), weights, tuple(beams.gather(part) for part in spread)

    def _split(self, state: State) -> tuple[list[State], State]:
        """The states of the layers, and what the decoder carries beside them."""
        cells = state[: self.cell_states]
        layers = [tuple(part[index] for part in cells) for index in range(len(self.layers))]
        return layers, tuple(part[0] for part in state[self.cell_states :])

    def _words(self, weights: Tensor | None, memory: Memory) -> Tensor | None:
        """The words attended to, by weights [batch, length, source] -> [batch, length, input]; None where they do not
        speak for themselves."""
        return None if self.lexical is None or weights is None else weights @ memory.words

    def _speak(self, features: Tensor, words: Tensor | None) -> Tensor:
        """Adds to the features [..., readout] what the words attended to [..., input] are translated by on their own
        (Nguyen and Chiang 2018, section 4, with the output layer shared). On this short way a rare word is learned from
        few examples, and not confused with those that keep the same company."""
        if self.lexical is None or words is None:
            return features
        spoken: Tensor = self.lexical(self.dropout(words))
        return features + spoken.tanh()


class ParallelDecoder(Decoder):
    """Attention stacked on recurrence, for all target positions at once: the first layer's outputs are the queries,
    and the contexts go into every layer above and into the readout (as in GNMT, Wu et al. 2016, section 3), which also
    sees the last word (a deep output, Pascanu et al. 2014)."""

    def readout_size(self) -> int:
        return super().readout_size() + self.sizes.input_size

    def forward(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, Tensor | None]:
        layers, _ = self._split(state)

        def run(index: int, layer_inputs: Tensor) -> Tensor:
            outputs: Tensor = self.stack[index](layer_inputs, layers[index])
            return outputs

        features, weights = self._through(inputs, run, lambda queries: self.attention(queries, memory))
        return self._speak(features, self._words(weights, memory)), weights

    def step(
        self, inputs: Tensor, projected: Tensor, state: State, memory: Memory, beams: Beams
    ) -> tuple[Tensor, State, Tensor | None]:
        layers, past = self._split(state)
        after: list[State] = []
        seen: list[State] = []

        def run(index: int, layer_inputs: Tensor) -> Tensor:
            layer = self.stack[index]
            read = layer.project(layer_inputs) if index > 0 else projected
            outputs, state_after = layer.advance(read, layers[index])
            after.append(state_after)
            return outputs

        def look(queries: Tensor) -> tuple[Tensor, Tensor | None]:
            contexts, weights, past_after = self._look(queries, memory, beams, past)
            seen.append(past_after)
            return contexts, weights

        features, weights = self._through(inputs, run, look)
        words = self._words(weights, memory)
        features = self._speak(features, None if words is None else beams.gather(words))
        return features, _stack(after) + _stack(seen), weights

    def _through(
        self,
        inputs: Tensor,
        run: Callable[[int, Tensor], Tensor],
        look: Callable[[Tensor], tuple[Tensor, Tensor | None]],
    ) -> tuple[Tensor, Tensor | None]:
        """The stack, with `run(layer, inputs)` to run one recurrent layer over [..., size] and `look(queries)` to
        attend -> features before the words speak, weights."""
        outputs = self.between(0, run(0, inputs))
        contexts, weights = look(outputs)
        for index in range(1, len(self.layers)):
            above = run(index, self.dropout(torch.cat([outputs, contexts], dim=-1)))
            outputs = self.between(index, above, outputs)
        readout = self.readout(self.dropout(torch.cat([outputs, contexts, inputs], dim=-1)))
        return readout.tanh(), weights


class SteppedDecoder(Decoder):
    """A decoder whose recurrence runs through the attention, so that training, too, goes position by position.

    Subclasses define `advance`, one position; what does not depend on the state is computed for all at once.
    """

    def advance(
        self,
        projected: Tensor,
        layers: list[State],
        extra: State,
        memory: Memory,
        beams: Beams,
        masks: list[Tensor | None],
    ) -> tuple[Tensor, list[State], State, Tensor | None]:
        """One position: projected [rows, gates * hidden] from the first layer, each layer's state, what is carried
        beside them -> readings [rows, size], the same two after it, weights [batch, beam, source]."""
        raise NotImplementedError

    def features(self, readings: Tensor, inputs: Tensor) -> Tensor:
        """readings from `advance` and inputs [..., input] -> features [..., readout]."""
        raise NotImplementedError

    def forward(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, Tensor | None]:
        layers, extra = self._split(state)
        masks, beams = self._masks(inputs), Beams(len(inputs), 1)
        readings, weights = [], []
        for projected in self.project(inputs.transpose(0, 1)).unbind(0):
            reading, layers, extra, weight = self.advance(projected, layers, extra, memory, beams, masks)
            readings.append(reading)
            weights.append(weight)
        attention = None if weights[0] is None else torch.cat([w for w in weights if w is not None], dim=1)
        features = self.features(torch.stack(readings, dim=1), inputs)
        return self._speak(features, self._words(attention, memory)), attention

    def step(
        self, inputs: Tensor, projected: Tensor, state: State, memory: Memory, beams: Beams
    ) -> tuple[Tensor, State, Tensor | None]:
        layers, extra = self._split(state)
        masks = self._masks(inputs)
        reading, layers, extra, weights = self.advance(projected, layers, extra, memory, beams, masks)
        words = self._words(weights, memory)
        features = self._speak(self.features(reading, inputs), None if words is None else beams.gather(words))
        return features, _stack(layers) + _stack([extra]), weights

    def _masks(self, inputs: Tensor) -> list[Tensor | None]:
        """A held mask for the input of every layer above the first, then one for the readout."""
        sizes = [layer.input_size for layer in self.stack[1:]] + [self.readout.in_features]
        return [self.dropout.mask(len(inputs), size, inputs) for size in sizes]

    def _upwards(
        self, outputs: Tensor, layers: list[State], masks: list[Tensor | None], widen: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, list[State]]:
        """The layers above the first: outputs [rows, hidden] of the first -> those of the last, states of those above.
        `widen` makes a layer's input of the output below it."""
        after = []
        for index, (layer, before) in enumerate(zip(self.stack[1:], layers[1:], strict=True), start=1):
            above, state_after = layer.advance(layer.project(apply(masks[index - 1], widen(outputs))), before)
            after.append(state_after)
            outputs = self.between(index, above, outputs)
        return outputs, after


class InputFeedingDecoder(SteppedDecoder):
    """Recurrent layers, then attention; the feature vector is fed to the next position (Luong et al. 2015, sec. 3.3).
    That vector is carried beside the layers' states."""

    def __init__(
        self, cell: type[Recurrent], attention: Attention, sizes: StackSizes, *, readout: int, lexical: bool
    ) -> None:
        super().__init__(cell, attention, sizes, readout=readout, lexical=lexical)
        self.feed = nn.Linear(readout, cell.GATES * sizes.hidden, bias=False)

    def size_above(self) -> int:
        return self.sizes.hidden

    def beside(self, memory: Memory) -> State:
        return (memory.values.new_zeros(len(memory.values), self.feed.in_features), *super().beside(memory))

    def advance(
        self,
        projected: Tensor,
        layers: list[State],
        extra: State,
        memory: Memory,
        beams: Beams,
        masks: list[Tensor | None],
    ) -> tuple[Tensor, list[State], State, Tensor | None]:
        fed, *past = extra
        lowest, first = self.stack[0].advance(projected + self.feed(fed), layers[0])
        outputs, above = self._upwards(self.between(0, lowest), layers, masks, lambda below: below)
        contexts, weights, seen = self._look(outputs, memory, beams, tuple(past))
        feature = self.readout(apply(masks[-1], torch.cat([outputs, contexts], dim=-1))).tanh()
        return feature, [first, *above], (feature, *seen), weights

    def features(self, readings: Tensor, inputs: Tensor) -> Tensor:
        return readings


class ConditionalDecoder(SteppedDecoder):
    """Two transitions with attention between them (Bahdanau et al. 2015; Nematus, Sennrich et al. 2017, sec. 3.1):
    the first reads the last word, its result asks, the second reads the answer. Further layers stand above. Where a
    layer has several transitions, there are so many on either side of the attention. Without attention there is no
    answer to read and no second transition."""

    def __init__(
        self, cell: type[Recurrent], attention: Attention, sizes: StackSizes, *, readout: int, lexical: bool
    ) -> None:
        super().__init__(cell, attention, sizes, readout=readout, lexical=lexical)
        size = attention.context_size
        self.second = recurrent_layer(cell, size, sizes.hidden, sizes) if size else None

    def readout_size(self) -> int:
        return super().readout_size() + self.sizes.input_size

    def advance(
        self,
        projected: Tensor,
        layers: list[State],
        extra: State,
        memory: Memory,
        beams: Beams,
        masks: list[Tensor | None],
    ) -> tuple[Tensor, list[State], State, Tensor | None]:
        lowest, first = self.stack[0].advance(projected, layers[0])
        contexts, weights, seen = self._look(lowest, memory, beams, extra)
        if self.second is not None:
            lowest, first = self.second.advance(self.second.project(contexts), first)
        lowest = self.between(0, lowest)
        outputs, above = self._upwards(lowest, layers, masks, lambda below: torch.cat([below, contexts], dim=-1))
        return torch.cat([outputs, contexts], dim=-1), [first, *above], seen, weights

    def features(self, readings: Tensor, inputs: Tensor) -> Tensor:
        readout: Tensor = self.readout(self.dropout(torch.cat([readings, inputs], dim=-1)))
        return readout.tanh()


class ContextFeedingDecoder(SteppedDecoder):
    """Recurrent layers of which all read what the attention found: those above the lowest at their own position, the
    lowest, which asks, at the one before; so does the readout (RNMT+, Chen et al. 2018, section 4.1). The context is
    carried beside the layers' states."""

    def __init__(
        self, cell: type[Recurrent], attention: Attention, sizes: StackSizes, *, readout: int, lexical: bool
    ) -> None:
        super().__init__(cell, attention, sizes, readout=readout, lexical=lexical)
        size = attention.context_size
        self.feed = nn.Linear(size, cell.GATES * sizes.hidden, bias=False) if size else None

    def beside(self, memory: Memory) -> State:
        return (memory.values.new_zeros(len(memory.values), self.attention.context_size), *super().beside(memory))

    def advance(
        self,
        projected: Tensor,
        layers: list[State],
        extra: State,
        memory: Memory,
        beams: Beams,
        masks: list[Tensor | None],
    ) -> tuple[Tensor, list[State], State, Tensor | None]:
        fed, *past = extra
        if self.feed is not None:
            projected = projected + self.feed(fed)
        lowest, first = self.stack[0].advance(projected, layers[0])
        lowest = self.between(0, lowest)
        contexts, weights, seen = self._look(lowest, memory, beams, tuple(past))
        outputs, above = self._upwards(lowest, layers, masks, lambda below: torch.cat([below, contexts], dim=-1))
        reading = apply(masks[-1], torch.cat([outputs, contexts], dim=-1))
        return reading, [first, *above], (contexts, *seen), weights

    def features(self, readings: Tensor, inputs: Tensor) -> Tensor:
        readout: Tensor = self.readout(readings)
        return readout.tanh()


DECODER: dict[str, type[Decoder]] = {
    "parallel": ParallelDecoder,
    "input-feeding": InputFeedingDecoder,
    "conditional": ConditionalDecoder,
    "context-feeding": ContextFeedingDecoder,
}


def _stack(layers: list[State]) -> State:
    """Each layer's state, of tensors [rows, size] -> tensors [layers, rows, size]."""
    return tuple(torch.stack(parts) for parts in zip(*layers, strict=True))
