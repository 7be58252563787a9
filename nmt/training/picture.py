"""What TensorBoard shows of a validation: pictures that the report has, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nmt import plots
from nmt.evaluation.analysis import ANALYSES, analyse
from nmt.evaluation.cases import Case
from nmt.evaluation.metrics import Counted
from nmt.scoring import Scored


def analysis_pictures(cases: Sequence[Case]) -> dict[str, NDArray[np.uint8]]:
    """The error analyses that divide some cases, each as a picture [height, width, 3]."""
    counted = Counted([case.translation for case in cases], [case.reference for case in cases])
    pictures = {}
    for name, analysis in ANALYSES.items():
        found = [one for one in analyse(analysis, cases, counted, samples=0) if one.bleu]
        if len(found) < 2:  # one bar compares nothing
            continue
        bars = [plots.Bar(one.bleu.score if one.bleu else None, None, None, len(one.rows)) for one in found]
        labels, axis, title = [one.label for one in found], analysis.axis, analysis.title
        pictures[name] = plots.pixels(plots.bucket_figure(labels, {"": bars}, axis, plots.PAPER, title))
    return pictures


def attention_picture(scored: Scored) -> NDArray[np.uint8] | None:
    """The attention of a pair as a picture [height, width, 3], a row for each target piece; None for models without."""
    if scored.attention is None:
        return None
    rows, columns = plots.shown(scored.target_pieces), plots.shown(scored.source_pieces)
    values = scored.attention.double().numpy()
    return plots.pixels(plots.heat_figure(rows, columns, values, plots.SYSTEMS[0], plots.PAPER))
