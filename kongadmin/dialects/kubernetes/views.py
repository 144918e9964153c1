"""The routes of the façade: who may, what is asked, how the answer looks."""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from kongadmin import changes
from kongadmin.dialects.admin_api.answers import dump
from kongadmin.dialects.kubernetes import (
    access,
    bodies,
    discovery,
    failures,
    namespaces,
    openapi,
    patches,
    reads,
    tables,
    watch,
    writes,
)
from kongadmin.dialects.kubernetes.calls import Call, read_call
from kongadmin.dialects.kubernetes.deletions import Deletion, read_deletion
from kongadmin.dialects.kubernetes.errors import (
    Failure,
    method_not_allowed,
    no_such_path,
    unsupported_media_type,
)
from kongadmin.dialects.kubernetes.kinds import BY_PATH, group_versions
from kongadmin.dialects.patience import PatientView

OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


class Answer(HttpResponse):
    """JSON, and a Warning header for each thing the client should know."""

    def __init__(
        self,
        data: Any,
        status: int = 200,
        content_type: str = bodies.JSON,
        warnings: list[str] | None = None,
    ) -> None:
        super().__init__(dump(data), content_type, status)
        told = ", ".join(f"299 - {json.dumps(text)}" for text in warnings or ())
        if told:
            self["Warning"] = told


def refusal(error: Exception) -> Answer:
    """Return the Status that tells of an error, and when to try again if that helps."""
    said, code = failures.told(error)
    answer = Answer(said, code)
    if seconds := said.get("details", {}).get("retryAfterSeconds"):
        answer["Retry-After"] = str(seconds)  # kubectl looks nowhere else
    return answer


class View(PatientView):
    """The base of every view: a token comes before anything else."""

    authentication_classes = [access.TokenAuthentication]

    def get_exception_handler(self) -> Callable:
        return lambda error, context: refusal(error)

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        with changes.acting("unknown", "kubernetes", request.request_id):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: HttpRequest, *args, **kwargs) -> None:
        if request.method == "OPTIONS":
            return
        self.identify(request)
        changes.identify(str(request.user))

    def http_method_not_allowed(self, request: HttpRequest, *args, **kwargs):
        raise method_not_allowed()


# What is served, for whoever has a token


class Version(View):
    def get(self, request: HttpRequest) -> Answer:
        return Answer(discovery.VERSION)


class Groups(View):
    """/api and /apis: everything at once for who understands that."""

    is_core = False

    def get(self, request: HttpRequest) -> Answer:
        version = discovery.negotiate(request.META.get("HTTP_ACCEPT", ""))
        if version:
            said = discovery.aggregated(self.is_core, version)
            return Answer(said, content_type=discovery.content_type(version))
        if self.is_core:
            return Answer(discovery.versions(request.get_host()))
        return Answer(discovery.group_list())


class Group(View):
    def get(self, request: HttpRequest, group: str) -> Answer:
        if group not in discovery.groups(is_core=False):
            raise no_such_path()
        return Answer(discovery.say_group(group))


class Resources(View):
    def get(self, request: HttpRequest, version: str, group: str = "") -> Answer:
        api_version = f"{group}/{version}" if group else version
        if api_version not in group_versions():
            raise no_such_path()
        return Answer(discovery.resource_list(api_version))


class OpenAPIv2(View):
    """An empty document, which every client of it is content with."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(b"", OPENAPI_V2)


class OpenAPI(View):
    def get(self, request: HttpRequest, place: str = "") -> Answer:
        if not place:
            return Answer(openapi.index(request.META.get("SCRIPT_NAME", "")))
        if place not in openapi.places():
            raise no_such_path()
        return Answer(openapi.document(openapi.places()[place]))


# Questions about oneself


class Review(View):
    """Answers what `reviews.REVIEWS` has under a path."""

    answer: Callable[[Any, dict], dict] | None = None

    def post(self, request: HttpRequest) -> Answer:
        return Answer(self.answer(request.user, bodies.read_object(request)), 201)


class Events(View):
    """What `describe` looks for and finds none of: what happens is in conditions."""

    def get(self, request: HttpRequest, namespace: str = "") -> Answer:
        return Answer(
            {
                "kind": "EventList",
                "apiVersion": "v1",
                "metadata": {"resourceVersion": "0"},
                "items": [],
            }
        )


# Objects


class ObjectView(View):
    """The base of what is about objects of a kind, at the place that a path names."""

    def initial(
        self,
        request: HttpRequest,
        version: str,
        plural: str,
        group: str = "",
        **place: str,
    ) -> None:
        super().initial(request)
        if request.method == "OPTIONS":
            return
        kind = BY_PATH.get((group or "", version, plural))
        if kind is None or (place.get("namespace") and not kind.is_namespaced):
            raise no_such_path()
        if place.get("subresource") and not kind.has_status:
            raise no_such_path()
        if place.get("name") and not place.get("namespace") and kind.is_namespaced:
            raise no_such_path()
        self.call = read_call(request, kind, **place)

    def may(self, verb: str) -> Call:
        """Return what is asked; refuse who may not do that."""
        access.check(self.request.user, verb, self.call)
        return self.call

    def read_object(self) -> dict:
        """Return the object in the body; what that says twice is noted."""
        given = bodies.read_object(self.request)
        self.call.repeated = [*bodies.repeated(given)]
        return given

    def answer(self, said: dict, status: int = 200) -> Answer:
        """Return the answer about one object, as a table where that is wanted."""
        if said.get("kind") != "Status":
            said = self.shower()(said)
        return Answer(said, status, warnings=self.call.warnings)

    def shower(self) -> Callable[[dict], dict]:
        """Return how to show an object: whole, or as a table's row."""
        wants_table = wants(self.request.META.get("HTTP_ACCEPT", ""))
        return self.as_table if wants_table else lambda said: said

    def as_table(self, said: dict) -> dict:
        version = {"resourceVersion": said["metadata"].get("resourceVersion", "")}
        return tables.table([said], self.call.kind, version, self.include)

    def deletion(self) -> Deletion:
        return read_deletion(self.call, bodies.read_options(self.request))

    @property
    def include(self) -> str:
        wanted = self.call.given("includeObject") or "Metadata"
        return wanted if wanted in tables.INCLUDED else "Metadata"


