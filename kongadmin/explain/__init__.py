"""Why a request is let in or refused: the authorizer's decision, told as a story."""
