"""Documents that say what there shall be: read, planned, applied at once."""
