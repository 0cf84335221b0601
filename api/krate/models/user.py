"""User: a person who can sign in, named as the cluster authenticates them."""

from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, Model, Resource


class UserSpec(Model):
    """Who the user is."""

    username: Annotated[str, Field(min_length=1, max_length=253)]
    """Authenticated user name, unique."""
    display_name: Annotated[str, Field(max_length=100)] = ""
    """Name shown to people."""
    suspended: bool = False
    """A suspended user is refused everywhere."""


class UserStatus(ConditionedStatus):
    """What is known of the user."""

    emails: tuple[str, ...] = ()
    """Addresses that commits may carry; set by the server."""
    groups: tuple[str, ...] = ()
    """Groups the user signs in with in embedded mode; set by the server."""
    last_login_provider: str = ""
    """How the user last signed in; set by the server."""


class User(Resource):
    """A user is a person who can sign in; the name is the one the cluster authenticates."""

    spec: UserSpec
    """Who the user is."""
    status: UserStatus = UserStatus()
    """What is known of the user."""


class PasswordSpec(Model):
    """A new password and the groups to sign in with. Never stored or logged as it stands."""

    password: Annotated[str | None, Field(min_length=8, max_length=1024)] = None
    """The password; absent leaves it as it is."""
    groups: tuple[str, ...] | None = None
    """Groups the user signs in with; absent leaves them as they are."""


class UserPassword(Resource):
    """Body of the `password` subresource."""

    spec: PasswordSpec = PasswordSpec()
    """The new password and groups."""


class TokenSpec(Model):
    """What kind of token."""

    expiration_seconds: Annotated[int, Field(ge=60, le=86400)] = 3600
    """Lifetime in seconds."""


class TokenStatus(Model):
    """The token."""

    token: str = ""
    """Bearer token of the API, and password of git over HTTP."""
    expiration_timestamp: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it stops working."""


class UserToken(Resource):
    """Body and answer of the `token` subresource."""

    spec: TokenSpec = TokenSpec()
    """What kind of token."""
    status: TokenStatus = TokenStatus()
    """The token."""


class SigninStatus(Model):
    """The one-time link."""

    url: str = ""
    """Opens a session, once, from this machine."""
    expiration_timestamp: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it stops working."""


class UserSignin(Resource):
    """Body and answer of the `signin` subresource."""

    status: SigninStatus = SigninStatus()
    """The one-time link."""
