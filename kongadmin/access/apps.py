from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "kongadmin.access"
    verbose_name = "Access"
