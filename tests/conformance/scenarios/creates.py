"""Create: shapes, validation, names, dry runs."""

from conformance.definitions import VERSION, meta, pull
from conformance.recording import Session


def plain(s: Session) -> None:
    s.post("ok", s.pulls, pull())
    s.post("exists", s.pulls, pull())
    s.get("get", f"{s.pulls}/a")
    s.get("missing", f"{s.pulls}/missing")
    s.post(
        "everything the server sets is ignored",
        s.pulls,
        meta(
            {**pull("b"), "status": {"phase": "x"}},
            uid="1",
            generation=7,
            creationTimestamp="2001-01-01T00:00:00Z",
            selfLink="/x",
            deletionTimestamp="2001-01-01T00:00:00Z",
            deletionGracePeriodSeconds=5,
        ),
    )
    s.post(
        "labels, annotations, finalizers",
        s.pulls,
        meta(
            pull("c"),
            labels={"l": "1"},
            annotations={"a": "1"},
            finalizers=["e.com/f"],
        ),
    )
    s.post("null members", s.pulls, {**pull("d"), "metadata": {"name": "d", "labels": None, "annotations": None}})


def values(s: Session) -> None:
    s.post("three problems", s.pulls, pull("b", title="x" * 21, n=0, state="foo"))
    s.post("one problem", s.pulls, pull("b", n=0))
    s.post("wrong type", s.pulls, pull("b", title=1))
    s.post("wrong types", s.pulls, pull("b", title=[], n="1", reviewers={}, tags=[1]))
    s.post("float for an integer", s.pulls, pull("b", n=1.5))
    s.post("whole float for an integer", s.pulls, pull("whole", n=2.0))
    s.post("no spec", s.pulls, {"apiVersion": VERSION, "kind": "Pull", "metadata": {"name": "b"}})
    s.post("empty spec", s.pulls, {"apiVersion": VERSION, "kind": "Pull", "metadata": {"name": "b"}, "spec": {}})
    s.post("spec is a list", s.pulls, {"apiVersion": VERSION, "kind": "Pull", "metadata": {"name": "b"}, "spec": []})
    s.post("null title", s.pulls, pull("b", title=None))
    s.post("null state", s.pulls, pull("nullstate", state=None))
    s.post("reviewer without a name", s.pulls, pull("b", reviewers=[{"ok": True}]))
    s.post("reviewer twice", s.pulls, pull("b", reviewers=[{"name": "x"}, {"name": "x"}]))
    s.post("tag twice", s.pulls, pull("b", tags=["x", "x"]))
    s.post("many problems", s.pulls, pull("b", title=1, n=0, state=2, tags=[1, 2], reviewers=[1, {"name": 2}]))


def fields(s: Session) -> None:
    unknown = pull("u", bogus=1, reviewers=[{"name": "x", "zz": 1}])
    for validation in ("Strict", "Warn", "Ignore", "", "Foo"):
        s.post(
            f"unknown, {validation or 'default'}",
            s.pulls,
            meta(unknown, name=f"u{validation.lower()}"),
            query={"fieldValidation": validation},
        )
    twice = (
        b'{"apiVersion":"ref.example.com/v1","kind":"Pull","metadata":{"name":"%s"},"spec":{"title":"a","title":"b"}}'
    )
    s.post("duplicate, Strict", s.pulls, twice % b"d1", query={"fieldValidation": "Strict"})
    s.post("duplicate, default", s.pulls, twice % b"d2")
    s.post(
        "unknown at the top and in metadata",
        s.pulls,
        {**meta(pull("v"), nope=1), "top": 1},
        query={"fieldValidation": "Strict"},
    )
    s.post("the same, default", s.pulls, {**meta(pull("w"), nope=1), "top": 1})
    s.post(
        "unknown and duplicate",
        s.pulls,
        twice.replace(b'"title":"b"', b'"title":"b","x":1') % b"d3",
        query={"fieldValidation": "Strict"},
    )
    s.post("metadata of another type", s.pulls, {**pull(), "metadata": {"name": "m", "labels": {"a": 1}}})
    s.post("metadata is text", s.pulls, {**pull(), "metadata": "x"})
    s.post("name is a number", s.pulls, {**pull(), "metadata": {"name": 1}})


def options(s: Session) -> None:
    s.post("dryRun=Foo", s.pulls, pull("x"), query={"dryRun": "Foo"})
    s.post("dryRun", s.pulls, pull("x"), query={"dryRun": "All"})
    s.get("was not stored", f"{s.pulls}/x")
    s.post("dryRun exists", s.pulls, pull("a"))
    s.post("dryRun of what exists", s.pulls, pull("a"), query={"dryRun": "All"})
    s.post("long field manager", s.pulls, pull("x"), query={"fieldManager": "m" * 129})
    s.post("unprintable field manager", s.pulls, pull("x"), query={"fieldManager": "a\u0000b"})
    s.post("own field manager", s.pulls, pull("x"), query={"fieldManager": "me"})
    s.post("no user agent's manager", s.pulls, pull("y"), headers={"user-agent": ""})
    s.post("pretty", s.pulls, pull("z"), query={"pretty": "true"})
    s.post("unknown parameter", s.pulls, pull("p"), query={"nope": "1"})
    s.post("dryRun twice", s.pulls, pull("q"), query={"dryRun": ["All", "All"]})


