"""SentencePiece: train, encode, decode. Byte fallback spells what no piece covers, so nothing is unknown."""

from __future__ import annotations

import io
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sentencepiece
from numpy.typing import NDArray

from nmt.config import SubwordsConfig
from nmt.errors import UserError

Pieces = NDArray[np.int32]
EncodedPair = tuple[Pieces, Pieces]  # of source and target, end symbols included

PADDING, UNKNOWN, BEGIN, END = range(4)
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
"""Thai, Lao, Burmese, Khmer, Kana and Han: they are written without white space between words."""
_ALL_MARKS = "".join(chr(code) for code in range(0x300, 0x20000) if unicodedata.category(chr(code))[0] == "M")
MARKS = re.sub(f"[{_UNSPACED}]", "", _ALL_MARKS)
"""Combining marks of the other scripts, which are of the word that they stand in: accents written apart, the vowel
signs of India."""
ENTERS = re.compile(rf"^(?:[^\W{_UNSPACED}]|[{MARKS}])")
LEAVES = re.compile(rf"(?:[^\W{_UNSPACED}]|[{MARKS}])$")


class Subwords:
    """One trained SentencePiece model. Pieces 0 to 3 are padding, unknown, begin and end of sentence.

    `where` is how an error calls it, `threads` how many encode the sentences of a list; left open, one for each
    core."""

    def __init__(self, model: bytes, where: str = "the subword model", *, threads: int | None = None) -> None:
        self.model = model
        self._threads = threads or -1
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError:
            raise UserError(f"{where} cannot be read: it is no SentencePiece model, or it was cut off.") from None

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    def encode(self, sentences: Sequence[str], *, end: bool = True) -> list[list[int]]:
        """Pieces of each sentence, with the end symbol after them if asked for."""
        encoded: list[list[int]] = self._processor.encode(
            list(sentences), out_type=int, add_eos=end, num_threads=self._threads
        )
        return encoded

    def decode(self, pieces: Sequence[int]) -> str:
        """The text of pieces, special symbols left out."""
        return str(self._processor.decode([piece for piece in pieces if piece > END]))

    def decode_all(self, sentences: Sequence[Sequence[int] | Pieces]) -> list[str]:
        """The texts of many piece sequences at once."""
        plain = [[int(piece) for piece in pieces if piece > END] for pieces in sentences]
        decoded: list[str] = self._processor.decode(plain, num_threads=self._threads) if plain else []
        return decoded

    def normal(self, text: str) -> str:
        """A text as it is after its normalisation."""
        return self.decode(self._processor.encode(text))

    def surfaces(self, text: str) -> list[str]:
        """What each piece of a text, without end symbol, spells of it: one after the other they are the text again. Of
        several bytes that spell a character the last has all of it."""
        return [str(piece.surface) for piece in self._processor.encode(text, return_type="proto").pieces]

    def decoded_surfaces(self, pieces: Sequence[int]) -> list[str]:
        """What each of some pieces spells of the text that `decode` makes of them; nothing for special symbols."""
        plain = [piece for piece in pieces if piece > END]
        spelled = iter(self._processor.decode(plain, return_type="proto").pieces)
        return [str(next(spelled).surface) if piece > END else "" for piece in pieces]

    def pieces(self, numbers: Sequence[int]) -> list[str]:
        """The written form of each piece."""
        return [str(self._processor.id_to_piece(int(number))) for number in numbers]

    def seams(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int8]]:
        """Which pieces [pieces] leave a word open, and which [pieces] enter it: where one of these follows one of those
        the word goes on. A byte that is a part of a character does both. Scripts that have no white space between words
        have no such places. The third says of each piece [pieces] how many bytes its character still lacks after it; of
        a byte that goes on with a character it is -1 (RFC 3629, section 3)."""
        pieces, lacks = self.pieces(range(len(self))), np.zeros(len(self), np.int8)
        for number, piece in enumerate(pieces):
            if self._processor.is_byte(number):
                byte = int(piece[3:5], 16)  # <0x2C>
                pieces[number] = chr(byte) if byte < 0x80 else "x"
                lacks[number] = (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0) - (0x80 <= byte < 0xC0)
        leaves, enters = (np.array([bool(place.search(piece)) for piece in pieces]) for place in (LEAVES, ENTERS))
        return leaves, enters, lacks

    def text_pieces(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which pieces [pieces] are text as it stands, neither bytes nor symbols, and which of them begin a word, with
        the white space before it."""
        pieces = _proto().ModelProto.FromString(self.model).pieces
        plain = np.array([piece.type == piece.NORMAL for piece in pieces])
        return plain, plain & [piece.piece.startswith("\u2581") for piece in pieces]

    def nbest(self, word: str, count: int) -> list[list[int]]:
        """The likeliest spellings of a word by a unigram model, at most `count`, best first (Kudo 2018)."""
        found: list[list[int]] = self._processor.nbest_encode(word, nbest_size=count, out_type=int)
        return found

    def scores(self) -> NDArray[np.float64]:
        """The score of each piece [pieces]: of a unigram model its log-probability."""
        return np.array([self._processor.get_score(number) for number in range(len(self))])

    def parts(self) -> NDArray[np.int32]:
        """[pieces, most parts]: for each piece the smaller ones that spell it, as few as can be, and of such spellings
        that with the highest scores together (found earlier in byte pairs, likelier in unigram); then zeros. Nothing
        but zeros where there is none, as for characters, bytes and special symbols."""
        plain = np.flatnonzero(self.text_pieces()[0]).tolist()
        ranked = {text: number for number, text in zip(plain, self.pieces(plain), strict=True)}
        scores = dict(zip(ranked, self.scores()[plain].tolist(), strict=True))
        spelled = {number: [ranked[part] for part in spelling(text, scores)] for text, number in ranked.items()}
        found = np.zeros((len(self), max(2, *map(len, spelled.values()))), np.int32)
        for number, parts in spelled.items():
            found[number, : len(parts)] = parts
        return found


def spelling(text: str, scores: Mapping[str, float]) -> list[str]:
    """The fewest shorter pieces that spell a piece, those with the highest scores together; none if none do. `scores`:
    of every piece."""
    best: list[tuple[int, float, list[str]] | None] = [(0, 0.0, [])]  # parts (negative), scores, spelling, by length
    for end in range(1, len(text) + 1):
        ways = []
        for start in range(1 if end == len(text) else 0, end):  # not the piece itself
            before, part = best[start], text[start:end]
            if before is not None and part in scores:
                ways.append((before[0] - 1, before[1] + scores[part], [*before[2], part]))
        best.append(max(ways, default=None))
    return best[-1][2] if best[-1] else []


class RightToLeft(Subwords):
    """The same pieces, encoded as the model is to read and write them: the last of a sentence first, the end symbol
    still last. What a translator gives out is turned round again, so decoding is as ever."""

    def encode(self, sentences: Sequence[str], *, end: bool = True) -> list[list[int]]:
        """Pieces of each sentence, the last one first, with the end symbol after them if asked for."""
        after = [END] if end else []
        return [[*reversed(pieces), *after] for pieces in super().encode(sentences, end=False)]

    def parts(self) -> NDArray[np.int32]:
        """[pieces, most parts]: those that spell a piece, the last one first, after zeros."""
        return super().parts()[:, ::-1]


class Vocabulary(NamedTuple):
    """The subwords of both languages; one object twice when they are joint."""

    source: Subwords
    target: Subwords

    @property
    def joint(self) -> bool:
        """Whether both languages share their pieces."""
        return self.source.model is self.target.model

    @property
    def right_to_left(self) -> bool:
        """Whether the target is spelled from its end."""
        return isinstance(self.target, RightToLeft)

    def turned(self, pieces: tuple[int, ...]) -> tuple[int, ...]:
        """Target pieces without end symbol as they are written, from those as the model has them; and the other way."""
        return pieces[::-1] if self.right_to_left else pieces

    def written(self, count: int) -> list[int]:
        """The places, as the model has them, of `count` target pieces in the order they are written, the end symbol
        last."""
        return [*self.turned(tuple(range(count - 1))), count - 1]

    def reversed(self) -> Vocabulary:
        """The same pieces, with the target spelled from its end."""
        return Vocabulary(self.source, RightToLeft(self.target.model))

    def save(self, folder: Path) -> None:
        """Writes joint.spm, or source.spm and target.spm."""
        files = {"joint": self.source} if self.joint else {"source": self.source, "target": self.target}
        for name, subwords in files.items():
            with open(folder / f"{name}.spm", "wb") as file:
                file.write(subwords.model)
                file.flush()
                os.fsync(file.fileno())  # before the configuration that counts on it

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


def _proto() -> Any:
    """What reads the models themselves."""
    from sentencepiece import sentencepiece_model_pb2

    return sentencepiece_model_pb2


def _read(path: Path) -> Subwords:
    return Subwords(path.read_bytes(), str(path))


def train_vocabulary(pairs: Callable[[], Iterable[tuple[str, str]]], config: SubwordsConfig) -> Vocabulary:
    """The vocabulary of a corpus; `pairs` reads it from the beginning at each call. `config.vocabulary` must be set.
    Raises UserError when the text is too small."""
    if config.joint:
        joint = train_subwords((sentence for pair in pairs() for sentence in pair), config)
        return Vocabulary(joint, joint)
    source = train_subwords((source for source, _ in pairs()), config)
    return Vocabulary(source, train_subwords((target for _, target in pairs()), without_symbols(config)))


def without_symbols(config: SubwordsConfig) -> SubwordsConfig:
    """The settings of the target's own pieces."""
    return config.model_copy(update={"symbols": ()})


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
            user_defined_symbols=list(config.symbols),
            pad_id=PADDING,
            unk_id=UNKNOWN,
            bos_id=BEGIN,
            eos_id=END,
            input_sentence_size=500_000,  # drawn at random; they are held in memory
            shuffle_input_sentence=True,
            max_sentence_length=65_536,
            num_threads=os.cpu_count() or 1,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rsplit("]", 1)[-1].strip() or "the text has too little"
        raise UserError(
            f"SentencePiece could not train {config.vocabulary} pieces ({reason}): give more text, another "
            "subwords.vocabulary, or a smaller subwords.coverage if the text has many characters."
        ) from None
    return Subwords(model.getvalue())


def extended(subwords: Subwords, sentences: Iterable[str], config: SubwordsConfig) -> Subwords:
    """A SentencePiece model whose pieces begin with those of another, under the same numbers, and go on with up to
    `config.extend` that the sentences need most, characters first: they were spelled in bytes. Of byte pairs only those
    are taken that two known ones make up."""
    proto = _proto()
    model = proto.ModelProto.FromString(subwords.model)
    known = {piece.piece for piece in model.pieces}
    lowest = min(piece.score for piece in model.pieces)
    count, bytepairs = config.extend, config.algorithm == "bpe"
    wanted = config.model_copy(update={"vocabulary": 300 + len(known) + count})
    for symbol in dict.fromkeys(config.symbols):
        if count and symbol not in known:
            count -= 1
            known.add(symbol)
            model.pieces.add(piece=symbol, score=0.0, type=model.SentencePiece.USER_DEFINED)
    candidates = proto.ModelProto.FromString(train_subwords(sentences, wanted).model).pieces
    for candidate in sorted(candidates, key=lambda candidate: len(candidate.piece) > 1):
        text = candidate.piece
        cuts = ((text[:cut], text[cut:]) for cut in range(1, len(text)))
        reachable = not bytepairs or len(text) == 1 or any(left in known and right in known for left, right in cuts)
        if count and text not in known and candidate.type == candidate.NORMAL and reachable:
            lowest, count = lowest - 1, count - 1
            known.add(text)
            model.pieces.add(piece=text, score=lowest if bytepairs else candidate.score)
    model.trainer_spec.vocab_size = len(model.pieces)
    return Subwords(model.SerializeToString())
