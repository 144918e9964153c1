from django.urls import path

from kongadmin.access import kubectl, people, tokens, views

app_name = "access"

urlpatterns = [
    path("account", views.account, name="account"),
    path("account/sign-in", views.sign_in, name="sign_in"),
    path("account/sign-out", views.sign_out, name="sign_out"),
    path("account/password", views.change_password, name="password"),
    path("account/tokens", tokens.list_tokens, name="tokens"),
    path("account/tokens/create", tokens.new_token, name="new_token"),
    path("account/tokens/<int:id>/edit", tokens.edit_token, name="edit_token"),
    path("account/tokens/<int:id>/revoke", tokens.revoke_token, name="revoke_token"),
    path("account/tokens/kubectl", kubectl.use_kubectl, name="kubectl"),
    path("access/users", people.list_users, name="users"),
    path("access/users/create", people.new_user, name="new_user"),
    path("access/users/<int:id>", people.edit_user, name="user"),
    path("access/users/<int:id>/password", people.set_password, name="set_password"),
    path("access/users/<int:id>/delete", people.delete_user, name="delete_user"),
    path("access/roles", people.list_roles, name="roles"),
]
