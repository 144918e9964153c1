from django.apps import AppConfig


class DeckConfig(AppConfig):
    name = "kongadmin.dialects.deck"
    label = "deck"

    def ready(self) -> None:
        from kongadmin.declarative.formats import register
        from kongadmin.dialects.deck.formats import DBLESS, DECK

        for each in (DECK, DBLESS):
            register(each)
