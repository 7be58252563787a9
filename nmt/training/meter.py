"""What the updates since the last look were like."""

from __future__ import annotations

from nmt.memory import peak
from nmt.training.distribution import Group
from nmt.training.learner import Learnt


class Meter:
    """Means and sums over updates and processes."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.restart()

    def restart(self) -> None:
        """Forgets everything."""
        self._learnt: list[Learnt] = []

    def __len__(self) -> int:
        """Updates since the last look."""
        return len(self._learnt)

    def add(self, learnt: Learnt) -> None:
        """Counts one update."""
        self._learnt.append(learnt)

    def read(self, seconds: float) -> dict[str, float]:
        """Loss in nats per target token, share of tokens thought the likeliest, gradient norm, target tokens per
        second, share of padding, largest memory of this process in megabytes, last learning rate; then forgets them."""
        own = [learnt.counts for learnt in self._learnt]
        tokens, words, positions, likelihood, correct = self.group.sum_numbers(
            [
                float(sum(counts.tokens for counts in own)),
                float(sum(counts.words for counts in own)),
                float(sum(counts.positions for counts in own)),
                float(sum(counts.likelihood for counts in own)),
                float(sum(counts.correct for counts in own)),
            ]
        )
        values = {
            "loss": likelihood / tokens,
            "accuracy": correct / tokens,
            "gradient_norm": sum(learnt.norm for learnt in self._learnt) / len(self._learnt),
            "tokens_per_second": tokens / max(seconds, 1e-9),
            "padding": 1 - words / positions,
            "memory_mb": peak(),
            "rate": self._learnt[-1].rate,
        }
        self.restart()
        return values
