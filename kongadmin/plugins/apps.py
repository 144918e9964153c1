from django.apps import AppConfig


class PluginsConfig(AppConfig):
    name = "kongadmin.plugins"

    def ready(self) -> None:
        from kongadmin.plugins import api

        api.register_plugins()