def wants(accept: str) -> bool:
    """Say whether a table is what a client would have most; we know only v1."""
    for wish in accept.split(","):
        media_type, *parameters = (part.strip() for part in wish.split(";"))
        given = dict(part.partition("=")[::2] for part in parameters)
        if given.get("as") == "Table" and given.get("v") == "v1":
            return True
        if media_type in ("application/json", "*/*") and "as" not in given:
            return False
    return False


class Collection(ObjectView):
    """All objects of a kind, in a namespace or everywhere."""

    def get(self, request: HttpRequest, **place: str) -> HttpResponse:
        if self.call.is_set("watch"):
            return self.watch()
        said, metadata = reads.list_of(self.may("list"))
        return Answer(self.list_of(said, metadata))

    def list_of(self, said: list[dict], metadata: dict) -> dict:
        kind = self.call.kind
        if wants(self.request.META.get("HTTP_ACCEPT", "")):
            return tables.table(said, kind, metadata, self.include)
        return {
            "kind": f"{kind.name}List",
            "apiVersion": kind.api_version,
            "metadata": metadata,
            "items": said,
        }

    def watch(self) -> StreamingHttpResponse:
        call = self.may("watch")
        stream = self.request.META.get("gunicorn.socket")
        watcher = watch.Watcher(call, self.shower(), stream)
        watch.take_seat()
        response = StreamingHttpResponse(watcher.lines(), content_type=bodies.JSON)
        response._resource_closers.append(watch.seats.release)
        return response

    def post(self, request: HttpRequest, **place: str) -> Answer:
        call = self.may("create")
        if call.kind.is_namespaced and not call.namespace:
            raise method_not_allowed()
        return self.answer(writes.create(call, self.read_object()), 201)

    def delete(self, request: HttpRequest, **place: str) -> Answer:
        call = self.may("deletecollection")
        if not call.kind.is_namespaced:
            raise method_not_allowed()
        said = writes.delete_all(call, self.deletion())
        return Answer(self.list_of(said, {}))


class One(ObjectView):
    """One object, or its status."""

    def get(self, request: HttpRequest, **place: str) -> Answer:
        return self.answer(reads.get(self.may("get")))

    def put(self, request: HttpRequest, **place: str) -> Answer:
        call = self.may("update")
        return self.answer(writes.replace(call, self.read_object()))

    def patch(self, request: HttpRequest, **place: str) -> Answer:
        call = self.may("patch")
        given = bodies.media_type(request)
        if given == bodies.STRATEGIC_PATCH and call.kind.is_custom:
            raise self.not_supported(given)
        body = bodies.read(request, (*PATCHES, bodies.APPLY_PATCH))
        call.repeated = [*bodies.repeated(body)]
        if given == bodies.APPLY_PATCH:
            return self.apply(call, body)
        make = PATCHES[given]
        return self.answer(writes.patch(call, lambda said: make(said, body)))

    def apply(self, call: Call, config: Any) -> Answer:
        if not isinstance(config, dict):
            raise Failure(400, "BadRequest", "the configuration is no object")
        said, is_new = writes.apply(call, config)
        return self.answer(said, 201 if is_new else 200)

    def not_supported(self, given: str) -> Failure:
        kind = self.call.kind
        accepted = (bodies.JSON_PATCH, bodies.MERGE_PATCH, bodies.APPLY_PATCH)
        failure = unsupported_media_type(accepted)
        about = f"{given} is not supported by {kind.api_version}, Kind={kind.name}"
        failure.message = f"{about}: {failure.message}"
        return failure

    def delete(self, request: HttpRequest, **place: str) -> Answer:
        call = self.may("delete")
        if call.subresource:
            raise method_not_allowed()
        if not call.kind.is_namespaced:
            self.check_contents()
        return self.answer(writes.delete(call, self.deletion()))

    def check_contents(self) -> None:
        """Refuse who may not delete all that a namespace takes along."""
        name = self.call.name
        for kind in namespaces.kinds_in(name):
            access.check(self.request.user, "delete", Call(kind, namespace=name))


PATCHES = {
    bodies.JSON_PATCH: patches.apply_operations,
    bodies.MERGE_PATCH: patches.merge,
    bodies.STRATEGIC_PATCH: patches.merge_strategically,
}
