"""From a spec and a dataset version to a bundle."""
