"""The command line as decK has it: verbs, flags, and how they are spelled.

Source: `deck gateway VERB --help`, decK 1.55.0.
"""

import argparse
from typing import Any, NoReturn

from kongadmin.dialects.deck.cli_files import Wrong

FILES = ("diff", "sync", "apply", "validate")
PLANS = ("diff", "sync", "apply", "reset")
CHOOSING = ("diff", "sync", "dump", "reset")
VERBS = (*FILES, "dump", "reset", "ping")
SKIPPING = "--skip-consumers-with-consumer-groups"

# Switches, the verbs that have them, and what they do.
SWITCHES: dict[str, tuple[tuple[str, ...], str]] = {
    "--non-zero-exit-code": (("diff",), "exit with 2 if there is a difference"),
    "--silence-events": (PLANS, "print the summary only"),
    "--json-output": (PLANS, "print a report as JSON, secrets masked"),
    "--skip-consumers": (CHOOSING, "leave out consumers, groups and their plugins"),
    SKIPPING: (CHOOSING, "leave out which consumers are in which groups"),
    "--all-workspaces": (("dump", "reset"), "do it to every workspace"),
    "--with-id": (("dump",), "write the ids of all entities"),
    "--skip-defaults": (("dump",), "leave out what is as by default"),
    "--sanitize": (("dump",), "mask secrets"),
    "--placeholders": (("dump",), "write secrets as variables; print them as .env"),
    "--yes": ((*FILES, "dump"), "assume yes to prompts"),
    "--force": (("reset",), "do not ask"),
    "--no-color": (VERBS, "print without colours"),
}
VALUES: dict[str, tuple[tuple[str, ...], str]] = {
    "--state": (FILES, "a state file; - is what comes in"),
    "--select-tag": (CHOOSING, "only what has this tag; several: all of them"),
    "--workspace": (VERBS, "the workspace; it counts more than that of a file"),
    "--online-entities-list": (("validate",), "judge only such entities: Consumers, …"),
    "--output-file": (("dump",), "the file to write; - prints"),
    "--format": (("dump", *FILES), "yaml or json; csv and kubernetes as well"),
    "--column": (FILES, "of a table: HEADING=FIELD, or HEADING= to leave it out"),
}
SHORT = {
    "--state": "-s",
    "--workspace": "-w",
    "--output-file": "-o",
    "--force": "-f",
}
REPEATED = ("--state", "--select-tag", "--column", "--online-entities-list")
# What decK has and what makes no difference here.
POINTLESS_SWITCHES = (
    *("--consumer-group-policy-overrides", "--no-mask-deck-env-vars-value"),
    *("--rbac-resources-only", "--skip-ca-certificates", "--skip-workspace-crud"),
    *("--skip-hash-for-basic-auth", "--konnect-compatibility", "--analytics"),
    "--tls-skip-verify",
)
POINTLESS_VALUES = (
    *("--parallelism", "--db-update-propagation-delay"),
    *("--ca-cert", "--ca-cert-file", "--config", "--headers", "--timeout"),
    *("--kong-cookie-jar-path", "--tls-client-cert", "--tls-client-cert-file"),
    *("--tls-client-key", "--tls-client-key-file", "--tls-server-name", "--verbose"),
)
ELSEWHERE = "--kong-addr"
# What --online-entities-list may name; of some there is nothing here.
ENTITIES = {
    "ACLGroups": "acls",
    "BasicAuths": "basicauth_credentials",
    "CACertificates": "",
    "Certificates": "",
    "Consumers": "consumers",
    "Documents": "",
    "FilterChains": "",
    "HMACAuths": "hmacauth_credentials",
    "JWTAuths": "jwt_secrets",
    "KeyAuths": "keyauth_credentials",
    "Oauth2Creds": "oauth2_credentials",
    "Partials": "",
    "Plugins": "plugins",
    "RBACEndpointPermissions": "",
    "RBACRoles": "",
    "Routes": "",
    "SNIs": "",
    "Services": "",
    "Targets": "",
    "Upstreams": "",
    "Vaults": "",
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are decK's."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            raise Wrong(f"unknown flag: {unknown.split()[0]}")
        raise Wrong(message)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return what the arguments say; `verb` is None if there is none."""
    words = [word for word in arguments if word != "gateway"]
    verb = next((word for word in words if word in VERBS), None)
    if verb is None:
        return argparse.Namespace(verb=None)
    words.remove(verb)
    found = parser_of(verb).parse_intermixed_args(list(spelled(words)))
    found.verb = verb
    found.select_tag = tags_in(getattr(found, "select_tag", []))
    found.online = kinds_in(tags_in(getattr(found, "online_entities_list", [])))
    if getattr(found, "files", None) and verb not in FILES:
        text = "positional arguments are not valid for this command"
        raise Wrong(f"{text}, please use flags instead")
    return found


def parser_of(verb: str) -> Parser:
    parser = Parser(prog=f"manage.py deck {verb}", allow_abbrev=False)
    parser.add_argument("files", nargs="*", metavar="FILE")
    for flag, (verbs, help) in SWITCHES.items():
        if verb in verbs:
            names = [flag, *filter(None, [SHORT.get(flag)])]
            parser.add_argument(*names, action="store_true", help=help)
    for flag, (verbs, help) in VALUES.items():
        if verb in verbs:
            names = [flag, *filter(None, [SHORT.get(flag)])]
            repeated: dict[str, Any] = {"action": "append", "default": []}
            more = repeated if flag in REPEATED else {"default": ""}
            parser.add_argument(*names, help=help, **more)
    for flag in POINTLESS_SWITCHES:
        parser.add_argument(flag, action="store_true", help=argparse.SUPPRESS)
    for flag in (*POINTLESS_VALUES, ELSEWHERE):
        parser.add_argument(flag, default="", help=argparse.SUPPRESS)
    return parser


def spelled(words: list[str]) -> list[str]:
    """Return the words with --switch=true said as --switch, and =false not at all."""
    found = []
    for word in words:
        flag, _, value = word.partition("=")
        if flag not in SWITCHES and flag not in POINTLESS_SWITCHES:
            found.append(word)
        elif value.lower() not in ("false", "f", "0"):
            found.append(flag)
    return found


def kinds_in(names: tuple[str, ...]) -> frozenset[str]:
    """Return the kinds that decK calls so; Wrong, in its words, for others."""
    for name in names:
        if name not in ENTITIES:
            raise Wrong(
                f"invalid value '{name}' for --online-entities-list; it should be a "
                "valid Kong entity (case-sensitive). Valid entities: "
                f"[{' '.join(ENTITIES)}]"
            )
    return frozenset(ENTITIES[name] for name in names)


def tags_in(given: list[str]) -> tuple[str, ...]:
    return tuple(tag for text in given for tag in text.split(",") if tag)
