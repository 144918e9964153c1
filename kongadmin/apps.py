from django.apps import AppConfig


class KongadminConfig(AppConfig):
    name = "kongadmin"
    verbose_name = "Frame"
