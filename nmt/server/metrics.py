"""What the server counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
LINES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The counts of one server. waiting, loaded: tell how many requests wait, and how many models are in memory."""

    def __init__(self) -> None:
        self.registry = here = CollectorRegistry()
        self.requests = Counter("nmt_requests", "Requests answered.", ["route", "method", "status"], registry=here)
        self.seconds = Histogram("nmt_request_seconds", "Time to an answer.", ["route"], buckets=SECONDS, registry=here)
        self.lines = Histogram("nmt_batch_lines", "Lines that were translated together.", buckets=LINES, registry=here)
        self.batches = Histogram("nmt_batch_seconds", "Time of a batch.", buckets=SECONDS, registry=here)
        self.characters = Counter("nmt_characters", "Characters given to translate.", registry=here)
        self.waiting = Gauge("nmt_waiting_requests", "Requests that wait or are being translated.", registry=here)
        self.loaded = Gauge("nmt_loaded_models", "Models in memory.", registry=here)
        self.memory = Gauge("nmt_memory_bytes", "Memory of the process.", registry=here)

    def batch(self, lines: int, seconds: float) -> None:
        """Counts a batch."""
        self.lines.observe(lines)
        self.batches.observe(seconds)

    def watch(self, waiting: Callable[[], float], loaded: Callable[[], float], memory: Callable[[], float]) -> None:
        """Gives the gauges what they show when they are asked for."""
        for gauge, tell in ((self.waiting, waiting), (self.loaded, loaded), (self.memory, memory)):
            gauge.set_function(tell)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)
