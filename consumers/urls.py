from django.urls import path

from consumers import credential_views as credentials
from consumers import usage_views as usage
from consumers import views

app_name = "consumers"

urlpatterns = [
    path("", views.list_consumers, name="list"),
    path("/create", views.new_consumer, name="new"),
    path("/<str:ref>", views.show_consumer, name="show"),
    path("/<str:ref>/edit", views.edit_consumer, name="edit"),
    path("/<str:ref>/delete", views.delete_consumer, name="delete"),
    path("/<str:ref>/move", views.move_consumer, name="move"),
    path("/<str:ref>/activity", views.show_activity, name="activity"),
    path("/<str:ref>/usage", usage.show_usage, name="usage"),
    path("/<str:ref>/credentials", credentials.show_credentials, name="credentials"),
    path(
        "/<str:ref>/credentials/<slug:kind>/create",
        credentials.new_credential,
        name="new_credential",
    ),
    path(
        "/<str:ref>/credentials/<slug:kind>/<uuid:id>/edit",
        credentials.edit_credential,
        name="edit_credential",
    ),
    path(
        "/<str:ref>/credentials/<slug:kind>/<uuid:id>/reveal",
        credentials.reveal_credential,
        name="reveal_credential",
    ),
    path(
        "/<str:ref>/credentials/<slug:kind>/<uuid:id>/delete",
        credentials.delete_credential,
        name="delete_credential",
    ),
]
