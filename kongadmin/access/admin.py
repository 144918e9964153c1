from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm

from kongadmin.access import log
from kongadmin.access.forms import LAST, is_last_super_admin
from kongadmin.access.models import APIToken, Grant, SignInFailure
from kongadmin.admin import ActingAdmin, ReadOnlyAdmin
from kongadmin.changes import acting

User = get_user_model()


class LoggedAdmin(ActingAdmin):
    """Writes into the change log what happens to a user or a token."""

    actions = None

    def save_model(self, request, obj, form, change) -> None:
        form.before = log.stored_snapshot(obj) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change) -> None:
        """What somebody was given is known only now."""
        super().save_related(request, form, formsets, change)
        if change:
            log.record_difference(form.instance, form.before)
        else:
            log.record_creation(form.instance)

    def delete_model(self, request, obj) -> None:
        log.delete(obj)


class GrantInline(admin.TabularInline):
    model = Grant
    extra = 1


class PersonForm(UserChangeForm):
    def clean(self) -> dict:
        values = super().clean()
        is_left = values.get("is_superuser") and values.get("is_active")
        if not is_left and is_last_super_admin(self.instance):
            self.add_error(None, LAST.format(self.instance))
        return values


admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(LoggedAdmin, UserAdmin):
    """Users as Django knows them, with the roles they were given."""

    form = PersonForm
    inlines = [GrantInline]

    def get_inlines(self, request, obj) -> list:
        return self.inlines if obj else []

    def has_delete_permission(self, request, obj=None) -> bool:
        """The last active super admin stays."""
        may = super().has_delete_permission(request, obj)
        return may and not (obj and is_last_super_admin(obj))

    def user_change_password(self, request, id, form_url=""):
        user = self.get_object(request, id)
        response = super().user_change_password(request, id, form_url)
        if user and User.objects.get(pk=user.pk).password != user.password:
            with acting(request.user.get_username(), "django_admin"):
                log.record_difference(user, log.snapshot(user), "password")
        return response


@admin.register(Grant)
class GrantAdmin(ActingAdmin):
    """Grants are given on the page of their user; here they can be taken away."""

    actions = None
    list_display = ("user", "role", "control_plane")
    list_select_related = ("user", "control_plane")
    ordering = ("id",)

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def delete_model(self, request, obj) -> None:
        with log.recorded(obj.user):
            super().delete_model(request, obj)


@admin.register(APIToken)
class APITokenAdmin(LoggedAdmin):
    """Tokens are issued in the Manager, where they are shown once."""

    list_display = (
        *("name", "user", "role", "hint", "enabled"),
        *("expires_at", "last_used_at"),
    )
    list_select_related = ("user",)
    filter_horizontal = ("control_planes",)
    readonly_fields = (
        *("user", "hint", "is_bound", "created_at", "last_used_at"),
        *("revoked_at", "revoked_by"),
    )
    ordering = ("id",)

    def has_add_permission(self, request) -> bool:
        return False


@admin.register(SignInFailure)
class SignInFailureAdmin(ReadOnlyAdmin):
    list_display = ("at", "username", "address")
    ordering = ("-at",)
