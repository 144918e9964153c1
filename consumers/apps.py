from django.apps import AppConfig


class ConsumersConfig(AppConfig):
    name = "consumers"

    def ready(self) -> None:
        from consumers import api, core_entities, konnect

        api.register_consumers()
        core_entities.register_consumers()
        konnect.register_consumers()
