"""Where a kind lives on the server: the URL paths and parameters of the Kubernetes API."""

from urllib.parse import quote

from krate.kinds import Kind


def collection(kind: Kind, namespace: str = "") -> str:
    """Path of the objects of `kind`, in one namespace or in all of them."""
    inside = f"/namespaces/{quote(namespace, safe='')}" if namespace and kind.namespaced else ""
    return f"{kind.base_path}{inside}/{kind.plural}"


def item(kind: Kind, name: str, *, namespace: str = "", subresource: str = "") -> str:
    """Path of one object, or of one of its subresources.

    Raises:
        ValueError: the name is empty (the path would be the collection's), or a namespaced kind lacks its namespace.
    """
    if not name:
        raise ValueError(f"the name of a {kind.name} is empty")
    if kind.namespaced and not namespace:
        raise ValueError(f"a {kind.name} lives in a namespace; none is given for {name!r}")
    below = f"/{subresource}" if subresource else ""
    return f"{collection(kind, namespace)}/{quote(name, safe='')}{below}"


def write_options(*, dry_run: bool = False, field_manager: str = "", field_validation: str = "") -> dict[str, str]:
    """Query parameters of a write; absent ones are left out."""
    given = {
        "dryRun": "All" if dry_run else "",
        "fieldManager": field_manager,
        "fieldValidation": field_validation,
    }
    return {name: value for name, value in given.items() if value}
