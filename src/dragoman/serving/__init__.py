"""Schedule, run, finish."""
