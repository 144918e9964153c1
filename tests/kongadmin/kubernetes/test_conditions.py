"""What an object tells, and since when."""

from kongadmin.dialects.kubernetes import conditions
from kongadmin.dialects.kubernetes.conditions import Condition, Refusal

EARLIER, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
PLANE, GROUPS = (
    conditions.invalid(name, "wrong")
    for name in ("ControlPlaneRefValid", "KongConsumerGroupRefsValid")
)


def test_all_being_well_an_object_is_programmed() -> None:
    told = conditions.programmed([conditions.valid("ControlPlaneRefValid")])

    assert told == Condition("Programmed", "True", "Programmed", "")


def test_one_wrong_condition_is_enough_not_to_be_programmed() -> None:
    told = conditions.programmed([PLANE])

    assert told.reason == "ConditionWithStatusFalseExists"
    assert told.message == "Some conditions have status set to False"


def test_groups_that_cannot_be_joined_have_a_reason_of_their_own() -> None:
    told = conditions.programmed([GROUPS])

    assert told.reason == "FailedToAttachConsumerToConsumerGroup"


def test_without_a_control_plane_groups_are_not_what_failed() -> None:
    told = conditions.programmed([PLANE, GROUPS])

    assert told.reason == "ConditionWithStatusFalseExists"


def test_what_the_gateway_refused_says_why() -> None:
    told = conditions.programmed([], Refusal("FailedToCreate", "because"))

    assert told == Condition("Programmed", "False", "FailedToCreate", "because")


def test_since_when_stays_while_the_status_does() -> None:
    before = conditions.merged([], [conditions.programmed([])], 1, EARLIER)

    same = conditions.merged(before, [conditions.programmed([])], 2, NOW)
    other = conditions.merged(before, [conditions.programmed([PLANE])], 2, NOW)

    assert same == [before[0] | {"observedGeneration": 2}]
    assert other[0]["lastTransitionTime"] == NOW


def test_a_condition_that_is_not_told_any_more_is_gone() -> None:
    before = conditions.merged([], [conditions.programmed([]), PLANE], 1, EARLIER)

    after = conditions.merged(before, [conditions.programmed([])], 2, NOW)

    assert [one["type"] for one in after] == ["Programmed"]
