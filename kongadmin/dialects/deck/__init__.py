"""decK's files and Kong's own declarative ones: text read as rows, rows written."""
