"""The authorizer: from a request to a decision, without Django on its path."""
