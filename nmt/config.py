"""The configuration: typed, frozen, validated once. One field, one docstring, one default; the command line, its help
and `config.json` all come from here. A field that is None is left open: `training/presets.py` chooses it from the
size of the corpus and prints what it chose."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nmt.errors import UserError, unknown

FORMAT_VERSION = 3


class Section(BaseModel):
    """A group of settings. Unknown keys are errors; nothing changes after construction."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True, protected_namespaces=()
    )


class DataConfig(Section):
    """Where sentence pairs come from and how they are batched."""

    train: tuple[str, ...] = ()
    """Training pairs: two parallel text files; or one .tsv, .jsonl, .tmx, .po, .parquet or .arrow, a folder or archive
    of such files, a `datasets` identifier (stream:IDENTIFIER keeps no copy), or a .toml mixture of several. Text may
    be packed: .gz, .bz2, .xz, .zst. A language model takes one text file, too; of pairs it reads the target."""
    valid: tuple[str, ...] = ()
    """Validation pairs, in the same forms. They choose the best checkpoint."""
    test: tuple[str, ...] = ()
    """Test pairs, in the same forms. They are scored once, at the end."""
    folder: str | None = None
    """A folder with train.LANGUAGE and val.LANGUAGE for both languages, instead of `train` and `valid`; all its
    test*.LANGUAGE are scored at the end. A language model needs those of the target alone."""
    source: str | None = None
    """Language translated from, as in file endings and JSON keys; taken from the file endings when left open."""
    target: str | None = None
    """Language translated into, likewise."""
    max_length: int = Field(128, ge=4)
    """Longest training sentence in pieces, on either side; longer pairs are dropped and counted."""
    max_ratio: float = Field(9.0, gt=1)
    """Largest ratio of the lengths of the two sides, in characters; pairs beyond it are dropped and counted."""
    clean: bool = False
    """Train on the pairs that `nmt data clean` keeps, which are written into the run's folder first."""


class SubwordsConfig(Section):
    """The SentencePiece models, trained on the training pairs."""

    of: str | None = None
    """A model folder whose pieces are taken, in place of training new ones, so that both models can be searched as one:
    of a translation model both sides, of a language model those of the target."""
    vocabulary: int | None = Field(None, ge=300)
    """Number of pieces, of each vocabulary. Left open: chosen from the corpus size."""
    algorithm: Literal["unigram", "bpe"] = "bpe"
    """How pieces are found: unigram language model (Kudo 2018) or byte-pair encoding (Sennrich et al. 2016)."""
    joint: bool | None = None
    """One vocabulary for both languages; false trains one for each. Left open: chosen from the corpus size, and joint
    where `model.tied` is all or `model.copying` is true."""
    coverage: float | None = Field(None, ge=0.98, le=1)
    """Share of characters that get a piece of their own; the rest is spelled in bytes, so nothing is unknown. Left
    open: 1, or 0.9995 for a corpus of so many characters that they would fill a third of the vocabulary."""
    normalization: Literal["nmt_nfkc", "nfkc", "identity"] = "nmt_nfkc"
    """Unicode normalisation before splitting."""
    right_to_left: bool = False
    """Spell the target from its last piece to its first (Sennrich et al. 2016, WMT): such a model errs elsewhere, and
    `nmt rerank` mixes both. Text goes in and comes out the usual way round."""
    symbols: tuple[str, ...] = ()
    """Words of the source that are one piece each, such as tags. The tags of a mixture are added by themselves."""
    extend: int = Field(0, ge=0)
    """In fine-tuning, pieces added to each vocabulary of the model, from the new training pairs; its own pieces keep
    their meaning."""


