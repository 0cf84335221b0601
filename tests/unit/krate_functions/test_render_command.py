"""`krate render`: the CLI's arguments, exit status and output."""

import asyncio
import base64
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from click.testing import CliRunner, Result
from crossplane.function.proto.v1 import run_function_pb2_grpc as grpcv1

import composites
import factories
from krate_functions import inproc, protocol, runner
from krate_functions.engine import command, documents, render

ROOT = Path(__file__).parents[3]
COMPOSITION = ROOT / "compositions/teams/composition.yaml"
FUNCTIONS = ROOT / "compositions/functions.yaml"
XR: dict[str, Any] = factories.make_team()


def write(path: Path, *objects: Any) -> str:
    path.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return str(path)


def invoke(
    tmp_path: Path, *more: str, xr: Any = XR, composition: Any = None, functions: str = str(FUNCTIONS)
) -> Result:
    first = write(tmp_path / "xr.yaml", xr)
    second = write(tmp_path / "composition.yaml", composition) if composition else str(COMPOSITION)
    return CliRunner().invoke(command.command, [first, second, functions, *more])


def composition(**spec: Any) -> dict[str, Any]:
    found = yaml.safe_load(COMPOSITION.read_text(encoding="utf-8"))
    return {**found, "spec": {**found["spec"], **spec}}


def parsed(found: Result) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(found.stdout))


def test_documents(tmp_path: Path) -> None:
    """The composite comes first, then what it composes by name, each after a line of dashes."""
    found = invoke(tmp_path)
    assert found.stdout.startswith("---\n")
    assert [(doc["kind"], doc["metadata"]["name"]) for doc in parsed(found)] == [
        ("Team", "platform"),
        ("RoleBinding", "krate-team-platform"),
        ("HostedTeam", "platform"),
    ]
    assert "displayName" not in yaml.dump(parsed(found)[0])


def test_full_composite(tmp_path: Path) -> None:
    """-x prints the composite with its own spec and metadata, without the UID that was assumed."""
    xr = {**XR, "metadata": {**XR["metadata"], "labels": {"a": "b"}}}
    first = parsed(invoke(tmp_path, "-x", xr=xr))[0]
    assert (first["metadata"], first["spec"]["members"]) == (xr["metadata"], ["alice", "bob"])
    assert first["spec"]["crossplane"]["resourceRefs"]


def test_results(tmp_path: Path) -> None:
    """-r prints what a reconcile would record, attributed to its step."""
    xr = {**XR, "spec": {"parent": "nobody"}}
    results = [doc for doc in parsed(invoke(tmp_path, "-r", xr=xr)) if doc["kind"] == "Result"]
    assert [(doc["severity"], doc["reason"], doc["message"]) for doc in results] == [
        ("Normal", "SelectComposition", "Successfully selected composition: teams.krate.a5c.ai"),
        (
            "Warning",
            "TeamMissing",
            'Pipeline step "compose": Team nobody does not exist: create it or remove spec.parent',
        ),
        ("Normal", "ComposeResources", 'Composed resource "developers" is not yet ready'),
        ("Normal", "ComposeResources", 'Composed resource "host" is not yet ready'),
    ]


def test_context(tmp_path: Path) -> None:
    """-c prints the last context; values go before files."""
    (tmp_path / "k.yaml").write_text("a: 1", encoding="utf-8")
    more = ["-c", "--context-files", f"k={tmp_path}/k.yaml", "--context-files", f"f={tmp_path}/k.yaml"]
    found = parsed(invoke(tmp_path, *more, "--context-values", "k=[1, x]"))[-1]
    assert found == {
        "apiVersion": "render.crossplane.io/v1beta1",
        "kind": "Context",
        "fields": {"k": [1, "x"], "f": {"a": 1}},
    }


