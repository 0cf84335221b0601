"""YAML and commands: truthful, copyable, and marked where a control would change them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from krate import kinds
from krate_web import intents, manifests

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=30)
    | st.sampled_from(
        ["a\nb", "a: b", "- x", " lead", "trail \n", "\n", "yes", "1e3", "# c", "'", '"', "|", "\x85", "\u2028"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=8), json_values, max_size=4))
def test_yaml_is_the_object(body):
    """What the panel shows reads back as exactly the object, and the lines shown are the text that is copied."""
    import yaml  # noqa: PLC0415

    text = manifests.dump(body)
    assert yaml.safe_load(text) == body
    shown = "\n".join(line.indent + line.key + line.rest for line in manifests.lines(text))
    assert shown.split() == text.split()


def test_yaml_looks_like_kubectl():
    """Keys sorted, texts of several lines as blocks, lists not indented, managedFields left out."""
    body = {
        "kind": "K",
        "apiVersion": "v1",
        "metadata": {"name": "n", "managedFields": [{}]},
        "spec": {"b": "x\ny\n", "a": ["1", 2, True]},
    }
    assert manifests.dump(body) == (
        "apiVersion: v1\nkind: K\nmetadata:\n  name: n\nspec:\n  a:\n  - '1'\n  - 2\n  - true\n  b: |\n    x\n    y\n"
    )


def test_prose_in_a_block_is_no_key():
    """A line of a block of text that holds a colon is not coloured as a key."""
    lines = manifests.lines("spec:\n  body: |-\n    note: this\n\n    more: text\n  title: t\n")
    assert [(line.key, line.rest) for line in lines] == [
        ("spec:", ""),
        ("body:", " |-"),
        ("", "note: this"),
        ("", ""),
        ("", "more: text"),
        ("title:", " t"),
    ]


def test_a_patch_marks_what_it_changes_and_gives_its_commands():
    """The panel of a button shows the stored object with the changed lines marked, and the lines that do the same."""
    current = {"apiVersion": "v1", "kind": "PullRequest", "spec": {"title": "it's", "closed": False}}
    intent = intents.Patch(kinds.PULL_REQUEST, "acme", "web-1", {"spec": {"closed": True, "title": None}})
    shown = manifests.of_intent(intent, current, api_url="https://api:7443")
    assert [line.key + line.rest for line in shown.lines if line.changed] == ["closed: true"]
    assert dict(shown.commands) == {
        "kubectl": """kubectl patch pull/web-1 -n acme --type merge -p '{"spec":{"closed":true,"title":null}}'""",
        "curl": 'curl --cacert "$KRATE_CA" -H "Authorization: Bearer $KRATE_TOKEN" -X PATCH '
        '-H \'Content-Type: application/merge-patch+json\' -d \'{"spec":{"closed":true,"title":null}}\' '
        "https://api:7443/apis/forge.krate.a5c.ai/v1alpha1/namespaces/acme/pullrequests/web-1",
    }


def test_a_hostile_body_stays_inside_its_command():
    """Quotes and here-document words in a body do not end the command that is copied."""
    import shlex  # noqa: PLC0415

    spec = {"body": "'; rm -rf ~ #\nKRATE\nKRATE_\n$(id)"}
    intent = intents.create(kinds.COMMENT, "acme", generate_name="x-", spec=spec)
    text = manifests.kubectl(intent)
    assert text.startswith(
        "kubectl create -f - <<'KRATE__'\n" if "\nKRATE_\n" in text else "kubectl create -f - <<'KRATE'\n"
    )
    end = text.splitlines()[0].rpartition("<<")[2].strip("'")
    assert text.splitlines()[1:].index(end) == len(text.splitlines()) - 2
    assert shlex.split(manifests.curl(intent, "https://api"))[0] == "curl"


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.none() | st.integers() | st.dictionaries(st.sampled_from("xy"), st.none() | st.integers()),
        max_size=3,
    ),
    st.dictionaries(
        st.sampled_from("abc"),
        st.none() | st.integers() | st.dictionaries(st.sampled_from("xy"), st.none() | st.integers()),
        max_size=3,
    ),
)
def test_a_patch_shown_is_the_patch_applied(target, patch):
    """The panel applies a merge patch as the server does."""
    from krate_kube import patches  # noqa: PLC0415

    assert intents.merged(target, patch) == patches.merge(target, patch)
