from django.urls import path

from kongadmin.access import views

app_name = "access"

urlpatterns = [
    path("", views.account, name="account"),
    path("/sign-in", views.sign_in, name="sign_in"),
    path("/sign-out", views.sign_out, name="sign_out"),
    path("/password", views.change_password, name="password"),
    path("/tokens", views.list_tokens, name="tokens"),
    path("/tokens/create", views.new_token, name="new_token"),
    path("/tokens/<int:id>/revoke", views.revoke_token, name="revoke_token"),
]
