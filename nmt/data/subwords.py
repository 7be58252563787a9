"""SentencePiece: train, encode, decode. Byte fallback spells what no piece covers, so nothing is unknown."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import sentencepiece

from nmt.config import SubwordsConfig
from nmt.errors import UserError

PADDING, UNKNOWN, BEGIN, END = range(4)


class Subwords:
    """One trained SentencePiece model. Pieces 0 to 3 are padding, unknown, begin and end of sentence.

    `where` is how an error calls it."""

    def __init__(self, model: bytes, where: str = "the subword model") -> None:
        self.model = model
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError:
            raise UserError(f"{where} cannot be read: it is no SentencePiece model, or it was cut off.") from None

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    def encode(self, sentences: Sequence[str], *, end: bool = True) -> list[list[int]]:
        """Pieces of each sentence, with the end symbol after them if asked for."""
        encoded: list[list[int]] = self._processor.encode(list(sentences), out_type=int, add_eos=end)
        return encoded

    def decode(self, pieces: Sequence[int]) -> str:
        """The text of pieces, special symbols left out."""
        return str(self._processor.decode([piece for piece in pieces if piece > END]))

    def pieces(self, numbers: Sequence[int]) -> list[str]:
        """The written form of each piece."""
        return [str(self._processor.id_to_piece(int(number))) for number in numbers]


class Vocabulary(NamedTuple):
    """The subwords of both languages; one object twice when they are joint."""

    source: Subwords
    target: Subwords

    @property
    def joint(self) -> bool:
        """Whether both languages share their pieces."""
        return self.source is self.target

    def save(self, folder: Path) -> None:
        """Writes joint.spm, or source.spm and target.spm."""
        files = {"joint": self.source} if self.joint else {"source": self.source, "target": self.target}
        for name, subwords in files.items():
            (folder / f"{name}.spm").write_bytes(subwords.model)

    @classmethod
    def load(cls, folder: Path) -> Vocabulary:
        """The vocabulary of a model folder. Raises UserError when its files are missing or damaged."""
        if (folder / "joint.spm").exists():
            joint = _read(folder / "joint.spm")
            return cls(joint, joint)
        try:
            return cls(*(_read(folder / f"{side}.spm") for side in ("source", "target")))
        except FileNotFoundError as error:
            raise UserError(f"{error.filename} is missing: {folder} is no complete model folder.") from None


def _read(path: Path) -> Subwords:
    return Subwords(path.read_bytes(), str(path))


def train_vocabulary(pairs: Callable[[], Iterable[tuple[str, str]]], config: SubwordsConfig) -> Vocabulary:
    """The vocabulary of a corpus; `pairs` reads it from the beginning at each call. `config.vocabulary` must be set.
    Raises UserError when the text is too small."""
    if config.joint:
        joint = train_subwords((sentence for pair in pairs() for sentence in pair), config)
        return Vocabulary(joint, joint)
    source, target = (train_subwords((pair[side] for pair in pairs()), config) for side in (0, 1))
    return Vocabulary(source, target)


def train_subwords(sentences: Iterable[str], config: SubwordsConfig) -> Subwords:
    """A SentencePiece model of the sentences, of at most `config.vocabulary` pieces: fewer where the text has fewer."""
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            vocab_size=config.vocabulary,
            hard_vocab_limit=False,
            model_type=config.algorithm,
            character_coverage=config.coverage or 1.0,
            normalization_rule_name=config.normalization,
            byte_fallback=True,
            pad_id=PADDING,
            unk_id=UNKNOWN,
            bos_id=BEGIN,
            eos_id=END,
            input_sentence_size=2_000_000,
            shuffle_input_sentence=True,
            max_sentence_length=65_536,
            num_threads=os.cpu_count() or 1,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rsplit("]", 1)[-1].strip() or "the text is empty"
        raise UserError(
            f"SentencePiece could not train {config.vocabulary} pieces ({reason}): "
            "give more text, set subwords.vocabulary, or a smaller subwords.coverage if the text has many characters."
        ) from None
    return Subwords(model.getvalue())