def test_required_and_observed(tmp_path: Path) -> None:
    """Files and folders of required and observed objects reach the function."""
    folder = tmp_path / "required"
    folder.mkdir()
    write(folder / "a.yaml", factories.make_team("docs", spec={"parent": "platform"}))
    write(folder / "b.yml", composites.namespace())
    (folder / "notes.txt").write_text("not: [yaml", encoding="utf-8")
    xr = {**XR, "spec": {"parent": "docs"}, "metadata": {**XR["metadata"], "uid": composites.UID}}
    binding = factories.make_team()
    binding = parsed(invoke(tmp_path, xr=xr))[1]
    observed = write(tmp_path / "observed.yaml", binding)
    first = parsed(invoke(tmp_path, "-e", str(folder), "-o", observed, xr=xr))[0]
    said = {entry["type"]: entry for entry in first["status"]["conditions"]}
    assert said["AccessReady"]["reason"] == "TeamCycle"
    assert said["Ready"]["message"] == "Unready resources: host"


@pytest.mark.parametrize(
    ("changes", "want"),
    [
        ({"xr": {**XR, "kind": "Repository"}}, "composition's compositeTypeRef.kind (Team) does not match XR's kind"),
        ({"xr": {**XR, "apiVersion": "krate.a5c.ai/v2"}}, "composition's compositeTypeRef.apiVersion"),
        ({"xr": {**XR, "metadata": {}}}, "the composite needs metadata.name"),
        ({"xr": ["not an object"]}, "is no object: it needs apiVersion and kind"),
        ({"composition": composition(mode="Resources")}, "must use spec.mode: Pipeline"),
        (
            {"composition": composition(pipeline=[{"step": "s", "functionRef": {"name": "function-x"}}])},
            'unknown function "function-x" - is it listed in the render input?',
        ),
        (
            {"xr": {**XR, "spec": {"crossplane": {"compositionSelector": {"matchLabels": {"a": "b"}}}}}},
            'composition "teams.krate.a5c.ai" is missing required label "a"',
        ),
    ],
    ids=["kind", "version", "no name", "no object", "mode", "function", "selector"],
)
def test_inputs_that_do_not_fit(tmp_path: Path, changes: dict[str, Any], want: str) -> None:
    """What does not fit together is said in upstream's words, with exit status 1 and nothing on stdout."""
    found = invoke(tmp_path, **changes)
    assert (found.exit_code, found.stdout) == (1, "")
    assert want in found.stderr


def test_a_broken_file(tmp_path: Path) -> None:
    """A file that is no YAML is named with the place."""
    (tmp_path / "bad.yaml").write_text("a: [", encoding="utf-8")
    found = CliRunner().invoke(command.command, [str(tmp_path / "bad.yaml"), str(COMPOSITION), str(FUNCTIONS)])
    assert found.exit_code == 1
    assert "bad.yaml is no YAML" in found.stderr


def test_a_definition_of_another_kind(tmp_path: Path) -> None:
    """--xrd must define the composite."""
    found = invoke(tmp_path, "--xrd", str(ROOT / "compositions/repositories/definition.yaml"))
    assert found.exit_code == 1
    assert "the XRD defines krate.a5c.ai Repository, the XR is krate.a5c.ai Team" in found.stderr


def test_fatal(tmp_path: Path) -> None:
    """A fatal result exits 3; the composite says why, and what the function would have said is Unknown."""
    xr = {**XR, "spec": {"members": 3}, "status": {"conditions": [{"type": "HostReady", "status": "True"}]}}
    found = invoke(tmp_path, xr=xr)
    problem = "Team acme/platform is invalid: spec.members: Input should be a valid tuple"
    text = f'cannot compose resources: pipeline step "compose" returned a fatal result: {problem}'
    assert found.exit_code == 3
    assert found.stderr == f"Error: {text}\n"
    (only,) = parsed(found)
    said = {entry["type"]: (entry["status"], entry["reason"]) for entry in only["status"]["conditions"]}
    assert said == {
        "HostReady": ("Unknown", "FatalError"),
        "Responsive": ("True", "WatchCircuitClosed"),
        "Synced": ("False", "ReconcileError"),
    }


def test_wrong_usage(tmp_path: Path) -> None:
    """A pair that is none is wrong usage: exit status 2."""
    assert invoke(tmp_path, "--context-values", "novalue").exit_code == 2


