"""The least that a service behind a proxy can be."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
