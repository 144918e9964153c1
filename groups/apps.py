from django.apps import AppConfig
from django.conf import settings


class GroupsConfig(AppConfig):
    name = "groups"

    def ready(self) -> None:
        if settings.IS_ENTERPRISE:
            from groups import api, core_entities

            api.register_groups()
            core_entities.register_groups()
