"""Get and list: versions, pages, selectors, forms."""

from conformance.definitions import meta, pull
from conformance.recording import Session

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


LABELS = (
    "l=1",
    "l==1",
    "l!=1",
    "l in (1,2)",
    "l notin (1,2)",
    "l",
    "!l",
    "l>2",
    "l<2",
    "l=1,l!=2",
    "",
    "a b c",
    "l in",
    "l in ()",
    "=1",
    "l=a b",
    "l>x",
    "l=" + "x" * 64,
    "a/b/c=1",
    "!",
    "l in (1",
    ",",
    "l=",
    "l in (,1)",
)
FIELDS = (
    "spec.state=open",
    "spec.state==open",
    "spec.state!=open",
    "metadata.name=p1",
    "metadata.namespace!=x",
    "spec.title=x",
    "x",
    "metadata.name=p1,spec.state=open",
    "spec.state=a\\,b",
    "spec.state=a,",
    "=x",
    "metadata.labels=x",
    "spec.state=a\\x",
    "",
)
ACCEPTS = {
    "table": TABLE,
    "partial": PARTIAL,
    "partial list": PARTIAL_LIST,
    "yaml": "application/yaml",
    "html": "text/html",
    "anything": "*/*",
    "any application": "application/*",
    "any text": "text/*",
    "none": "",
    "protobuf first": "application/vnd.kubernetes.protobuf, application/json",
    "protobuf only": "application/vnd.kubernetes.protobuf",
    "cbor": "application/cbor",
    "table or json": f"{TABLE},application/json",
    "old table": "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
    "unknown form": "application/json;as=Nope;v=v1;g=meta.k8s.io",
    "unknown form or json": "application/json;as=Nope;v=v1;g=meta.k8s.io,application/json",
    "watch stream": "application/json;stream=watch",
    "quality": "application/yaml;q=0.5,application/json;q=0.1",
    "table as yaml": TABLE.replace("json", "yaml"),
}


def _five(s: Session) -> list[dict[str, object]]:
    return [
        s.quiet(
            "POST",
            s.pulls,
            meta(pull(f"p{number}", state="closed" if number % 2 else "open"), labels={"l": str(number)}),
        )
        for number in range(5)
    ]


def pages(s: Session) -> None:
    s.get("empty", s.pulls)
    _five(s)
    page = s.get("limit 2", s.pulls, query={"limit": "2"})
    token = page["metadata"]["continue"]
    page = s.get("second page", s.pulls, query={"limit": "2", "continue": token})
    s.get("last page", s.pulls, query={"limit": "2", "continue": page["metadata"]["continue"]})
    s.get("first page again", s.pulls, query={"limit": "2", "continue": token, "resourceVersion": "0"})
    s.get("with a version", s.pulls, query={"limit": "2", "continue": token, "resourceVersion": "5"})
    s.get("with a match", s.pulls, query={"limit": "2", "continue": token, "resourceVersionMatch": "Exact"})
    s.get("bad token", s.pulls, query={"continue": "nope"})
    s.get("bad token as base64", s.pulls, query={"continue": "bm9wZQ"})
    s.get("limit with a selector", s.pulls, query={"limit": "2", "labelSelector": "l"})
    s.get("limit -1", s.pulls, query={"limit": "-1"})
    s.get("limit 0", s.pulls, query={"limit": "0"})
    s.get("limit is a word", s.pulls, query={"limit": "x"})
    s.get("limit is huge", s.pulls, query={"limit": "99999999999999999999"})
    s.get("exactly all", s.pulls, query={"limit": "5"})


def versions(s: Session) -> None:
    made = _five(s)
    second = made[1]["metadata"]["resourceVersion"]
    last = made[-1]["metadata"]["resourceVersion"]
    s.get("exact", s.pulls, query={"resourceVersion": second, "resourceVersionMatch": "Exact"})
    s.get("exact with a limit", s.pulls, query={"resourceVersion": second, "limit": "1"})
    s.get("not older", s.pulls, query={"resourceVersion": last, "resourceVersionMatch": "NotOlderThan"})
    s.get("plain version", s.pulls, query={"resourceVersion": last})
    s.get("zero", s.pulls, query={"resourceVersion": "0"})
    s.get("zero not older", s.pulls, query={"resourceVersion": "0", "resourceVersionMatch": "NotOlderThan"})
    s.get("exact zero", s.pulls, query={"resourceVersion": "0", "resourceVersionMatch": "Exact"})
    s.get("match without version", s.pulls, query={"resourceVersionMatch": "Exact"})
    s.get("unknown match", s.pulls, query={"resourceVersion": "1", "resourceVersionMatch": "Foo"})
    s.get("initial events", s.pulls, query={"sendInitialEvents": "true"})
    s.get("a word", s.pulls, query={"resourceVersion": "x"})
    s.get("negative", s.pulls, query={"resourceVersion": "-1"})
    s.get("future", s.pulls, query={"resourceVersion": "99999999"})
    s.get("exact future", s.pulls, query={"resourceVersion": "99999999", "resourceVersionMatch": "Exact"})
    s.get("get zero", f"{s.pulls}/p1", query={"resourceVersion": "0"})
    s.get("get not older", f"{s.pulls}/p1", query={"resourceVersion": second})
    s.get("get future", f"{s.pulls}/p1", query={"resourceVersion": "99999999"})
    s.get("get a word", f"{s.pulls}/p1", query={"resourceVersion": "x"})


def selectors(s: Session) -> None:
    _five(s)
    for text in LABELS:
        s.get(f"labels {text[:20]!r}", s.pulls, query={"labelSelector": text})
    for text in FIELDS:
        s.get(f"fields {text!r}", s.pulls, query={"fieldSelector": text})
    s.get("everywhere", "/apis/ref.example.com/v1/pulls", query={"fieldSelector": f"metadata.namespace={s.namespace}"})
    s.get("by name", s.pulls, query={"fieldSelector": "metadata.name=nope"})


def forms(s: Session) -> None:
    _five(s)
    one = f"{s.pulls}/p1"
    for label, accept in ACCEPTS.items():
        s.get(f"one, {label}", one, accept=accept)
        s.get(f"list, {label}", s.pulls, accept=accept)
    for include in ("None", "Metadata", "Object", "Foo"):
        s.get(f"table including {include}", s.pulls, accept=TABLE, query={"includeObject": include})
    s.get("table page", s.pulls, accept=TABLE, query={"limit": "2"})
    s.get("partial page", s.pulls, accept=PARTIAL_LIST, query={"limit": "2"})
    s.get("empty table", s.pulls, accept=TABLE, query={"labelSelector": "nope"})
    s.get("pretty", one, query={"pretty": "true"})
    s.get("pretty 0", one, query={"pretty": "0"})
    s.get("browser", one, headers={"user-agent": "Mozilla/5.0"})
    s.ask("head", "HEAD", one)
    s.ask("head of nothing", "HEAD", f"{s.pulls}/nope")
    s.ask("options", "OPTIONS", one)
    s.ask("trace", "TRACE", one)
    s.get("missing as a table", f"{s.pulls}/nope", accept=TABLE)
    s.get("missing as yaml", f"{s.pulls}/nope", accept="application/yaml")


SCENARIOS = (pages, versions, selectors, forms)
