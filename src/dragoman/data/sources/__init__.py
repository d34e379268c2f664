"""Where rows come from: JSONL, CSV, Parquet, Delta, SQL and Kafka, as batches with their places.

```python
source = open_source(["data/*.jsonl"], folder=Path.cwd(), root=workspace, columns={"text": "string"})
for batch, place in source.batches():
    print(place.file, place.line_of(0), batch.num_rows)
print(source.digests())
```

`read_examples` reads the JSONL files that a model's spec names.
"""

from __future__ import annotations

from dragoman.data.sources.base import Columns, Position, Refuse, Refused, Source, refuse_all
from dragoman.data.sources.csv_dialect import CsvDialect
from dragoman.data.sources.examples import FIELDS, examples_of_rows, read_examples
from dragoman.data.sources.opening import FORMATS, open_files, open_source, source_name
from dragoman.data.sources.patterns import expand_files

__all__ = [
    "FIELDS",
    "FORMATS",
    "Columns",
    "CsvDialect",
    "Position",
    "Refuse",
    "Refused",
    "Source",
    "examples_of_rows",
    "expand_files",
    "open_files",
    "open_source",
    "read_examples",
    "refuse_all",
    "source_name",
]
