"""One file per task: how to prepare a request and how to finish an answer."""
