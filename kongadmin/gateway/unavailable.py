class Unavailable(Exception):
    """The database cannot be asked at the moment."""
