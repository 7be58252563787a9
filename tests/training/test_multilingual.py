"""One network for two target languages, from a mixture with tags: the tag decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora import save
from examples import sentence_pairs

from nmt.config import Config
from nmt.training.run import run
from nmt.translator import Request, Translator

SETTINGS = {
    "subwords.vocabulary": 400,
    "model.hidden": 64,
    "model.embedding": 64,
    "model.encoder_layers": 1,
    "model.decoder_layers": 1,
    "model.dropout": 0.0,
    "train.updates": 300,
    "train.warmup": 20,
    "train.learning_rate": 5e-3,
    "train.batch_tokens": 800,
    "train.validate_every": 150,
    "train.precision": "float32",
    "train.label_smoothing": 0.0,
}


@pytest.mark.slow
def test_the_tag_of_a_mixture_decides_the_language(tmp_path: Path) -> None:
    pairs = sentence_pairs(600)
    for part, some in (("train", pairs[:550]), ("val", pairs[550:])):
        for code, side in (("en", 0), ("de", 1)):
            save(tmp_path / f"{part}.{code}", "".join(pair[side] + "\n" for pair in some).encode())
        save(tmp_path / f"{part}.xx", "".join(" ".join(reversed(a.split())) + "\n" for a, _ in some).encode())
    entries = ", ".join(
        f"{{ locations = '.', source = 'en', target = '{code}', tag = '<2{code}>' }}" for code in ("de", "xx")
    )
    mixture = tuple(save(tmp_path / "mix.toml", f"temperature = 5\ncorpus = [{entries}]\n".encode()))
    output = tmp_path / "run"
    run(Config().replace({**SETTINGS, "data.train": mixture, "data.valid": mixture, "output": str(output)}))
    translator = Translator.load(output)
    sources = [source for source, _ in pairs[550:]]
    for code, wanted in (("de", [b for _, b in pairs[550:]]), ("xx", [" ".join(reversed(a.split())) for a in sources])):
        found = translator.stream(sources, requests=[Request(tag=f"<2{code}>")] * len(sources))
        right = sum(one.text == target for one, target in zip(found, wanted, strict=True))
        assert right >= 0.8 * len(sources)