class ModelConfig(Section):
    """The network."""

    cell: str = "lstm"
    """Recurrent layer: {choices}."""
    attention: str = "multihead"
    """Attention over the source: {choices}."""
    decoder: str = "parallel"
    """How recurrence and attention are joined in the decoder: {choices}."""
    lexical: bool = True
    """Let the attended source words speak for themselves beside the recurrence (Nguyen and Chiang 2018)."""
    copying: bool = False
    """Let a source piece be said for its own sake, where the attention is on it (pointer-generator, See et al. 2017);
    needs attention and joint pieces."""
    bridge: str = "last"
    """What the decoder starts from: {choices}."""
    embedding: int | None = Field(None, ge=1)
    """Size of the word embeddings. Left open: chosen from the corpus size."""
    readout: int = Field(0, ge=0)
    """Size of the vector given to the output layer, where embeddings are not shared with it; 0: that of the embeddings.
    A narrow one trains faster."""
    hidden: int = Field(256, ge=1)
    """Size of the recurrent states; each direction of a bidirectional layer has half of it."""
    encoder_layers: int = Field(2, ge=0)
    """Recurrent layers in the encoder. With 0 the decoder stands alone, a language model of the target: it needs
    attention none and bridge zero."""
    bidirectional: Literal["all", "first"] = "all"
    """Layers of the encoder that read the source in both directions: all; the first only (GNMT, Wu et al. 2016)."""
    decoder_layers: int = Field(2, ge=1)
    """Recurrent layers in the decoder."""
    heads: int = Field(4, ge=1)
    """Heads of `multihead` attention; they divide `hidden`."""
    dropout: float | None = Field(None, ge=0, lt=1)
    """Share of units dropped on embeddings and between layers, with one mask per sentence held over time
    (Gal and Ghahramani 2016). Left open: chosen from the corpus size."""
    state_dropout: float = Field(0.0, ge=0, lt=1)
    """Share of the units of a layer's last output that its next step does not read, one mask for all steps of a batch
    (Gal and Ghahramani 2016); of cells that multiply it by a matrix (rnn, lstm, gru and their like)."""
    word_dropout: float = Field(0.0, ge=0, lt=1)
    """Share of source and of target input pieces whose whole embedding is dropped in training."""
    residual: bool = True
    """Add a layer's input to its output where the sizes agree (He et al. 2016), from the second layer on."""
    transitions: int = Field(1, ge=1)
    """Transitions of every recurrent layer at each position, one after the other (deep transition, Miceli Barone et al.
    2017); the `conditional` decoder has so many before and so many after its attention."""
    norm: Literal["none", "pre"] = "none"
    """Layer normalisation: none; pre, of every recurrent layer's input and of a stack's output (Xiong et al. 2020)."""
    feedforward: float = Field(0.0, ge=0)
    """Width of a gated feed-forward layer (SwiGLU, Shazeer 2020) after every recurrent layer, in multiples of `hidden`;
    0 has none."""
    tied: Literal["none", "target", "all"] | None = None
    """Embeddings shared (Press and Wolf 2017): none; target input with output layer; source too (joint pieces). Left
    open: chosen from the corpus size."""
    weights: Literal["float32", "int8"] = "float32"
    """Numbers that a finished model has its weights in. Training is in float32; `nmt compress` makes int8 of it."""

    @property
    def is_language_model(self) -> bool:
        """Whether there is no encoder: such a network says how likely a text is, and translates nothing."""
        return self.encoder_layers == 0


