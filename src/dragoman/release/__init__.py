"""Releases: from shadow to promoted or rolled back, decided by evidence per language."""
