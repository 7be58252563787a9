"""What may be wrong with a corpus: one class a check, each in a table. Training filters by them, `nmt data check`
reports them, `nmt data clean` drops or mends by them."""
