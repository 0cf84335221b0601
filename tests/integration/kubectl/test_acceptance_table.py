"""The acceptance table: every verb of stock kubectl that people use, against four kinds of three servers' worth."""

import yaml

from kubectl_world import Subject, World


def value(world: World, subject: Subject, name: str) -> str:
    """The field that tests change, as kubectl reads it."""
    return world.kubectl("get", subject.resource, name, *subject.where, "-o", f"jsonpath={{{subject.field}}}")


def test_apply_twice(world: World, subject: Subject):
    """The first apply creates; the second says `unchanged`, and the generation agrees."""
    name = world.new_name()
    said = [world.kubectl("apply", "-f", "-", stdin=subject.make(name)) for _ in range(2)]
    assert said == [f"{subject.resource}/{name} created", f"{subject.resource}/{name} unchanged"]
    assert world.get(subject, name)["metadata"].get("generation", 1) == 1


def test_apply_a_change(world: World, subject: Subject):
    """A changed file is applied by a three-way merge."""
    name = world.new_name()
    body = subject.make(name)
    world.kubectl("apply", "-f", "-", stdin=body)
    changed = yaml.safe_load(yaml.safe_dump(body).replace(subject.before, subject.after))
    assert world.kubectl("apply", "-f", "-", stdin=changed) == f"{subject.resource}/{name} configured"
    assert value(world, subject, name) == subject.after


def test_create(world: World, subject: Subject):
    """Created once; the second time it exists already."""
    name = world.new_name()
    assert world.kubectl("create", "-f", "-", stdin=subject.make(name)) == f"{subject.resource}/{name} created"
    assert "(AlreadyExists)" in world.kubectl("create", "-f", "-", stdin=subject.make(name), wrong=True)


def test_get_table(world: World, subject: Subject):
    """The server's columns, and the object's row in them."""
    name = world.created(subject)
    target = (subject.resource, name, *subject.where)
    world.kubectl("wait", f"--for={subject.wait}", *target, "--timeout=30s")
    header, row = world.kubectl("get", *target).splitlines()
    shown = [column.name.upper() for column in subject.kind.columns if not column.priority]
    assert header.split() == " ".join(["NAME", *shown]).split()
    title, expected = subject.column
    assert row.split()[0] == name
    assert row[header.index(title) :].split()[0] == expected.format(name=name)


def test_get_yaml(world: World, subject: Subject):
    """YAML holds what was sent, and metadata of the server."""
    name = world.created(subject)
    found = yaml.safe_load(world.kubectl("get", subject.resource, name, *subject.where, "-o", "yaml"))
    sent = subject.make(name)
    part = "spec" if "spec" in sent else "data"
    assert {key: found[part][key] for key in sent[part]} == sent[part]
    assert {"uid", "resourceVersion", "creationTimestamp"} <= set(found["metadata"])


def test_get_watch(world: World, subject: Subject):
    """A watch shows a change when it happens."""
    name = world.created(subject)
    path = '{.metadata.labels.step}{"\\n"}'
    with world.watching("get", subject.resource, name, *subject.where, "-w", "-o", f"jsonpath={path}") as lines:
        assert lines.readline() == "\n"
        world.kubectl("label", subject.resource, name, *subject.where, "step=one")
        assert "one\n" in lines


def test_describe(world: World, subject: Subject):
    """The object in words, its field included."""
    name = world.created(subject)
    text = world.kubectl("describe", subject.resource, name, *subject.where)
    assert text.splitlines()[0].split() == ["Name:", name]
    assert subject.before in text


def test_explain(world: World, subject: Subject):
    """The schema, from the server's OpenAPI documents, with descriptions."""
    text = world.kubectl("explain", f"{subject.kind.plural}.{subject.explained[0]}")
    assert f"KIND:       {subject.kind.name}" in text
    assert subject.explained[1] in text
    assert f"{subject.kind.name}" in world.kubectl("explain", subject.kind.plural, "--recursive")