class TrainConfig(Section):
    """Optimisation."""

    minutes: float | None = Field(None, gt=0)
    """Wall-clock budget; the learning rate anneals to it. With neither this nor `updates`: chosen from the corpus."""
    updates: int | None = Field(None, ge=1)
    """Budget in updates."""
    finetune: str | None = None
    """A model folder to begin from instead of random weights: its network, weights and vocabulary."""
    batch_tokens: Annotated[int, Field(ge=16)] | Literal["auto"] | None = None
    """Most tokens on the longer side of one batch, padding included, over all processes; auto takes the most that fit
    into memory. Left open: chosen from the corpus size."""
    accumulate: int = Field(1, ge=1)
    """Batches whose gradients are summed for one update."""
    optimizer: str = "adamw"
    """Optimiser: {choices}."""
    learning_rate: float | None = Field(None, gt=0)
    """Peak learning rate. Left open: chosen from the corpus size and for the optimiser."""
    schedule: str = "cosine"
    """Learning rate after the warm-up: {choices}."""
    warmup: int = Field(200, ge=0)
    """Updates over which the learning rate rises from zero."""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    """Probability mass spread evenly over the vocabulary (Szegedy et al. 2016)."""
    rdrop: float = Field(0.0, ge=0)
    """Weight of the divergence between two passes under different dropout (R-Drop, Liang et al. 2021); each batch is
    then read twice."""
    scheduled_sampling: float = Field(0.0, ge=0, le=1)
    """Share of target input pieces that are what the model predicted in a first pass, reached at the end of the budget
    in a straight line from 0 (Bengio et al. 2015; in two passes, Mihaylova and Martins 2019)."""
    guided_alignment: float = Field(0.0, ge=0)
    """Weight of the cross-entropy between the attention and word alignments, which are learnt from the training pairs
    (Chen et al. 2016)."""
    coverage_loss: float = Field(0.0, ge=0)
    """Weight of the attention that goes where the attention has been before (See et al. 2017, eq. 12)."""
    risk: Literal["none", "chrf", "bleu"] = "none"
    """Minimum risk training, of a fine-tuning: lessen the expected loss of sentence chrF or smoothed sentence BLEU over
    translations drawn from the model, and the reference (Shen et al. 2016)."""
    risk_samples: int = Field(8, ge=1, le=1000)
    """Translations drawn of each sentence; equal ones count once."""
    risk_sharpness: float = Field(0.2, gt=0)
    """Power of the probabilities that translations are weighted by, alpha in Shen et al. 2016, eq. 12."""
    risk_likelihood: float = Field(0.1, gt=0, le=1)
    """Share of the usual loss in the objective, the rest being the risk (Edunov et al. 2018, section 3.3)."""
    subword_dropout: float = Field(0.0, ge=0, lt=1)
    """Share of pieces that are cut into smaller ones, afresh in every epoch (after BPE-dropout, Provilkov et al.
    2020)."""
    subword_sampling: float = Field(0.0, ge=0, le=10)
    """Power of the probabilities by which words are spelled in other unigram pieces, drawn afresh in every epoch
    (subword regularisation, Kudo 2018), the 64 likeliest ways of each word: at 0.2 there are a third more pieces than
    before, at 0.1 nearly twice as many, at 1, as the pieces have them, hardly more; 0 spells nothing anew."""
    weight_decay: float = Field(0.0, ge=0)
    """Weight decay: decoupled by adamw and adafactor (Loshchilov and Hutter 2019), added to the gradient by others."""
    clip: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    ema: float = Field(0.0, ge=0, lt=1)
    """Decay of the exponential moving average of the weights that is validated and saved; 0 keeps the plain weights."""
    average: int = Field(1, ge=1)
    """Validated weights that are averaged at the end, kept where the average validates better; 1 averages nothing."""
    average_of: Literal["best", "last"] = "best"
    """Which of the validated weights are averaged."""
    keep: int = Field(2, ge=2)
    """Checkpoints kept, newest first; the second stands in for a damaged first."""
    validate_every: int | None = Field(None, ge=1)
    """Updates between validations. Left open: ten in the whole budget."""
    patience: int = Field(5, ge=1)
    """Validations without a better score, and without a lower loss, before training stops early; a plateau schedule
    lowers its rate after half as many."""
    validation_beam: int = Field(1, ge=1)
    """Beam of the validation translations; 1 is greedy and quick."""
    best_by: Literal["bleu", "chrf", "loss"] = "bleu"
    """Validation score that names the best checkpoint."""
    seed: int = Field(1, ge=0, lt=2**63)
    """Seed of everything random."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    precision: Literal["float32", "bfloat16", "float16"] | None = None
    """Numbers that matrices are multiplied in (the weights stay float32). Left open: the fastest on this machine."""
    compile: bool = False
    """Compile the network (torch.compile). Takes minutes at the start; on processors it has not paid."""
    threads: int | None = Field(None, ge=1, le=1024)
    """Threads of the matrix products, of each process. Left open: one per core, under torchrun one."""
    log_seconds: float = Field(2.0, ge=0)
    """Seconds between the entries of log.jsonl and TensorBoard; 0 writes every update."""


class SearchConfig(Section):
    """How a translation is looked for."""

    strategy: str = "beam"
    """How hypotheses are continued: {choices}."""
    beam: int = Field(5, ge=1, le=1000)
    """Hypotheses kept alive, or drawn by sampling; 1 is greedy search."""
    normalization: str = "average"
    """How translations of different lengths are compared: {choices}."""
    length_penalty: float = Field(1.0, ge=0, le=10)
    """Strength a of the length normalisation: average, log-probability / length**a; gnmt, the same with ((5 + length) /
    6)**a; reward, log-probability + a * length. 0 compares plain log-probabilities."""
    coverage_penalty: float = Field(0.0, ge=0)
    """Weight of the coverage penalty (Wu et al. 2016), for source pieces that were hardly looked at."""
    nbest: int = Field(1, ge=1)
    """Translations given for each sentence, best first; at most `beam`."""
    stopping: Literal["full", "proven"] = "full"
    """When a sentence's search ends. full: as many hypotheses have ended as the beam is wide. proven: none alive can
    overtake the best, which finds more and takes longer. Either ends early where that is proven."""
    prune: float = Field(1.2, ge=0)
    """Nats that a hypothesis of a beam search for one translation may be behind the best of its sentence before it is
    given up (Freitag and Al-Onaizan 2017): less to compute, and as good. 0 gives none up."""
    min_ratio: float = Field(0.0, ge=0)
    """Shortest translation in target pieces per source piece."""
    max_ratio: float = Field(2.0, gt=0, le=100)
    """Longest translation in target pieces per source piece, beyond 10 pieces that are always allowed."""
    no_repeat_ngram: int = Field(0, ge=0)
    """Length in pieces of the sequences that no translation has twice; 0 lets it repeat itself."""
    groups: int = Field(1, ge=1)
    """Groups of `diverse` beam search (Vijayakumar et al. 2018); they divide the beam."""
    diversity: float = Field(0.5, ge=0)
    """Nats that a piece costs in `diverse` beam search for every hypothesis of another group that has just taken it."""
    temperature: float = Field(1.0, ge=0.01, le=100)
    """Sampling: below 1, likely pieces are drawn more often than the model has it."""
    top_k: int = Field(0, ge=0)
    """Sampling: draw among so many of the likeliest pieces; 0 is all."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Sampling: draw among the fewest pieces that have this share of the probability (Holtzman et al. 2020)."""
    seed: int = Field(1, ge=0, lt=2**63)
    """Sampling: seed of the draws."""
    risk: Literal["none", "chrf", "bleu"] = "none"
    """Minimum Bayes risk: of the `beam` hypotheses, prefer those most like the others by this measure (Kumar and Byrne
    2004; over samples, Eikema and Aziz 2020)."""
    batch_tokens: int = Field(8192, ge=1)
    """Most source pieces, times the beam, translated at once."""


