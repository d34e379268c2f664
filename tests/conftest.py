"""What every test runs under."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("dragoman", deadline=None, derandomize=True, max_examples=60)
hypothesis.settings.load_profile("dragoman")
