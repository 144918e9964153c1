"""The authorizer's rate with credentials other than keys, as a share of a bare hello.

`BENCH=full` takes the figures that count; otherwise it only shows that this still runs.
"""

import hmac
import json
import statistics
from base64 import b64encode, urlsafe_b64encode
from email.utils import formatdate

import pytest

from bench.test_authorizer import CONNECTIONS, FULL, ROUNDS, load_with_wrk, serving
from factories import make_consumer, make_credential, make_plugin
from kongadmin.plugins.models import Plugin
from programs import needs

CREDENTIALS = 1_000 if FULL else 20
SECRET = "a secret that everybody shares"
# Every line of the file is the headers of a request, names and values in turn.
WRK_SCRIPT = """
local requests = {}
for line in io.lines(os.getenv("KEYS")) do
  local headers = {}
  for name, value in line:gmatch("([^\\t]+)\\t([^\\t]+)") do headers[name] = value end
  requests[#requests + 1] = wrk.format("GET", "/", headers)
end
local i = math.random(#requests)
request = function()
  i = i % #requests + 1
  return requests[i]
end
"""


def signature(text: str) -> bytes:
    return hmac.digest(SECRET.encode(), text.encode(), "sha256")


def basic_auth(name: str) -> dict[str, str]:
    login = b64encode(f"{name}:{SECRET}".encode()).decode()
    return {"Authorization": f"Basic {login}"}


def hmac_auth(name: str) -> dict[str, str]:
    date = formatdate(usegmt=True)
    made = signature(f"date: {date}\n@request-target: get /")
    return {
        "Date": date,
        "Authorization": f'hmac username="{name}", algorithm="hmac-sha256", '
        f'headers="date @request-target", signature="{b64encode(made).decode()}"',
    }


def jwt(name: str) -> dict[str, str]:
    documents = {"typ": "JWT", "alg": "HS256"}, {"iss": name, "exp": 4_000_000_000}
    signed = ".".join(encoded(json.dumps(each).encode()) for each in documents)
    return {"Authorization": f"Bearer {signed}.{encoded(signature(signed))}"}


def encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


# By plugin: what a credential is made of, the plugin's config, what a request sends.
WAYS = {
    "basic-auth": (lambda name: {"username": name, "password": SECRET}, {}, basic_auth),
    "hmac-auth": (lambda name: {"username": name, "secret": SECRET}, {}, hmac_auth),
    "jwt": (
        lambda name: {"key": name, "secret": SECRET},
        {"claims_to_verify": ["exp"]},
        jwt,
    ),
}


@needs("wrk")
@pytest.mark.parametrize("kind", WAYS if FULL else ["jwt"])
@pytest.mark.django_db(transaction=True)
def test_every_credential_leaves_a_share_of_a_bare_hellos_rate(kind, tmp_path, capsys):
    fields, config, headers = WAYS[kind]
    Plugin.objects.all().delete()
    make_plugin(kind, **config)
    names = [f"bench-{n}" for n in range(CREDENTIALS)]
    for name in names:
        make_credential(kind, make_consumer(username=name), **fields(name))
    lines = ["\t".join(sum(headers(name).items(), ())) for name in names]
    (tmp_path / "keys.txt").write_text("\n".join(lines))
    (tmp_path / "keys.lua").write_text(WRK_SCRIPT)

    rates: dict[tuple[int, int], list[float]] = {}
    with (
        serving("bench.hello:application", tmp_path) as hello,
        serving("kongadmin.gateway.wsgi:proxy", tmp_path) as authorizer,
    ):
        for _ in range(1 + ROUNDS):  # The first round only warms up.
            for connections in CONNECTIONS:
                for port in (hello, authorizer):
                    rate = load_with_wrk(port, connections, tmp_path)
                    rates.setdefault((port, connections), []).append(rate)

    with capsys.disabled():
        print(f"\n{kind}, {CREDENTIALS} credentials, requests a second:")
        for connections in CONNECTIONS:
            bare, real = (
                statistics.median(rates[port, connections][1:])
                for port in (hello, authorizer)
            )
            print(
                f"  {connections:3} connections: hello {bare:8.0f}, "
                f"authorizer {real:8.0f}, ratio {real / bare:.2f}"
            )
