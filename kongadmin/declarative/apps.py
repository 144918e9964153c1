from django.apps import AppConfig


class DeclarativeConfig(AppConfig):
    name = "kongadmin.declarative"
    label = "declarative"
    verbose_name = "Declarative"