def test_edit(world: World, subject: Subject):
    """What the editor saved is sent as a patch; an editor that saves nothing changes nothing."""
    name = world.created(subject)
    editor = f"sed -i 's/{subject.before}/{subject.after}/'"
    edited = world.kubectl("edit", subject.resource, name, *subject.where, editor=editor)
    assert edited == f"{subject.resource}/{name} edited"
    assert value(world, subject, name) == subject.after
    world.kubectl("edit", subject.resource, name, *subject.where, editor="true")
    assert value(world, subject, name) == subject.after


def test_label(world: World, subject: Subject):
    """A label is set, selected by, refused when it is taken, and removed."""
    name = world.created(subject)
    target = (subject.resource, name, *subject.where)
    assert world.kubectl("label", *target, f"who={name}") == f"{subject.resource}/{name} labeled"
    found = world.kubectl("get", subject.resource, *subject.where, "-l", f"who={name}", "-o", "name")
    assert found == f"{subject.resource}/{name}"
    assert "--overwrite is false" in world.kubectl("label", *target, "who=else", wrong=True)
    assert world.kubectl("label", *target, "who-") == f"{subject.resource}/{name} unlabeled"


def test_patch_merge(world: World, subject: Subject):
    """A merge patch changes one field."""
    name = world.created(subject)
    target = (subject.resource, name, *subject.where)
    done = world.kubectl("patch", *target, "--type=merge", "-p", subject.merge_patch())
    assert done == f"{subject.resource}/{name} patched"
    assert value(world, subject, name) == subject.after


def test_patch_json(world: World, subject: Subject):
    """A JSON patch tests and replaces; a test that fails changes nothing."""
    name = world.created(subject)
    target = (subject.resource, name, *subject.where)
    done = world.kubectl("patch", *target, "--type=json", "-p", subject.json_patch())
    assert done == f"{subject.resource}/{name} patched"
    assert "The request is invalid" in world.kubectl(
        "patch", *target, "--type=json", "-p", subject.json_patch(), wrong=True
    )
    assert value(world, subject, name) == subject.after


def test_wait(world: World, subject: Subject):
    """Waiting ends when the condition holds."""
    name = world.created(subject)
    done = world.kubectl("wait", f"--for={subject.wait}", subject.resource, name, *subject.where, "--timeout=30s")
    assert done == f"{subject.resource}/{name} condition met"


def test_delete(world: World, subject: Subject):
    """Deleted, waited for, gone; a second time it is not found."""
    name = world.created(subject)
    target = (subject.resource, name, *subject.where)
    done = world.kubectl("delete", *target, "--timeout=30s")
    assert done.startswith(f'{subject.resource} "{name}" deleted')
    assert world.kubectl("get", *target, wrong=True) == (
        f'Error from server (NotFound): {subject.kind.resource} "{name}" not found'
    )
    assert world.kubectl("delete", *target, "--ignore-not-found") == ""


def test_api_resources(world: World, subject: Subject):
    """Discovery lists the kind with its short names, scope and verbs."""
    lines = world.kubectl("api-resources", f"--api-group={subject.kind.group}", "--no-headers", "-o", "wide")
    (row,) = [line.split() for line in lines.splitlines() if line.split()[0] == subject.kind.plural]
    short = list(filter(None, [",".join(subject.kind.short_names)]))
    assert row[: len(short) + 4] == [
        subject.kind.plural,
        *short,
        subject.kind.api_version,
        str(subject.kind.namespaced).lower(),
        subject.kind.name,
    ]
    verbs = "create,delete,deletecollection,get,list,patch,update,watch"
    assert set(verbs.split(",")) <= set(row[len(short) + 4].split(","))


def test_auth_can_i(world: World, subject: Subject):
    """The administrator may delete anything; alice, who was granted none of that, may not."""
    asked = ("auth", "can-i", "delete", subject.kind.resource, *subject.where)
    # kubectl adds a warning when a cluster-scoped kind is asked for from a context with a namespace.
    assert world.kubectl(*asked).splitlines()[0] == "yes"
    assert world.kubectl(*asked, kubeconfig=world.alice, wrong=True).splitlines()[0] == "no"
