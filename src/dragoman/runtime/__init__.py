"""Running a model without torch: graph building, sessions, parity."""
