"""A process that plans, waits to be told to go on, and applies.

python declaring.py COUNT [stop]; with "stop" it also waits in the middle of writing.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "kongadmin.settings"


def say(text: str) -> None:
    print(text, flush=True)


def wait() -> None:
    sys.stdin.readline()


def rows(count: int):
    from kongadmin.declarative.document import Ref, Row

    for number in range(count):
        name = f"declared-{number}"
        yield Row("consumers", {"username": name})
        owner = Ref("consumers", name)
        yield Row("keyauth_credentials", {"consumer": owner, "key": f"key of {name}"})


def main(count: int, stops: bool) -> None:
    import django

    django.setup()

    from kongadmin.declarative.applying import Refused, apply
    from kongadmin.declarative.document import Document, Head
    from kongadmin.declarative.plan import make
    from realms.models import ControlPlane

    def halt(progress) -> None:
        if stops and progress.phase == "write":
            say("writing")
            wait()

    plane = ControlPlane.objects.ours().get(name="default")
    plan = make(plane, Document("test", Head(), rows(count)), "apply")
    say("planned")
    wait()
    try:
        say(f"applied {apply(plan, progress=halt).totals['create']}")
    except Refused as refused:
        say(f"refused {refused.problems[0]}")


if __name__ == "__main__":
    main(int(sys.argv[1]), "stop" in sys.argv)
