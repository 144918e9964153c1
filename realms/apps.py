from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


def create_default(sender, **kwargs) -> None:
    """Every database has the control plane `default`, as every Kong has."""
    from realms.models import ControlPlane

    ControlPlane.objects.get_or_create(name="default", region=settings.REGION)


class RealmsConfig(AppConfig):
    name = "realms"

    def ready(self) -> None:
        from realms import control_planes, konnect

        post_migrate.connect(create_default, sender=self)
        control_planes.register_control_planes()
        konnect.register_realms()
        if settings.IS_ENTERPRISE:
            from realms import api

            api.register_workspaces()
