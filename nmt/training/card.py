"""The model card: README.md of a model folder."""

from __future__ import annotations

from typing import Any

from nmt.config import Config
from nmt.model.seq2seq import Seq2Seq, parameter_count


def model_card(config: Config, network: Seq2Seq, scores: dict[str, Any]) -> str:
    """A page that says what the model is, what it was trained on, and how well it translates."""
    data, model = config.data, config.model
    trained = data.folder or " and ".join(data.train)
    lines = [
        f"# A translator from {data.source} to {data.target}" if data.source and data.target else "# A translator",
        "",
        f"Trained on {trained}. {model.cell} encoder-decoder, decoder {model.decoder}, attention {model.attention}, "
        f"{model.encoder_layers} + {model.decoder_layers} layers of {model.hidden}, "
        f"{parameter_count(network):,} parameters.",
        "",
        "Translate with `nmt translate --model FOLDER`; every setting is in `config.json`.",
        "",
    ]
    if scores:
        lines += ["| test set | metric | score | 95 % interval | signature |", "|---|---|---|---|---|"]
        for name, result in scores.items():
            for metric in ("bleu", "chrf", "ter"):
                score = result[metric]
                interval = "{:.2f} to {:.2f}".format(*score["interval"]) if score["interval"] else ""
                lines.append(f"| {name} | {metric} | {score['score']:.2f} | {interval} | `{score['signature']}` |")
    return "\n".join(lines) + "\n"
