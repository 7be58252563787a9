"""Decoders: how recurrence and attention are joined. Here are what all share and the parallel one. Each reads a whole
target (`forward`, for training) or one position of several hypotheses (`step`, for search), from the same weights and
with the same result.

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
from nmt.model.dropout import HeldDropout
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
        return cells + stacked([self.beside(memory)])

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
        return features, stacked(after) + stacked(seen), weights

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


def stacked(layers: list[State]) -> State:
    """Each layer's state, of tensors [rows, size] -> tensors [layers, rows, size]."""
    return tuple(torch.stack(parts) for parts in zip(*layers, strict=True))
