from django.urls import path

from kongadmin.explain import views

app_name = "explain"

urlpatterns = [path("", views.try_request, name="try")]
