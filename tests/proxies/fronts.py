"""The proxies that docs/deployment describes, run with the configurations given there.

A page's first block in its proxy's language is the configuration; nothing of it is
changed but addresses and the places of files.
"""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import programs
import servers

PAGES = servers.ROOT / "docs" / "deployment"
NGINX_MODULES = Path("/usr/lib/nginx/modules")

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{block}}}
"""
APACHE = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/error.log
DefaultRuntimeDir {folder}
User www-data
Group www-data
"""


@dataclass(frozen=True)
class Addresses:
    """Where the three meet: host and port of each."""

    front: str
    authorizer: str
    upstream: str

    def put_into(self, text: str) -> str:
        """Return a page's text with these addresses instead of its own."""
        port = self.front.partition(":")[2]
        text = text.replace("127.0.0.1:8001", self.authorizer)
        text = text.replace("127.0.0.1:9000", self.upstream)
        return text.replace(":8080", f":{port}")


def block(page: str, language: str, number: int = 0) -> str:
    """Return a block of a page in docs/deployment, the first in `language`."""
    text = (PAGES / f"{page}.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[number]


def nginx(folder: Path, at: Addresses) -> list:
    return run_nginx(folder, at.put_into(block("nginx", "nginx")))


def holding_nginx(folder: Path, at: Addresses) -> list:
    """The one that repeats decisions, asking for those of the control plane `held`."""
    text = at.put_into(block("nginx", "nginx", 1))
    text = text.replace("/run/nginx-kongadmin", f"{folder}/held")
    return run_nginx(folder, text.replace("/v1/default/", "/v1/held/"))


def lua_nginx(folder: Path, at: Addresses) -> list:
    """The one that looks decisions up in Lua."""
    script = folder / "kongadmin.lua"
    script.write_text(block("nginx", "lua"))
    text = at.put_into(block("nginx", "nginx", 2))
    text = text.replace("/etc/nginx/kongadmin.lua", str(script))
    return run_nginx(folder, text, "ndk_http", "ngx_http_lua")


def holding_lua_nginx(folder: Path, at: Addresses) -> list:
    """The same, asking for the decisions of the control plane `held`."""
    command = lua_nginx(folder, at)
    file = folder / "nginx.conf"
    file.write_text(file.read_text().replace("/v1/default/", "/v1/held/"))
    return command


def run_nginx(folder: Path, text: str, *modules: str) -> list:
    """`modules` are what Debian loads by itself once they are installed."""
    load = "".join(f"load_module {NGINX_MODULES / m}_module.so;\n" for m in modules)
    text = load + NGINX.format(folder=folder, block=text)
    (folder / "nginx.conf").write_text(text)
    return ["nginx", "-p", folder, "-c", folder / "nginx.conf"]


def caddy(folder: Path, at: Addresses) -> list:
    text = "{\n    admin off\n}\n" + at.put_into(block("caddy", "caddyfile"))
    (folder / "Caddyfile").write_text(text)
    return ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]


def haproxy(folder: Path, at: Addresses) -> list:
    script = folder / "kongadmin.lua"
    script.write_text(block("haproxy", "lua"))
    text = at.put_into(block("haproxy", "haproxy"))
    (folder / "haproxy.cfg").write_text(
        text.replace("/etc/haproxy/kongadmin.lua", str(script))
    )
    return ["haproxy", "-db", "-f", folder / "haproxy.cfg"]


def apache(folder: Path, at: Addresses) -> list:
    script = folder / "kongadmin.lua"
    script.write_text(at.put_into(block("apache", "lua")))
    text = at.put_into(block("apache", "apache"))
    text = text.replace("/etc/apache2/kongadmin.lua", str(script))
    (folder / "httpd.conf").write_text(
        APACHE.format(folder=folder)
        + apache_modules()
        + f"Listen 127.0.0.1:{at.front.partition(':')[2]}\n"
        + text
    )
    return ["apache2", "-D", "FOREGROUND", "-f", folder / "httpd.conf"]


def apache_modules() -> str:
    """Return what Debian loads by itself, and what the page says to enable."""
    wanted = "mpm_event authz_core lua proxy proxy_http".split()
    folder = "/usr/lib/apache2/modules"
    return "".join(f"LoadModule {m}_module {folder}/mod_{m}.so\n" for m in wanted)


def traefik(folder: Path, at: Addresses) -> list:
    (folder / "kongadmin.yaml").write_text(at.put_into(block("traefik", "yaml")))
    return [
        programs.BUILT["traefik"],
        f"--entrypoints.web.address={at.front}",
        f"--providers.file.filename={folder}/kongadmin.yaml",
    ]


FRONTS = {
    "nginx": nginx,
    "nginx-lua": lua_nginx,
    "caddy": caddy,
    "haproxy": haproxy,
    "apache": apache,
    "traefik": traefik,
}


HOLDING = {"nginx-holding": holding_nginx, "nginx-lua-holding": holding_lua_nginx}
LUA = NGINX_MODULES / "ngx_http_lua_module.so"
PROGRAMS = {
    "nginx-holding": "nginx",
    "nginx-lua": LUA,
    "nginx-lua-holding": LUA,
    "apache": "apache2",
}


def missing(name: str) -> str | None:
    """Say why a proxy cannot be run, if so."""
    return programs.missing(name, PROGRAMS.get(name))


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that a proxy started by root can read as whoever it becomes."""
    with TemporaryDirectory(prefix="kongadmin-proxy-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def running(command: list, folder: Path, address: str) -> Iterator[str]:
    """Run a proxy in `folder` until `with` ends; yield its URL once it answers."""
    url = f"http://{address}"
    home = {"PATH": programs.PATH, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=home, stdout=log, stderr=log
        )
        try:
            wait_for(process, url, folder / "log")
            yield url
        finally:
            process.terminate()
            process.wait(60)


def wait_for(process: subprocess.Popen, url: str, log: Path) -> None:
    """Return when the proxy knows its routes: no other answers 404 here."""
    while True:
        assert process.poll() is None, log.read_text()
        with suppress(OSError):
            if servers.ask(url, timeout=5).status != 404:
                return
        time.sleep(0.02)
