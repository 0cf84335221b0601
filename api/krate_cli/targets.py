"""Which kind a word on the command line means: `pulls`, `pull`, `pullrequest`, `pullrequests.forge.krate.a5c.ai`."""

import click

from krate.kinds import KINDS, Kind


def resolve(word: str) -> Kind:
    """The kind of a word, case aside.

    Raises:
        ClickException: there is none.
    """
    wanted = word.lower()
    for kind in KINDS:
        spellings = {kind.plural, kind.singular, *kind.short_names, kind.resource, f"{kind.singular}.{kind.group}"}
        if wanted in spellings:
            return kind
    raise click.ClickException(f'the server doesn\'t have a resource type "{word}"')


def split(arguments: tuple[str, ...]) -> list[tuple[Kind, str]]:
    """`pull web-1 web-2` and `pull/web-1 repo/web` as kinds and names; a kind alone has the name ""."""
    if not arguments:
        raise click.ClickException("name a kind, such as: krate get pullrequests")
    if "/" in arguments[0]:
        found: list[tuple[Kind, str]] = []
        for argument in arguments:
            word, slash, name = argument.partition("/")
            if not slash or not name:
                raise click.ClickException(f'arguments in resource/name form must all be so: "{argument}"')
            found.append((resolve(word), name))
        return found
    kinds = [resolve(word) for word in arguments[0].split(",")]
    names = arguments[1:]
    return [(kind, name) for kind in kinds for name in names] if names else [(kind, "") for kind in kinds]
