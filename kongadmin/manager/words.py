"""What a person reads where a client would get Kong's own words."""

SENTENCES = {
    "at least one of these fields must be non-empty: 'custom_id', 'username'": (
        "Give a username, a custom ID, or both."
    ),
    "required field missing": "This field is required.",
    "length must be at least 1": "This must not be empty.",
}


def in_words(text: str) -> str:
    """Return the sentence for one of Kong's error texts; others stay as they are."""
    return SENTENCES.get(text.removeprefix("when updating, "), text)
