"""The index of OpenAPI version 3 while kinds come."""

import datetime
import json

import api_requests
from krate_api import main
from krate_api.openapi.serving import OpenAPI
from krate_api.resources import Catalog

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC)
PATH = "/openapi/v3"


async def test_an_index_of_the_same_second_is_another() -> None:
    """A client that asks by time, as kubectl's cache does, gets an index that was made within the second of its own."""
    first, *others = main.catalog().resources
    catalog = Catalog([first])
    documents = OpenAPI(catalog, lambda: NOW)
    before = await documents.respond(api_requests.get(PATH))
    assert before is not None
    held = dict(before.headers)["last-modified"]
    catalog.serve(others)
    after = await documents.respond(api_requests.get(PATH, if_modified_since=held))
    assert after is not None
    assert after.status == 200
    assert len(json.loads(after.body)["paths"]) > len(json.loads(before.body)["paths"])
    again = await documents.respond(api_requests.get(PATH, if_modified_since=dict(after.headers)["last-modified"]))
    assert again is not None
    assert again.status == 304
