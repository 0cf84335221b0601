"""Accept headers: which form of an answer a client gets."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

import api_requests
from krate import errors
from krate_api import negotiation
from krate_api.negotiation import Form, Include, Wanted

JSON, YAML = Wanted(), Wanted("application/yaml")
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIALS = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
OLD = {form: form.replace("v1;", "v1beta1;") for form in (TABLE, PARTIAL, PARTIALS)}

# Recorded from kube-apiserver 1.36.3 and a custom resource, clause by clause.
ACCEPTED: dict[str, Wanted] = {
    "": JSON,
    "*": JSON,
    "*/*": JSON,
    "application/*": JSON,
    "application/json": JSON,
    "application/json;charset=utf-8": JSON,
    "application/json;stream=watch": JSON,
    "application/json;stream=": JSON,
    "application/json;sv=v1": JSON,
    "application/json;export=1": JSON,
    "application/json;foo=bar": JSON,
    "application/json;pretty=1": Wanted(pretty=True),
    "application/json;pretty=0": JSON,
    "application/json;as=;v=;g=": JSON,
    "application/json;q=0": JSON,
    "application/json;a=b=c": JSON,
    "application/yaml": YAML,
    "application/yaml, application/json": YAML,
    "application/json, application/yaml": JSON,
    "application/yaml;q=0.5, application/json;q=0.9": JSON,
    "application/yaml;q=0.9, application/json;q=0.5": YAML,
    "application/yaml;q=x, application/json;q=0.5": JSON,
    "application/json; q=x,application/yaml": YAML,
    "application/json;q=1.5,application/yaml": JSON,
    "application/json;q=-1,application/yaml;q=0.1": YAML,
    "application/json;q=1e-3,application/yaml;q=1e-2": YAML,
    "application/json;q=NaN,application/yaml": JSON,
    "application/json;q=inf,application/yaml": JSON,
    "*/*, application/yaml": YAML,
    "application/*, application/yaml": YAML,
    "application/*;q=0.9,application/yaml;q=0.1": YAML,
    "application/yaml;q=0.5,application/*;q=0.5": YAML,
    "application/vnd.kubernetes.protobuf, application/json": JSON,
    "application/vnd.kubernetes.protobuf,*/*;q=0.1": JSON,
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": JSON,
    "text/*,application/yaml": YAML,
    ", ,application/yaml,": YAML,
    TABLE: Wanted(form=Form.TABLE),
    TABLE.replace(";", " ; "): Wanted(form=Form.TABLE),
    TABLE.replace("json", "yaml"): Wanted("application/yaml", Form.TABLE),
    "*/*;as=Table;v=v1;g=meta.k8s.io": Wanted(form=Form.TABLE),
    f"{TABLE},application/json": Wanted(form=Form.TABLE),
    f"{TABLE};q=0.5,application/yaml": YAML,
    OLD[TABLE]: Wanted(form=Form.TABLE, version="v1beta1"),
    "application/json;as=Table;v=v2;g=meta.k8s.io,application/json": JSON,
    "application/json;as=Table;v=v1;g=other.k8s.io,application/json": JSON,
    "application/json;as=Table,application/yaml": YAML,
    "application/json;as=Bicycle;v=v1;g=meta.k8s.io,application/yaml": YAML,
    "application/yaml;stream=watch,application/json": JSON,
}


@pytest.mark.parametrize("accept", ACCEPTED, ids=repr)
def test_accepted(accept: str) -> None:
    """The first clause that is served decides: by quality, but named types before wildcards, equals as written."""
    request = api_requests.get("/", accept=accept)
    found = [negotiation.negotiate(request, collection=collection) for collection in (True, False)]
    assert found == [ACCEPTED[accept]] * 2


REFUSED = (
    "text/html",
    "application/json-patch+json",
    "APPLICATION/JSON",
    "application/json/x",
    "json",
    "*/json",
    "application/cbor",
    "application/vnd.kubernetes.protobuf",
    "application/x-yaml",
    "application/json;stream=foo",
    "application/json;sv=1",
    "application/json;as=Table",
    "application/json;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadata;v=v1;g=other",
    'application/json;as="Table";v=v1;g=meta.k8s.io',
    "application/json;AS=Table;v=v1;g=meta.k8s.io",
    "application/yaml;stream=watch",
    TABLE[:-1],
)


@pytest.mark.parametrize("accept", REFUSED)
def test_refused(accept: str) -> None:
    """Nothing that is served among the clauses: 406, and what is."""
    with pytest.raises(errors.NotAcceptable) as caught:
        negotiation.negotiate(api_requests.get("/", accept=accept), collection=True)
    want = "only the following media types are accepted: application/json, application/yaml"
    assert caught.value.message == want


@dataclass(frozen=True)
class Misfit:
    """A form that makes nothing of an answer, and where it makes something."""

    name: str
    accept: str
    collection: bool
    watching: bool
    message: str = ""
    wanted: Wanted = JSON


LISTED = "a list (*unstructured.UnstructuredList)"
NO_LIST = "PartialObjectMetadataList, but the requested object is not a list (*unstructured.Unstructured)"
MISFITS = (
    Misfit("metadata of a list", PARTIAL, True, False, f"PartialObjectMetadata, but the requested object is {LISTED}"),
    Misfit("list of an object", PARTIALS, False, False, NO_LIST),
    Misfit("list of events", PARTIALS, True, True, NO_LIST),
    Misfit("metadata of an object", PARTIAL, False, False, wanted=Wanted(form=Form.METADATA)),
    Misfit("metadata of events", PARTIAL, True, True, wanted=Wanted(form=Form.METADATA)),
    Misfit("metadata of a list as a list", PARTIALS, True, False, wanted=Wanted(form=Form.METADATA_LIST)),
    Misfit("old metadata", OLD[PARTIAL], False, False, wanted=Wanted(form=Form.METADATA, version="v1beta1")),
)  # fmt: skip


@pytest.mark.parametrize("case", MISFITS, ids=lambda case: case.name)
def test_metadata(case: Misfit) -> None:
    """Metadata of an object is no list and metadata of a list is one; later clauses do not help."""
    request = api_requests.get("/", accept=f"{case.accept},application/json")
    if not case.message:
        found = negotiation.negotiate(request, collection=case.collection, watching=case.watching)
        assert found == case.wanted
        return
    with pytest.raises(errors.NotAcceptable) as caught:
        negotiation.negotiate(request, collection=case.collection, watching=case.watching)
    assert caught.value.message == f"you requested {case.message}"


def test_watches_are_no_yaml() -> None:
    """YAML cannot be streamed in frames: 406 to those who want it most, whatever else they accept."""
    for accept in ("application/yaml", "application/yaml,application/json"):
        with pytest.raises(errors.NotAcceptable) as caught:
            negotiation.negotiate(api_requests.get("/", accept=accept), collection=True, watching=True)
        want = "only the following media types are accepted: application/json;stream=watch"
        assert caught.value.message == want


INCLUDED = {"": Include.METADATA, "Metadata": Include.METADATA, "Object": Include.OBJECT, "None": Include.NONE}


@pytest.mark.parametrize("asked", INCLUDED, ids=repr)
def test_included_objects(asked: str) -> None:
    """Rows of a Table carry what is asked for."""
    request = api_requests.get(f"/?includeObject={asked}", accept=TABLE)
    want = Wanted(form=Form.TABLE, include=INCLUDED[asked])
    assert negotiation.negotiate(request, collection=True) == want


@pytest.mark.parametrize("asked", ["Foo", "none", "metadata"])
def test_included_objects_that_are_none(asked: str) -> None:
    """Rows of a Table cannot carry anything else: 400; without a Table nobody looks."""
    target = f"/?includeObject={asked}"
    with pytest.raises(errors.BadRequest) as caught:
        negotiation.negotiate(api_requests.get(target, accept=TABLE), collection=True)
    assert caught.value.message == (
        f'Unable to convert to Table as requested: includeObject: Invalid value: "{asked}": '
        "must be 'Metadata', 'Object', 'None', or empty"
    )
    assert negotiation.negotiate(api_requests.get(target), collection=True) == JSON


READERS = {
    ("", "curl/8.5"): True,
    ("", "Wget/1.21"): True,
    ("", "Mozilla/5.0 (X11)"): True,
    ("", "Mozilla/4.0"): False,
    ("", "Curl/8"): False,
    ("", "kubectl/v1.36.3"): False,
    ("?pretty=true", "kubectl"): True,
    ("?pretty=1", "kubectl"): True,
    ("?pretty=T", "kubectl"): True,
    ("?pretty=tRUE", "curl"): False,
    ("?pretty=yes", "curl"): False,
    ("?pretty=false", "curl"): False,
    ("?pretty=0", "curl"): False,
    ("?pretty", "curl"): True,
    ("?pretty=", "curl"): True,
    ("?pretty=", "kubectl"): False,
}


@pytest.mark.parametrize(("query", "agent"), READERS, ids=str)
def test_readable_answers(query: str, agent: str) -> None:
    """People get indented JSON: the query decides, without it the client; a watch is never indented."""
    request = api_requests.get(f"/{query}", user_agent=agent)
    pretty = READERS[query, agent]
    assert negotiation.negotiate(request, collection=True) == Wanted(pretty=pretty)
    assert negotiation.negotiate(request, collection=True, watching=True) == JSON
    assert negotiation.of_status(request) == Wanted(pretty=pretty)


STATUSES = {
    "": JSON,
    "application/yaml": YAML,
    "application/json;pretty=1": Wanted(pretty=True),
    "text/html": Wanted(pretty=True),
    TABLE: Wanted(pretty=True),
    f"{TABLE},application/json": JSON,
    f"{TABLE},application/yaml": YAML,
    "application/json;sv=v1": Wanted(pretty=True),
    "application/json;stream=watch": JSON,
}


@pytest.mark.parametrize("accept", STATUSES, ids=repr)
def test_statuses(accept: str) -> None:
    """A Status is never transformed; who accepts nothing that is left gets indented JSON."""
    assert negotiation.of_status(api_requests.get("/", accept=accept)) == STATUSES[accept]


def test_many_clauses() -> None:
    """A header of thousands of clauses, rising in quality, is sorted all the same."""
    accept = ",".join(f"a/b;q=0.{number:05}" for number in range(6000)) + ",application/yaml;q=0.9"
    assert negotiation.negotiate(api_requests.get("/", accept=accept), collection=True) == YAML


PIECES = st.sampled_from(["application/", "json", "yaml", "*", "/", ";", "as=", "Table", "q=", "0.5", "nan", "inf", ",",
                          " ", "g=meta.k8s.io", "v=v1", "=", '"', "1e999", "-1"])  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_header_is_answered(accept: str) -> None:
    """Whatever the header, there is a known form or a 406."""
    try:
        found = negotiation.negotiate(api_requests.get("/", accept=accept), collection=True)
    except errors.NotAcceptable:
        return
    assert found.media in {"application/json", "application/yaml"}
