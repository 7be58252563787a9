"""The translation model: embeddings, encoder, bridge, decoder, output layer; and the language model, which is such a
decoder alone."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nmt.config import ModelConfig
from nmt.errors import UserError, choose
from nmt.model.attention import ATTENTION, Memory
from nmt.model.beams import Beams
from nmt.model.bridge import BRIDGE
from nmt.model.cell import Recurrent, StackSizes, State
from nmt.model.copying import Copying, Pointers
from nmt.model.decoders import DECODER
from nmt.model.dropout import HeldDropout, StateDropout
from nmt.model.encoder import Encoder
from nmt.model.recurrent import RECURRENT

PADDING = 0


class SearchState(NamedTuple):
    """Where a search stands: the encoded sentences and the state of every hypothesis."""

    memory: Memory  # of [batch] sentences
    decoder: State  # each [layers, rows, size]
    weights: Tensor | None = None  # [batch, beam, source], attention of the last step; none before the first
    rows: Tensor | None = None  # [batch * beam], which row stands for each hypothesis; None where each has its own

    def pointers(self, beams: Beams) -> Pointers:
        """What each hypothesis of the last step pointed at."""
        assert self.weights is not None, "a network that copies has attention"
        pieces = self.memory.pieces.unsqueeze(1).expand_as(self.weights)
        return Pointers(beams.gather(self.weights), beams.gather(pieces))


class Seq2Seq(nn.Module):
    """An encoder-decoder. Vocabulary sizes are in pieces; with a joint vocabulary give the same size twice.

    Without encoder layers it is a recurrent language model of the target (Mikolov et al. 2010): its `source` may be
    anything, of which only the number of sentences counts.

    Raises UserError for names that are in no table and for sizes that do not fit each other.
    """

    entries: Tensor | None = None
    """`enter` of every target piece, side by side, where a search has them ready."""

    def __init__(self, config: ModelConfig, source_pieces: int, target_pieces: int, *, joint: bool) -> None:
        super().__init__()
        tied = config.tied or ("all" if joint else "target")
        if tied == "all" and not joint:
            raise UserError(
                "model.tied is 'all', which needs one joint vocabulary: set subwords.joint true, or tied target."
            )
        if config.is_language_model:
            _check_language_model(config, joint=joint)
        if config.copying and not joint:
            raise UserError(
                "model.copying needs one joint vocabulary: set subwords.joint true, or model.copying false."
            )
        cell = choose(RECURRENT, config.cell, "model.cell")
        attention = choose(ATTENTION, config.attention, "model.attention")
        decoder = choose(DECODER, config.decoder, "model.decoder")
        bridge = choose(BRIDGE, config.bridge, "model.bridge")
        rate = config.dropout or 0.0
        embedding = config.embedding or config.hidden
        readout = config.readout or embedding
        if tied != "none" and readout != embedding:
            raise UserError(
                f"model.readout is {readout} and the embeddings, which the output layer shares, have {embedding}: set "
                "model.tied none, or leave model.readout out."
            )
        sizes = StackSizes(
            *(embedding, config.hidden, config.encoder_layers, rate, config.residual),
            *(config.transitions, config.norm, config.feedforward),
        )
        self.source_embedding = (
            None if config.is_language_model else nn.Embedding(source_pieces, embedding, padding_idx=PADDING)
        )
        self.target_embedding = (
            self.source_embedding
            if self.source_embedding is not None and tied == "all"
            else nn.Embedding(target_pieces, embedding, padding_idx=PADDING)
        )
        both_ways = 1 if config.bidirectional == "first" else sizes.layers
        self.encoder = None if config.is_language_model else Encoder(cell, sizes, bidirectional=both_ways)
        self.bridge = bridge(config.hidden, layers=config.decoder_layers, states=cell.STATES)
        self.decoder = decoder(
            cell,
            attention(config.hidden, config.heads),
            replace(sizes, layers=config.decoder_layers),
            readout=readout,
            lexical=config.lexical,
        )
        self.output = nn.Linear(readout, target_pieces)
        self.copying = Copying(readout) if config.copying else None
        if self.copying is not None and self.decoder.attention.context_size == 0:
            raise UserError(
                "model.copying needs attention: set model.attention to another than none, or copying false."
            )
        self.dropout = HeldDropout(rate)
        self.word_dropout = config.word_dropout
        self.state_dropout = StateDropout(self, config.state_dropout)
        self._initialise()
        if tied != "none":
            self.output.weight = self.target_embedding.weight

    def _initialise(self) -> None:
        """Linear maps as Glorot and Bengio 2010, embeddings and output weights uniform in +-0.1; recurrent layers have
        begun in their own way."""
        begun = {id(part) for cell in self.modules() if isinstance(cell, Recurrent) for part in cell.modules()}
        for module in self.modules():
            if isinstance(module, nn.Linear) and id(module) not in begun:
                nn.init.xavier_uniform_(module.weight)
        for layer in (self.source_embedding, self.target_embedding, self.output):
            if layer is not None:
                nn.init.uniform_(layer.weight, -0.1, 0.1)
        nn.init.zeros_(self.output.bias)

    def forward(
        self, source: Tensor, lengths: Tensor, target: Tensor, owners: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """source [batch, source] with lengths [batch], target [batch, target] from the begin symbol on ->
        features [batch, target, readout] for the output layer, attention [batch, target, source]. With `owners`
        [targets], there may be any number of targets [targets, target] of each sentence, which is encoded once."""
        with self.state_dropout.drawn() if self.training else contextlib.nullcontext():
            memory, state = self._encode(source, lengths)
            if owners is not None:
                memory, state = memory.select(owners), tuple(part.index_select(1, owners) for part in state)
            features, weights = self.decoder(self._embed(self.target_embedding, target), state, memory)
            return features, weights

    def pointers(self, attention: Tensor | None, source: Tensor, chosen: Tensor) -> Pointers:
        """What some positions point at, `chosen` [batch, target] of those with the attention [batch, target, source] on
        source pieces [batch, source]; nothing for a network that does not copy."""
        if self.copying is None or attention is None:
            nothing = chosen.new_zeros(*chosen.shape, 0)[chosen]
            return Pointers(nothing, nothing)
        return Pointers(attention[chosen], source.unsqueeze(1).expand_as(attention)[chosen])

    def logits(self, features: Tensor, pointers: Pointers) -> Tensor:
        """features [rows, readout] and what their positions point at -> [rows, pieces], the softmax of which is the
        prediction."""
        logits: Tensor = self.output(features)
        return logits if self.copying is None else self.copying(logits, features, pointers)

    def start(self, source: Tensor, lengths: Tensor) -> SearchState:
        """The state before the first target piece, one hypothesis a sentence. source [batch, source]."""
        return SearchState(*self._encode(source, lengths))

    def step(self, tokens: Tensor, state: SearchState) -> tuple[Tensor, SearchState]:
        """The last piece of each hypothesis [batch, beam], below 0 where none lives -> log-probabilities of the next
        [batch, beam, pieces], any numbers where none lives, and the state after it."""
        features, beams, after = self.advance(tokens, state)
        return self.predicted(self.output(features), features, beams, after), after

    def predicted(self, logits: Tensor, features: Tensor, beams: Beams, after: SearchState) -> Tensor:
        """The log-probabilities [batch, beam, pieces] that an output layer's logits [rows, pieces] lead to, with the
        rest of what `advance` gave."""
        if self.copying is None:
            return beams.spread(logits.log_softmax(dim=-1))
        return beams.spread(self.copying(logits, features, after.pointers(beams)))

    def advance(self, tokens: Tensor, state: SearchState) -> tuple[Tensor, Beams, SearchState]:
        """The same without the output layer: the features [rows, readout] that it would be given, which hypotheses
        the rows are, and the state after it."""
        beams, before, flat = Beams.of(tokens), state.decoder, tokens.flatten()
        if beams.living is not None:
            flat, before = flat[beams.living], tuple(part.index_select(1, beams.living) for part in before)
        features, decoder, weights = self.decoder.step(*self.enter(flat), before, state.memory, beams)
        return features, beams, SearchState(state.memory, decoder, weights, beams.rows)

    def enter(self, pieces: Tensor) -> tuple[Tensor, Tensor]:
        """What a step begins with whatever came before: target pieces [rows] as the decoder reads them [rows,
        embedding], and what its first layer makes of them [rows, gates * hidden]."""
        if self.entries is not None:
            begun = self.entries.index_select(0, pieces)
            size = self.target_embedding.embedding_dim
            return begun[:, :size], begun[:, size:]
        embedded = self._embed(self.target_embedding, pieces.unsqueeze(1)).squeeze(1)
        return embedded, self.decoder.project(embedded)

    def select(self, state: SearchState, sentences: Tensor | None, rows: Tensor) -> SearchState:
        """The state of some hypotheses: rows [kept] of the batch * beam, and, where the batch shrinks, the sentences
        [kept batch] they belong to. Hypotheses that did not live have anything for a state."""
        memory = state.memory if sentences is None else state.memory.select(sentences)
        if state.rows is not None:
            rows = state.rows[rows]
        return SearchState(memory, tuple(part.index_select(1, rows) for part in state.decoder))

    def attention(self, state: SearchState) -> Tensor | None:
        """Where the step that led to a state looked [batch, beam, source]; None for a model without attention."""
        return state.weights

    def _encode(self, source: Tensor, lengths: Tensor) -> tuple[Memory, State]:
        words, outputs, last = self._read(source, lengths)
        cells = self.bridge(outputs, lengths, last)
        outputs = self.dropout(outputs)
        memory = self.decoder.remember(outputs, lengths, words, source)
        return memory, self.decoder.start(cells, memory)

    def _read(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """source [batch, source] -> embedded words, the encoder's outputs [batch, source, size] and its last output
        [batch, hidden]; of a language model, which reads none, zeros."""
        if self.encoder is None or self.source_embedding is None:
            sizes, like = self.decoder.sizes, self.target_embedding.weight
            words, outputs = (like.new_zeros(*source.shape, size) for size in (sizes.input_size, sizes.hidden))
            return words, outputs, outputs[:, 0]
        words = self._embed(self.source_embedding, source)
        return words, *self.encoder(words, lengths)

    def _embed(self, table: nn.Embedding, pieces: Tensor) -> Tensor:
        """pieces [batch, length] -> [batch, length, embedding], with dropout; whole words dropped in training, and
        PADDING always zero: within a sentence it stands for a missing word.

        Scaled to about unit variance (Vaswani et al. 2017, section 3.4): weights small enough for the output layer
        would otherwise reach the recurrence as next to nothing, and learning starts late.
        """
        words = pieces != PADDING
        if self.training and self.word_dropout > 0:
            words = words & (torch.rand(pieces.shape, device=pieces.device) >= self.word_dropout)
        # One factor for both, so that only one product of the full size is made.
        factor = words.unsqueeze(-1).to(table.weight.dtype) * table.embedding_dim**0.5
        dropped: Tensor = self.dropout(table(pieces) * factor)
        return dropped


def _check_language_model(config: ModelConfig, *, joint: bool) -> None:
    """Raises UserError for parts of a network that need a source."""
    if config.attention != "none" or config.bridge != "zero":
        raise UserError(
            "model.encoder_layers is 0, a language model, which has no source to look at: set model.attention none and "
            "model.bridge zero, or give it encoder layers to translate."
        )
    if not joint:
        raise UserError("a language model has one vocabulary: set subwords.joint true, or leave it out.")


def parameter_count(model: nn.Module) -> int:
    """Number of trained numbers, shared ones counted once."""
    return sum(parameter.numel() for parameter in model.parameters())
