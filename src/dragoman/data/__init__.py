"""From files to immutable dataset versions: sources, splits, datasets."""
