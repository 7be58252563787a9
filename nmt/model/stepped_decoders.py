"""Decoders whose recurrence runs through the attention: what it found comes in again at the next position, or halfway
through the same."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from nmt.model.attention import Attention, Memory
from nmt.model.beams import Beams
from nmt.model.cell import Recurrent, StackSizes, State
from nmt.model.decoder import Decoder, stacked
from nmt.model.dropout import apply
from nmt.model.stack import recurrent_layer


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
        return features, stacked(layers) + stacked([extra]), weights

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
