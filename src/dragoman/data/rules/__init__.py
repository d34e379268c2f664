"""A contract's rules, compiled to vectorised checks over batches of rows.

```python
with Checker(read_contract(path)) as checker:
    for batch, place in source.batches():
        judged = checker.judge(batch, place)   # judged.good, judged.kept(), judged.reasons()
    report = checker.finish()                  # report.passed, report.violations; checker.late
print(report_text(report))
```
"""

from __future__ import annotations

from dragoman.data.rules.checker import Checker
from dragoman.data.rules.judged import Broken, Judged, LateRows
from dragoman.data.rules.report import report_text

__all__ = ["Broken", "Checker", "Judged", "LateRows", "report_text"]