def names(s: Session) -> None:
    for name in ("A", "a_b", "-a", "a..b", "", "x" * 254, "a/b", "ä"):
        s.post(f"name {name[:10]!r}", s.pulls, pull(name))
    generated = s.post(
        "generateName, dry", s.pulls, {**pull(), "metadata": {"generateName": "gen-"}}, query={"dryRun": "All"}
    )
    assert generated["metadata"]["name"].startswith("gen-")
    s.post("generateName invalid", s.pulls, {**pull(), "metadata": {"generateName": "Gen_"}})
    s.post("no name at all", s.pulls, {**pull(), "metadata": {}})
    s.post("no metadata", s.pulls, {"apiVersion": VERSION, "kind": "Pull", "spec": {"title": "x"}})
    s.post("label keys and values", s.pulls, meta(pull("l"), labels={"a b": "c", "d": "e f", "x" * 64: "y" * 64}))
    s.post("annotation key", s.pulls, meta(pull("l"), annotations={"a b": "c"}))
    s.post("annotations too large", s.pulls, meta(pull("l"), annotations={"a": "x" * (256 * 1024)}))
    s.post("finalizer", s.pulls, meta(pull("l"), finalizers=["nope"]))
    s.post("finalizer syntax", s.pulls, meta(pull("l"), finalizers=["e.com/a b"]))


def owners(s: Session) -> None:
    ok = {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "u"}
    for label, references in {
        "empty": [{}],
        "no uid": [{**ok, "uid": ""}],
        "two controllers": [{**ok, "controller": True}, {**ok, "uid": "v", "controller": True}],
        "twice": [ok, ok],
        "an event": [{**ok, "kind": "Event"}],
        "unknown member": [{**ok, "x": 1}],
    }.items():
        name = label.replace(" ", "-")
        s.post(label, s.pulls, meta(pull(name), ownerReferences=references))


def addresses(s: Session) -> None:
    s.post("another namespace", s.pulls, meta(pull("n"), namespace="other"))
    s.post("missing namespace", s.pulls.replace(s.namespace, "nope"), pull())
    s.post("another version", s.pulls, {**pull("n"), "apiVersion": "ref.example.com/v2"})
    s.post("no version", s.pulls, {"kind": "Pull", "metadata": {"name": "n"}, "spec": {"title": "x"}})
    s.post("another kind", s.pulls, {**pull("n"), "kind": "Pullx"})
    s.post("no kind", s.pulls, {"apiVersion": VERSION, "metadata": {"name": "n"}, "spec": {"title": "x"}})
    s.post("with a version", s.pulls, meta(pull("n"), resourceVersion="1"))
    s.post("on an item", f"{s.pulls}/n", pull("n"))
    s.post("without a namespace", "/apis/ref.example.com/v1/pulls", pull("n"))
    s.post("unknown resource", s.pulls.replace("pulls", "nopes"), pull())
    s.post("unknown version", s.pulls.replace("/v1/", "/v9/"), pull())


def bodies(s: Session) -> None:
    s.post("malformed", s.pulls, b"{nope")
    s.post("empty", s.pulls, b"")
    s.post("a list", s.pulls, b"[]")
    s.post("a text", s.pulls, b'"x"')
    s.post("null", s.pulls, b"null")
    s.post("yaml as json", s.pulls, b"apiVersion: ref.example.com/v1\nkind: Pull\n")
    text = b"apiVersion: ref.example.com/v1\nkind: Pull\nmetadata: {name: yaml}\nspec: {title: one}\n"
    s.post("yaml", s.pulls, text, media="application/yaml")
    s.post("text/plain", s.pulls, pull(), media="text/plain")
    s.post("no content type", s.pulls, pull("untyped"), media="")
    s.post("with a charset", s.pulls, pull("charset"), media="application/json; charset=utf-8")
    s.post(
        "trailing data",
        s.pulls,
        b'{"apiVersion":"ref.example.com/v1","kind":"Pull","metadata":{"name":"t"},"spec":{"title":"x"}} {}',
    )
    s.post("too large", s.pulls, b" " * (3 * 1024 * 1024 + 1))
    s.post("accepted as html", s.pulls, pull("html"), accept="text/html")
    s.post("accepted as yaml", s.pulls, pull("asyaml"), accept="application/yaml")
    s.post(
        "large number",
        s.pulls,
        b'{"apiVersion":"ref.example.com/v1","kind":"Pull","metadata":{"name":"t"},"spec":{"title":"x","n":12345678901234567890}}',
    )
    s.post(
        "huge number",
        s.pulls,
        b'{"apiVersion":"ref.example.com/v1","kind":"Pull","metadata":{"name":"t"},"spec":{"title":"x","n":1e400}}',
    )
    s.post(
        "NaN",
        s.pulls,
        b'{"apiVersion":"ref.example.com/v1","kind":"Pull","metadata":{"name":"t"},"spec":{"title":"x","n":NaN}}',
    )


SCENARIOS = (plain, values, fields, options, names, owners, addresses, bodies)
