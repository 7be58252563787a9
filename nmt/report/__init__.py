"""The report of a run, beside another if wanted: one HTML page with everything in it."""