@pytest.mark.parametrize(
    "word", ["a: 1\nb: {}\n", "x", "True", "2024-01-01T00:00:00Z", "1.5", "*", "null", "~", "=", "yes"]
)
def test_text_survives_printing(word: str) -> None:
    """Text that looks like something else is quoted; several lines become a block."""
    text = documents.dump([{"word": word}])
    assert yaml.safe_load(text) == {"word": word}
    assert ("|" in text) == ("\n" in word)


def test_timestamps_stay_text(tmp_path: Path) -> None:
    """A time without quotes is the text that it is in JSON."""
    (tmp_path / "x.yaml").write_text("{apiVersion: v1, kind: X, at: 2024-01-01T00:00:00Z}", encoding="utf-8")
    assert documents.load_one(tmp_path / "x.yaml")["at"] == "2024-01-01T00:00:00Z"


async def test_credentials() -> None:
    """Secrets of the input reach the step that names them, decoded."""
    seen: list[Any] = []

    class Spy:
        async def run(self, name: str, request: protocol.Request) -> protocol.Response:
            seen.append((name, request.credentials))
            return protocol.Response(request.desired)

    source = {"source": "Secret", "name": "token", "secretRef": {"namespace": "ns", "name": "s"}}
    step = {"step": "s", "functionRef": {"name": "f"}, "credentials": [source]}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": "ns", "name": "s"},
        "data": {"a": base64.b64encode(b"1").decode()},
        "stringData": {"b": "2"},
    }
    functions = [{"metadata": {"name": "f"}}]
    inputs = render.Inputs(XR, composition(pipeline=[step]), functions, secrets=[secret])
    await render.render(inputs, Spy())
    assert seen == [("f", {"token": {"a": b"1", "b": b"2"}})]


@pytest.mark.parametrize(
    ("parts", "want"),
    [
        ({"metadata": {"ownerReferences": [{"uid": "other", "controller": True}]}}, "is not controlled by the XR"),
        ({"metadata": {"namespace": "elsewhere"}}, "is not in the same namespace as the XR"),
        ({}, "lacks the annotation"),
    ],
    ids=["another's", "elsewhere", "anonymous"],
)
async def test_observed_objects_must_be_the_composites(parts: dict[str, Any], want: str) -> None:
    """Observed objects of somebody else are refused, as the controller would not see them either."""
    obj = factories.merge(factories.make_config_map(), parts)
    inputs = render.Inputs(XR, composition(), [{"metadata": {"name": inproc.NAME}}], observed=[obj])
    with pytest.raises(render.RenderError, match=want):
        await render.render(inputs, inproc.InProcess())


@pytest.fixture
async def functions_file(tmp_path: Path) -> AsyncIterator[str]:
    """A functions.yaml whose function runs behind gRPC."""
    server = grpc.aio.server()
    grpcv1.add_FunctionRunnerServiceServicer_to_server(runner.FunctionRunner(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    found = documents.load_one(FUNCTIONS)
    found["metadata"]["annotations"]["render.crossplane.io/runtime-development-target"] = f"127.0.0.1:{port}"
    yield write(tmp_path / "functions.yaml", found)
    await server.stop(0)


async def test_both_engines_print_the_same(tmp_path: Path, functions_file: str) -> None:
    """--engine=grpc calls the annotated address and prints what --engine=inproc prints."""
    paths = (write(tmp_path / "xr.yaml", XR), str(COMPOSITION), functions_file)
    program = "from krate_functions.engine.command import command; command()"
    printed = []
    for engine in ("inproc", "grpc"):
        words = [sys.executable, "-c", program, *paths, "-r", "--engine", engine]
        printed.append(await _output(words))
    assert printed[0] == printed[1]


async def _output(words: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


def test_importing_the_engine_is_cheap() -> None:
    """Neither the engine, its loop nor the command loads gRPC or protobuf."""
    program = (
        "import sys, krate_functions.engine.command, krate_functions.engine.loop; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'grpc', 'google', 'crossplane', 'kopf'}))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
