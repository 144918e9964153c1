from django.apps import AppConfig


class DeclarativeConfig(AppConfig):
    name = "kongadmin.declarative"
    label = "declarative"
    verbose_name = "Declarative"

    def ready(self) -> None:
        from kongadmin.declarative import api

        api.register_declarative()
