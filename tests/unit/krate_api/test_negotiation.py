"""Accept headers: which form of an answer a client gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import api_requests
from krate import errors
from krate_api import negotiation
from krate_api.negotiation import Form, Wanted

JSON, YAML = Wanted(), Wanted("application/yaml")
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIALS = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

ACCEPTED: dict[str, Wanted] = {
    "": JSON,
    "*/*": JSON,
    "application/*": JSON,
    "application/json": JSON,
    "APPLICATION/JSON": JSON,
    "application/json;charset=utf-8": JSON,
    "application/yaml": YAML,
    "application/yaml, application/json": YAML,
    "application/json, application/yaml": JSON,
    "application/yaml;q=0.5, application/json;q=0.9": JSON,
    "application/yaml;q=0.9, application/json;q=0.5": YAML,
    "application/yaml;q=x, application/json;q=0.5": YAML,
    "*/*, application/yaml": YAML,
    "application/*, application/yaml": YAML,
    "application/vnd.kubernetes.protobuf, application/json": JSON,
    "application/vnd.kubernetes.protobuf,*/*;q=0.1": JSON,
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": JSON,
    ", ,application/yaml,": YAML,
    TABLE: Wanted(form=Form.TABLE),
    TABLE.replace(";", " ; "): Wanted(form=Form.TABLE),
    TABLE.replace("json", "yaml"): Wanted("application/yaml", Form.TABLE),
    f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json": Wanted(form=Form.TABLE),
    "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json": JSON,
    "application/json;as=Table;v=v1;g=other.k8s.io,application/json": JSON,
    "application/json;as=Table,application/yaml": YAML,
    "application/json;as=Bicycle;v=v1;g=meta.k8s.io,application/yaml": YAML,
    PARTIAL: Wanted(form=Form.METADATA),
    PARTIALS: Wanted(form=Form.METADATA_LIST),
}


@pytest.mark.parametrize("accept", ACCEPTED, ids=repr)
def test_of_a_collection(accept: str) -> None:
    """The most wanted clause that is known decides; equals in the order written, named types before wildcards."""
    request = api_requests.get("/", accept=accept)
    assert negotiation.negotiate(request, collection=True) == ACCEPTED[accept]


@pytest.mark.parametrize("accept", [accept for accept in ACCEPTED if accept != PARTIALS], ids=repr)
def test_of_an_object(accept: str) -> None:
    """One object comes in the same forms."""
    request = api_requests.get("/", accept=accept)
    assert negotiation.negotiate(request, collection=False) == ACCEPTED[accept]


REFUSED = (
    "text/html",
    "application/json-patch+json",
    "application/json;as=Table",
    "json",
    "application/cbor",
    TABLE[:-1],
)


@pytest.mark.parametrize("accept", REFUSED)
def test_refused(accept: str) -> None:
    """Nothing known among the clauses: 406."""
    with pytest.raises(errors.NotAcceptable):
        negotiation.negotiate(api_requests.get("/", accept=accept), collection=True)


def test_list_of_metadata_is_no_object() -> None:
    """A PartialObjectMetadataList is never one object; the next clause is tried."""
    with pytest.raises(errors.NotAcceptable):
        negotiation.negotiate(api_requests.get("/", accept=PARTIALS), collection=False)
    request = api_requests.get("/", accept=f"{PARTIALS},{PARTIAL}")
    assert negotiation.negotiate(request, collection=False) == Wanted(form=Form.METADATA)


def test_watches_are_no_yaml() -> None:
    """YAML cannot be streamed in frames: the next clause, or 406."""
    request = api_requests.get("/", accept="application/yaml,application/json")
    assert negotiation.negotiate(request, collection=True, watching=True) == JSON
    with pytest.raises(errors.NotAcceptable):
        negotiation.negotiate(api_requests.get("/", accept="application/yaml"), collection=True, watching=True)


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
