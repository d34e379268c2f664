"""Bundles, versions and aliases."""
