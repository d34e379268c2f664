"""Where state lives: the catalog (SQLAlchemy), content-addressed blobs, Delta tables, and their in-memory fakes."""
