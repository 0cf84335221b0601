"""What a browser sent."""

import pytest

from krate import errors
from krate_web.forms import MAX_FIELDS, Form, parse


def test_forms_are_decoded():
    """Line ends become line feeds, blanks are kept in texts and dropped in lines, unknown fields are empty."""
    form = parse(b"body=a%0D%0Ab+&title=+x+&empty=")
    assert (form["body"], form.line("title"), form["empty"], form["missing"]) == ("a\nb ", "x", "", "")
    assert Form({"preview": "1"}).preview


@pytest.mark.parametrize(
    "body",
    [b"a=%ff", "a=é".encode(), b"&".join(b"a=1" for _ in range(MAX_FIELDS + 1))],
    ids=["no UTF-8", "not ASCII", "too many"],
)
def test_forms_that_cannot_be_read(body):
    """Bytes that no form of ours would send are refused."""
    with pytest.raises(errors.BadRequest):
        parse(body)
