"""A Transformer (Vaswani et al. 2017) with the face of `Seq2Seq`, for comparisons alone.

Layers are normalised before their parts and once at the end (pre-norm, Xiong et al. 2020); dropout falls on embeddings
with their positions and on what every part adds, an element at a time (Vaswani et al. 2017, section 5.4).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from nmt.config import ModelConfig
from nmt.errors import UserError
from nmt.model.attention import Memory, padding_bias
from nmt.model.beams import Beams
from nmt.model.cell import State
from nmt.model.dropout import StateDropout
from nmt.model.seq2seq import PADDING, Seq2Seq


class Sizes(NamedTuple):
    """What all layers of a stack are made from."""

    width: int
    feedforward: int
    heads: int
    dropout: float


def positions(length: int, width: int, like: Tensor, first: int = 0) -> Tensor:
    """Sinusoids [length, width] of the positions from `first` on (Vaswani et al. 2017, section 3.5)."""
    places = torch.arange(first, first + length, dtype=like.dtype, device=like.device).unsqueeze(1)
    rates = 10_000 ** (-torch.arange(0, width, 2, dtype=like.dtype, device=like.device) / width)
    angles = places * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class Attention(nn.Module):
    """Scaled dot products in several heads (Vaswani et al. 2017, section 3.2.2)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.query = nn.Linear(sizes.width, sizes.width)
        self.key_value = nn.Linear(sizes.width, 2 * sizes.width)
        self.output = nn.Linear(sizes.width, sizes.width)

    def prepare(self, values: Tensor) -> Tensor:
        """values [batch, length, width] -> keys and values of every head [batch, 2, heads, length, width / heads]."""
        parts = self.key_value(values).unflatten(-1, (2, self.heads, -1))
        keys: Tensor = parts.permute(0, 2, 3, 1, 4)
        return keys

    def forward(self, queries: Tensor, keys: Tensor, bias: Tensor | None = None) -> Tensor:
        """queries [batch, target, width], keys from `prepare`, bias [batch or 1, target or 1, length], -inf at what is
        hidden -> [batch, target, width]. Written out: torch's fused one takes seven times as long on a CPU."""
        split = self.query(queries).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        those, values = keys.unbind(1)
        scores = split * split.shape[-1] ** -0.5 @ those.transpose(2, 3)
        if bias is not None:
            scores = scores + bias.unsqueeze(1).to(scores.dtype)
        contexts = scores.softmax(dim=-1, dtype=scores.dtype) @ values
        result: Tensor = self.output(contexts.transpose(1, 2).flatten(2))
        return result


class FeedForward(nn.Sequential):
    """Two linear maps with a rectifier between them (Vaswani et al. 2017, eq. 2)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(
            nn.Linear(sizes.width, sizes.feedforward), nn.ReLU(), nn.Linear(sizes.feedforward, sizes.width)
        )


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward layer."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.attention, self.feedforward = Attention(sizes), FeedForward(sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(sizes.width) for _ in range(2))
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, words: Tensor, bias: Tensor) -> Tensor:
        """words [batch, source, width], bias [batch, 1, source] -> [batch, source, width]."""
        own = self.norms[0](words)
        words = words + self.dropout(self.attention(own, self.attention.prepare(own), bias))
        added: Tensor = words + self.dropout(self.feedforward(self.norms[1](words)))
        return added


class DecoderLayer(nn.Module):
    """Self-attention over what was said, attention over the source, then a feed-forward layer."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.attention, self.source, self.feedforward = Attention(sizes), Attention(sizes), FeedForward(sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(sizes.width) for _ in range(3))
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, words: Tensor, later: Tensor, keys: Tensor, bias: Tensor) -> Tensor:
        """words [batch, target, width], the bias [1, target, target] that hides later ones, keys of the source and its
        bias [batch, 1, source] -> [batch, target, width]."""
        own = self.norms[0](words)
        words = words + self.dropout(self.attention(own, self.attention.prepare(own), later))
        words = words + self.dropout(self.source(self.norms[1](words), keys, bias))
        added: Tensor = words + self.dropout(self.feedforward(self.norms[2](words)))
        return added

    def step(self, word: Tensor, said: Tensor, keys: Tensor, bias: Tensor, beams: Beams) -> tuple[Tensor, Tensor]:
        """word [rows, width], keys of what was said [rows, 2, heads, length, width / heads], keys and bias of the
        source -> [rows, width], the keys with those of this word."""
        own = self.norms[0](word).unsqueeze(1)
        said = torch.cat([said, self.attention.prepare(own)], dim=3)
        word = word + self.attention(own, said).squeeze(1)
        word = word + beams.gather(self.source(beams.spread(self.norms[1](word)), keys, bias))
        return word + self.feedforward(self.norms[2](word)), said


