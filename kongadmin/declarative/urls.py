from django.urls import path

from kongadmin.declarative import export_views as exports

app_name = "declarative"

urlpatterns = [
    path("export", exports.export, name="export"),
    path("export/chosen", exports.choose, name="export_chosen"),
]
