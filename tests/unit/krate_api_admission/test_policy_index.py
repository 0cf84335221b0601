"""The index knows, at every moment, which policies look at a request."""

import threading
from concurrent.futures import ThreadPoolExecutor

import factories
from admission_rooms import Room, request
from krate import kinds
from krate.matching import Target
from krate_api.admission.policies import inputs
from krate_api.admission.policies.index import PolicyIndex

BLANK = factories.make_pull_request(spec={"body": ""})
PULL = inputs.target(request(BLANK))


def names(index: PolicyIndex, target: Target = PULL) -> list[str]:
    return [policy.name for policy in index.looking_at(kinds.VALIDATING_POLICY, target)]


async def test_watch_events_take_effect_at_once():
    """A policy judges with the event that adds it, as the event that changes it says, and not after the last one."""
    room = Room(factories.make_validating_policy("p"))
    assert "say what changes" in await room.message(request(BLANK))
    room.put(factories.make_validating_policy("p", spec={"validations": [{"expression": "true"}]}), "MODIFIED")
    assert await room.message(request(BLANK)) == ""
    room.put(factories.make_validating_policy("p"), "MODIFIED")
    assert "say what changes" in await room.message(request(BLANK))
    room.put(factories.make_validating_policy("p"), "DELETED")
    assert await room.message(request(BLANK)) == ""
    assert room.kyverno.interested(request(BLANK)) is False


def test_lists_replace_what_was_known():
    """After a relist only what the list holds is there; other kinds are left alone."""
    index = PolicyIndex()
    index.apply(kinds.VALIDATING_POLICY, "ADDED", factories.make_validating_policy("old"))
    index.apply(kinds.VALIDATING_ADMISSION_POLICY, "ADDED", factories.make_admission_policy())
    index.replace(kinds.VALIDATING_ADMISSION_POLICY_BINDING, [factories.make_admission_binding()])
    index.replace(kinds.VALIDATING_POLICY, [factories.make_validating_policy(name) for name in ("b", "a")])
    assert names(index) == ["a", "b"]
    assert [policy.name for policy in index.policies(kinds.VALIDATING_ADMISSION_POLICY)] == ["has-body"]
    assert [binding.name for binding in index.bindings("has-body")] == ["everywhere"]
    index.replace(kinds.VALIDATING_ADMISSION_POLICY_BINDING, [])
    assert index.bindings("has-body") == ()


def test_other_events_change_nothing():
    """Bookmarks and events of other kinds are ignored."""
    index = PolicyIndex()
    before = index.revision
    index.apply(kinds.VALIDATING_POLICY, "BOOKMARK", {"metadata": {"resourceVersion": "7"}})
    index.apply(kinds.CONFIG_MAP, "ADDED", factories.make_config_map())
    index.replace(kinds.CONFIG_MAP, [factories.make_config_map()])
    assert (names(index), index.revision) == ([], before)


def test_expressions_are_compiled_lazily_and_once():
    """Nothing is compiled before a request needs it, and a status update does not compile again."""
    index = PolicyIndex()
    policy = factories.make_validating_policy("p")
    index.apply(kinds.VALIDATING_POLICY, "ADDED", policy)
    (known,) = index.policies(kinds.VALIDATING_POLICY)
    assert known._expressions is None
    compiled = known.expressions
    index.apply(kinds.VALIDATING_POLICY, "MODIFIED", {**policy, "status": {"conditionStatus": {"ready": True}}})
    (same,) = index.policies(kinds.VALIDATING_POLICY)
    assert same.expressions is compiled
    assert same.item["status"] == {"conditionStatus": {"ready": True}}
    index.apply(
        kinds.VALIDATING_POLICY, "MODIFIED", factories.make_validating_policy("p", spec={"failurePolicy": "Ignore"})
    )
    (changed,) = index.policies(kinds.VALIDATING_POLICY)
    assert changed.expressions is not compiled
    assert changed.fails_closed is False


def test_rules_decide_for_each_resource_and_name():
    """Answers are kept for a shape of request, but names and namespaces are asked each time."""
    index = PolicyIndex()
    named = {"resourceRules": [{**factories.PULL_REQUEST_RULE, "resourceNames": ["web-1"]}]}
    index.apply(
        kinds.VALIDATING_POLICY, "ADDED", factories.make_validating_policy("named", spec={"matchConstraints": named})
    )
    index.apply(kinds.VALIDATING_POLICY, "ADDED", factories.make_validating_policy("all"))
    asked = {
        "web-1": names(index, inputs.target(request(factories.make_pull_request("web-1")))),
        "web-2": names(index, inputs.target(request(factories.make_pull_request("web-2")))),
        "unnamed": names(index, inputs.target(request(BLANK, name=""))),
        "review": names(index, inputs.target(request(factories.make_review(), kind=kinds.REVIEW))),
        "merge": names(index, inputs.target(request(BLANK, subresource="merge"))),
    }
    assert asked == {
        "web-1": ["all", "named"],
        "web-2": ["all"],
        "unnamed": ["all", "named"],
        "review": [],
        "merge": [],
    }


def test_threads_may_read_while_one_task_writes():
    """Readers always see either the state before a change or the one after it."""
    index = PolicyIndex()
    index.replace(kinds.VALIDATING_POLICY, [factories.make_validating_policy(name) for name in ("a", "b")])
    wrong: list[list[str]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = names(index)
            if found not in (["a", "b"], ["a", "b", "c"]):
                wrong.append(found)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(read)
        for _ in range(150):
            index.apply(kinds.VALIDATING_POLICY, "ADDED", factories.make_validating_policy("c"))
            index.apply(kinds.VALIDATING_POLICY, "DELETED", factories.make_validating_policy("c"))
        done.set()
    assert wrong == []
    assert names(index) == ["a", "b"]