class Encoder(nn.Module):
    """A stack of encoder layers over words with their positions."""

    def __init__(self, sizes: Sizes, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(sizes) for _ in range(layers))
        self.norm = nn.LayerNorm(sizes.width)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, words: Tensor, bias: Tensor) -> Tensor:
        """words [batch, source, width], bias [batch, 1, source] -> [batch, source, width]."""
        words = self.dropout(words + positions(*words.shape[1:], words))
        for layer in self.layers:
            words = layer(words, bias)
        outputs: Tensor = self.norm(words)
        return outputs


class Decoder(nn.Module):
    """A stack of decoder layers. Its state in search is one tensor [layers, rows, 2, heads, length, width / heads]: the
    keys of what was said."""

    def __init__(self, sizes: Sizes, layers: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.layers = nn.ModuleList(DecoderLayer(sizes) for _ in range(layers))
        self.norm = nn.LayerNorm(sizes.width)
        self.dropout = nn.Dropout(sizes.dropout)

    def remember(self, outputs: Tensor, bias: Tensor, source: Tensor) -> Memory:
        """The encoder's outputs [batch, source, width] of pieces [batch, source], as every layer asks for them: keys
        [batch, layers, 2, heads, source, width / heads]."""
        keys = torch.stack([layer.source.prepare(outputs) for layer in self.layers], dim=1)
        return Memory(outputs, keys, bias, outputs, source)

    def start(self, sentences: int, like: Tensor) -> State:
        """The state before the first word: nothing was said."""
        width, heads = self.sizes.width, self.sizes.heads
        return (like.new_zeros(len(self.layers), sentences, 2, heads, 0, width // heads),)

    def forward(self, words: Tensor, state: State, memory: Memory) -> tuple[Tensor, None]:
        """words [batch, target, width] from the first on -> features [batch, target, width], no attention weights."""
        length = words.shape[1]
        later = padding_bias(torch.arange(1, length + 1, device=words.device), length).transpose(0, 1)
        words = self.dropout(words + positions(*words.shape[1:], words))
        for layer, keys in zip(self.layers, memory.keys.unbind(1), strict=True):
            words = layer(words, later, keys, memory.bias)
        return self.norm(words).to(memory.keys.dtype), None

    def project(self, word: Tensor) -> Tensor:
        """Nothing [..., 0]: whatever a layer makes of a word hangs on the words before it."""
        return word[..., :0]

    def step(
        self, word: Tensor, projected: Tensor, state: State, memory: Memory, beams: Beams
    ) -> tuple[Tensor, State, None]:
        """word [rows, width] -> features [rows, width], the state after it, no attention weights."""
        word = word + positions(1, word.shape[-1], word, first=state[0].shape[4])
        after = []
        for layer, said, keys in zip(self.layers, state[0], memory.keys.unbind(1), strict=True):
            word, said = layer.step(word, said, keys, memory.bias, beams)
            after.append(said)
        return self.norm(word), (torch.stack(after),), None


class Transformer(Seq2Seq):
    """The network in the place of `Seq2Seq`: embeddings, output layer, `forward`, `start`, `step` and `select` are its
    own; encoder and decoder are those above. Raises UserError for sizes that do not fit each other."""

    def __init__(self, config: ModelConfig, source_pieces: int, target_pieces: int, *, joint: bool) -> None:
        nn.Module.__init__(self)
        width = config.hidden
        if width % 2 or width % config.heads or config.embedding not in (None, width):
            raise UserError(
                f"model.hidden is {width}, model.embedding {config.embedding}, model.heads {config.heads}: choose an "
                "even width for the first two alike, and a number of heads that divides it."
            )
        if config.readout not in (0, width):
            raise UserError(f"model.readout is {config.readout}: a Transformer's is its width, {width}; leave it out.")
        if not config.feedforward:
            raise UserError("model.feedforward is 0: a Transformer needs feed-forward layers, 2 for example.")
        tied = config.tied or ("all" if joint else "target")
        sizes = Sizes(width, round(config.feedforward * width), config.heads, config.dropout or 0.0)
        self.source_embedding = nn.Embedding(source_pieces, width, padding_idx=PADDING)
        self.target_embedding = (
            self.source_embedding if tied == "all" else nn.Embedding(target_pieces, width, padding_idx=PADDING)
        )
        self.encoder, self.decoder = Encoder(sizes, config.encoder_layers), Decoder(sizes, config.decoder_layers)
        self.output, self.copying = nn.Linear(width, target_pieces), None
        self.dropout = nn.Identity()  # the stacks drop, once the positions are added
        self.word_dropout, self.state_dropout = config.word_dropout, StateDropout(self, 0.0)
        self._initialise()
        if tied != "none":
            self.output.weight = self.target_embedding.weight

    def _encode(self, source: Tensor, lengths: Tensor) -> tuple[Memory, State]:
        bias = padding_bias(lengths, source.shape[1])
        outputs = self.encoder(self._embed(self.source_embedding, source), bias)
        return self.decoder.remember(outputs, bias, source), self.decoder.start(len(source), outputs)