class SyntheticConfig(Section):
    """Training pairs of which one side is a translation by other models, made before the training."""

    models: tuple[str, ...] = ()
    """Model folders that translate; several are an ensemble, for which all need the same pieces, unless both sides are
    made. Without any, no pairs are made."""
    side: Literal["source", "target", "both"] = "target"
    """The side that is made: target, by models of this direction (distillation, Kim and Rush 2016); source, by models
    of the other one (back-translation, Sennrich et al. 2016); both, by each model the one that it translates into
    (data diversification, Nguyen et al. 2020)."""
    text: tuple[str, ...] = ()
    """Text files to translate, one sentence a line; may be packed. Left open: the other side of the training pairs."""
    method: Literal["beam", "sampled", "noised"] = "beam"
    """What becomes of a sentence: beam, the best that is found; sampled, a draw from the models; noised, the best with
    words left out, blanked and moved, of sources only (Edunov et al. 2018)."""
    beam: int = Field(5, ge=1, le=1000)
    """Beam of the search, for beam and noised; 1 is greedy."""
    ask: str | None = None
    """Put before every sentence that the models are given, as `nmt translate --tag` does: <2de> asks a model of several
    languages for German."""
    tag: str | None = None
    """Put before the source of every such pair, in training alone: <bt> (Caswell et al. 2019)."""
    original: float = Field(1.0, ge=0, le=1000)
    """Weight of the training pairs that were there before; the made ones have 1. 0 leaves them out."""


