"""README's nginx configuration, in front of a real upstream, with the real nginx."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from servers import Server, ask

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
README = servers.ROOT / "README.md"
CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream upstream {{ server 127.0.0.1:{upstream}; }}
  server {{ listen 127.0.0.1:{upstream};
            location / {{ return 200 "hello $http_x_consumer_username"; }} }}
  server {{ listen 127.0.0.1:{front};
            {locations} }}
}}
"""


@pytest.fixture(scope="module")
def front(server: Server, tmp_path_factory) -> Iterator[str]:
    """The address of an nginx that asks the product before it asks the upstream."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder: Path = tmp_path_factory.mktemp("nginx")
    front, upstream = servers.free_ports(2)
    [locations] = re.findall(r"```nginx\n(.*?)```", README.read_text(), re.DOTALL)
    text = CONFIGURATION.format(
        folder=folder,
        front=front,
        upstream=upstream,
        locations=locations.replace("http://127.0.0.1:8001", server.admin),
    )
    (folder / "nginx.conf").write_text(text)
    url = f"http://127.0.0.1:{front}"
    with servers.running([NGINX, "-p", folder, "-c", folder / "nginx.conf"], url):
        yield url


def test_nginx_lets_a_known_key_through_and_names_its_consumer(
    front: str, server: Server
) -> None:
    ask(f"{server.admin}/consumers", "POST", json={"username": "behind-nginx"})
    keys = f"{server.admin}/consumers/behind-nginx/key-auth"
    ask(keys, "POST", json={"key": "nginx-key"})
    spoofed = {"X-Consumer-Username": "somebody-else"}

    by_header = ask(f"{front}/x", headers={"apikey": "nginx-key", **spoofed})
    by_query = ask(f"{front}/x?apikey=nginx-key")

    assert (by_header.status, by_header.text) == (200, "hello behind-nginx")
    assert (by_query.status, by_query.text) == (200, "hello behind-nginx")


def test_nginx_refuses_what_the_product_refuses(front: str) -> None:
    assert ask(f"{front}/x").status == 401
    refused = ask(f"{front}/x", headers={"apikey": "nobody-has-this"})

    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == "Key"
