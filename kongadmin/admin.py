"""The Django admin, for superusers: every model, secrets masked.

Writes go through the entities' own save() and delete(), so the change log, the tag
index and the rules are the same as everywhere.
"""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect

from kongadmin.changes import Change, acting
from kongadmin.tags import Tag
from realms.models import DEFAULT, ControlPlane

admin.site.site_header = admin.site.site_title = "kongadmin"
admin.site.index_title = "Records"


class ActingAdmin(admin.ModelAdmin):
    """Attributes every write to who is signed in."""

    def changeform_view(self, request: HttpRequest, *args, **kwargs):
        with acting(request.user.get_username(), "django_admin"):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args, **kwargs):
        with acting(request.user.get_username(), "django_admin"):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args, **kwargs):
        with acting(request.user.get_username(), "django_admin"):
            return super().changelist_view(request, *args, **kwargs)


class EntityAdmin(ActingAdmin):
    """An entity: found by id, never counted, deleted one by one for the log's sake."""

    ordering = ("id",)
    readonly_fields = ("id", "scope", "created_at", "updated_at")
    show_full_result_count = False
    list_per_page = 50

    def save_model(self, request, obj, form, change) -> None:
        """Store it; what is new belongs to the default control plane, and stays."""
        if not change:
            obj.scope = ControlPlane.objects.ours().get(name=DEFAULT)
        super().save_model(request, obj, form, change)

    def delete_queryset(self, request, queryset) -> None:
        for entity in queryset:
            entity.delete()

    def changeform_view(self, request: HttpRequest, *args, **kwargs):
        """Say so when somebody else was quicker, and change nothing."""
        try:
            with transaction.atomic():
                return super().changeform_view(request, *args, **kwargs)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(request.path)


class ReadOnlyAdmin(admin.ModelAdmin):
    """What is written by the product alone."""

    show_full_result_count = False

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "actor",
        "dialect",
        "verb",
        "entity_type",
        "entity_name",
    )
    ordering = ("-id",)


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    list_display = ("tag", "entity_type", "entity_id")
    ordering = ("id",)