class Config(Section):
    """Everything that names a run."""

    output: str | None = None
    """The model folder to write. Started again with the same folder, training resumes."""
    data: DataConfig = DataConfig()
    subwords: SubwordsConfig = SubwordsConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    search: SearchConfig = SearchConfig()
    synthetic: SyntheticConfig = SyntheticConfig()

    def fields(self) -> Iterator[tuple[str, Any, str]]:
        """(dotted key, value, docstring) of every setting, in the order they are declared."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, Section):
                for key, inner in type(value).model_fields.items():
                    yield f"{name}.{key}", getattr(value, key), inner.description or ""
            else:
                yield name, value, field.description or ""

    def given(self) -> dict[str, Any]:
        """The settings that the person at the keyboard set, by dotted key; the others have their defaults, the
        library's or a recipe's."""
        return {
            key: value
            for key, value, _ in self.fields()
            if key.rpartition(".")[2] in self._section(key).model_fields_set
        }

    def _section(self, key: str) -> Section:
        name = key.rpartition(".")[0]
        section: Section = getattr(self, name) if name else self
        return section

    def annotation(self, key: str) -> Any:
        """The type of the setting at a dotted key, None among its arguments where it may be left open."""
        return type(self._section(key)).model_fields[key.rpartition(".")[2]].annotation

    def words(self, key: str) -> list[str]:
        """The words that the setting at a dotted key is chosen from, empty for one that is a number or a free text."""
        annotation = self.annotation(key)
        parts = [annotation, *get_args(annotation)]  # of `Literal["a", "b"] | None`, too
        if any(get_origin(part) is Annotated for part in parts):
            return []  # a number, too
        return [word for part in parts if get_origin(part) is Literal for word in get_args(part)]

    def replace(self, changes: dict[str, Any], *, given: bool = True) -> Config:
        """A copy with other values for some dotted keys, which count as `given` unless they are new defaults. Raises
        UserError for unknown keys and impossible values."""
        known = [key for key, _, _ in self.fields()]
        tree = self.model_dump()
        for key, value in changes.items():
            if key not in known:
                raise unknown("the setting", key, known)
            section, _, name = key.rpartition(".")
            (tree[section] if section else tree)[name] = value
        return Config.parse(tree)._marked({*self.given(), *(changes if given else ())})

    def _marked(self, given: Collection[str]) -> Config:
        """A copy in which these dotted keys, and no others, count as given."""
        values: dict[str, Any] = dict(self)
        for name, value in self:
            if isinstance(value, Section):
                inner = {key.removeprefix(f"{name}.") for key in given if key.startswith(f"{name}.")}
                values[name] = type(value).model_construct(inner, **dict(value))
        return Config.model_construct(set(given) & set(values), **values)

    @classmethod
    def parse(cls, tree: dict[str, Any], where: str = "the settings") -> Config:
        """A configuration from nested dictionaries. Raises UserError naming the first key that is wrong."""
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            raise _user_error(error, where) from None


def _user_error(error: ValidationError, where: str) -> UserError:
    """pydantic's report as one line: the key, its value, what is allowed."""
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"]]
    known = [name for name, _, _ in Config().fields()]
    # Of a setting that may be of several kinds, the kind stands last.
    key = ".".join(parts[:-1] if ".".join(parts[:-1]) in known else parts)
    if first["type"] == "extra_forbidden":
        return unknown(f"{where}: the setting", key, known)
    if first["type"] == "literal_error":
        return unknown(f"{where}: {key}", str(first["input"]), Config().words(key))
    message = first["msg"].replace("Input should be", "it should be")
    if key != ".".join(parts):
        kinds = get_args(Config().annotation(key))
        message += "".join(f", or {word}" for kind in kinds if get_origin(kind) is Literal for word in get_args(kind))
    return UserError(f"{where}: {key} is {first['input']!r}; {message[0].lower()}{message[1:]}.")
