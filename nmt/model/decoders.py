"""The table of decoders."""

from __future__ import annotations

from nmt.model.decoder import Decoder, ParallelDecoder
from nmt.model.stepped_decoders import ConditionalDecoder, ContextFeedingDecoder, InputFeedingDecoder

DECODER: dict[str, type[Decoder]] = {
    "parallel": ParallelDecoder,
    "input-feeding": InputFeedingDecoder,
    "conditional": ConditionalDecoder,
    "context-feeding": ContextFeedingDecoder,
}
