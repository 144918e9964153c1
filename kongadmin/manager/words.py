"""What a person reads where a client would get Kong's own words."""

SENTENCES = {
    "at least one of these fields must be non-empty: 'custom_id', 'username'": (
        "Give a username, a custom ID, or both."
    ),
    "required field missing": "This field is required.",
    "length must be at least 1": "This must not be empty.",
    "invalid key": "This is no public key in PEM format.",
    "all or none of these fields must be set: 'hash_secret', 'client_secret'": (
        "Enter a new secret: what is stored can be neither hashed nor read again."
    ),
    "expected a number": "Enter a number.",
    "value should be between 5 and 525600": "Enter 5 to 525,600 minutes.",
    "value must be greater than 0": "Enter a number above 0.",
}


def in_words(text: str) -> str:
    """Return the sentence for one of Kong's error texts; others stay as they are."""
    return SENTENCES.get(text.removeprefix("when updating, "), text)


def found_in_words(
    count: int, text: str, tag: str, noun: str = "consumer", group: str = ""
) -> str:
    """Say how many there are, and what was looked for; for eye and ear."""
    wanted = f" “{text}”" * bool(text) + f" with the tag {tag}" * bool(tag)
    wanted += f" in the group {group}" * bool(group)
    if not wanted:
        return f"{counted(count)} {noun}{'s' * (count != 1)}"
    if text:
        wanted = f" match{'es' * (count < 2)}{wanted}"
    return f"{counted(count)} {noun}{'s' * (count > 1)}{wanted}"


def counted(count: int, most: int = 1000) -> str:
    """Return a bounded count: past the bound it is `More than 1,000`."""
    if not count:
        return "No"
    return f"{count:,}" if count <= most else f"More than {most:,}"
