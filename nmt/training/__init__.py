"""Training: loss, optimisers and schedules, the loop, checkpoints, validation, tracking, and the one entry `run`."""
