"""Search: one decoding loop over anything with `start`, `step` and `select`; strategies that only choose."""
