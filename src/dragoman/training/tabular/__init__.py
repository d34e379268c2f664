"""From rows of a table to a bundle: gradient boosting, calibration, intervals, evaluation."""
