"""The tab Consumer Groups of a consumer's page."""

from django.urls import path

from groups import membership_views

app_name = "memberships"

urlpatterns = [
    path("", membership_views.show_groups, name="list"),
    path("/join", membership_views.join_groups, name="join"),
    path("/<uuid:id>/leave", membership_views.leave_group, name="leave"),
]
