"""The packed encoder, its heads and its checkpoints: arithmetic only."""
