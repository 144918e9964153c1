"""What the pages are measured against: the barest callable and an empty Django view.

`python -m bench.reference PORT` serves both with the options that `manage.py serve`
gives the Manager: /hello is the callable, /empty the view behind its middleware.
"""

import sys
from types import ModuleType

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from kongadmin.listeners import Handler, ManagerRequest
from kongadmin.serving import DjangoListeners


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


class EmptyRequest(ManagerRequest):
    urlconf = "bench_urls"


urls = ModuleType("bench_urls")
urls.urlpatterns = [path("empty", empty)]
sys.modules["bench_urls"] = urls
pages = Handler(EmptyRequest, settings.MIDDLEWARE)


def application(environ, start_response):
    if environ["PATH_INFO"] == "/hello":
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]
    return pages(environ, start_response)


class Reference(DjangoListeners):
    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("bind", f"127.0.0.1:{PORT}")

    def load(self):
        return application


if __name__ == "__main__":
    PORT = sys.argv.pop()
    Reference().run()
