from django.apps import AppConfig


class KubernetesConfig(AppConfig):
    name = "kongadmin.dialects.kubernetes"
    verbose_name = "Kubernetes"

    def ready(self) -> None:
        from kongadmin.declarative.formats import register
        from kongadmin.dialects.kubernetes import ownership, reconcile_triggers
        from kongadmin.dialects.kubernetes.manifest_formats import INGRESS, OPERATOR

        register(OPERATOR)
        register(INGRESS)
        reconcile_triggers.connect()
        ownership.connect()
