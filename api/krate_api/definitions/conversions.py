"""What a definition must say about conversion between its versions (AX/pkg/apis/apiextensions/validation)."""

import base64
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from krate import names
from krate.errors import Cause
from krate_api.schemas.causes import forbidden, invalid, one_of, required

NONE: Final = "None"
WEBHOOK: Final = "Webhook"
_REVIEWS: Final = ("v1", "v1beta1")
_FORM: Final = "; desired format: https://host[/path]"
_MAX_PORT: Final = 65535


def problems(
    conversion: Mapping[str, Any], path: str, before: Mapping[str, Any] | None, *, established: bool
) -> list[Cause]:
    """What is wrong with a conversion in its internal form.

    Args:
        conversion: strategy, webhookClientConfig and conversionReviewVersions.
        path: where it stands.
        before: the whole spec as it was, when this is an update.
        established: whether the definition is served already; until then its CA bundle may still be filled in.
    """
    found = one_of(f"{path}.strategy", conversion["strategy"], (NONE, WEBHOOK))
    client, reviews = conversion["webhookClientConfig"], conversion["conversionReviewVersions"]
    if conversion["strategy"] == WEBHOOK:
        earlier = (before or {}).get("conversion") or {}
        at = f"{path}.webhookClientConfig"
        if client is None:
            found.append(required(at, "required when strategy is set to Webhook"))
        else:
            found += _client(client, at)
            bundle = client.get("caBundle", "")
            if established and bundle and not _known_invalid(earlier):
                found += _bundle(bundle, f"{at}.caBundle")
        old_reviews = earlier.get("conversionReviewVersions") or []
        recognised = not old_reviews or any(review in _REVIEWS for review in old_reviews)
        return found + _review_versions(reviews, f"{path}.conversionReviewVersions", recognised=recognised)
    why = "should not be set when strategy is not set to Webhook"
    if client is not None:
        found.append(forbidden(f"{path}.webhookClientConfig", why))
    if reviews:
        found.append(forbidden(f"{path}.conversionReviewVersions", why))
    return found


def _client(client: Mapping[str, Any], path: str) -> list[Cause]:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        return [required(path, "exactly one of url or service is required")]
    return _url(url, f"{path}.url") if url is not None else _service(client["service"], f"{path}.service")


def _url(text: str, path: str) -> list[Cause]:
    try:
        url = urlsplit(text)
    except ValueError as error:
        return [required(path, f"url must be a valid URL: {error}{_FORM}")]
    found: list[Cause] = []
    if url.scheme != "https":
        found.append(invalid(path, url.scheme, f"'https' is the only allowed URL scheme{_FORM}"))
    host = url.netloc.rpartition("@")[2]
    if not host:
        found.append(invalid(path, host, f"host must be specified{_FORM}"))
    if "@" in url.netloc:
        found.append(invalid(path, url.netloc.rpartition("@")[0], "user information is not permitted in the URL"))
    if url.fragment:
        found.append(invalid(path, url.fragment, "fragments are not permitted in the URL"))
    if url.query:
        found.append(invalid(path, url.query, "query parameters are not permitted in the URL"))
    return found


def _service(service: Mapping[str, Any], path: str) -> list[Cause]:
    # Upstream hands name and namespace over in the wrong order, and so the one is reported as the other.
    found = [
        required(f"{path}.{told}") for told, word in (("name", "namespace"), ("namespace", "name")) if not service[word]
    ]
    port = service.get("port", 443)
    if not 1 <= port <= _MAX_PORT:
        found.append(invalid(f"{path}.port", port, f"port is not valid: must be between 1 and {_MAX_PORT}, inclusive"))
    return found + _service_path(service.get("path") or "", f"{path}.path")


def _service_path(text: str, path: str) -> list[Cause]:
    if text in {"", "/"}:
        return []
    if text == "//":
        return [invalid(path, text, "segment[0] may not be empty")]
    found = [] if text.startswith("/") else [invalid(path, text, "must start with a '/'")]
    for number, step in enumerate(text[1:].removesuffix("/").split("/")):
        if not step:
            found.append(invalid(path, text, f"segment[{number}] may not be empty"))
        else:
            found += [invalid(path, text, f"segment[{number}]: {one}") for one in names.subdomain_problems(step)]
    return found


def _bundle(encoded: str, path: str) -> list[Cause]:
    try:
        ssl.create_default_context(cadata=base64.b64decode(encoded).decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        return [invalid(path, encoded, "unable to load root certificates: unable to parse bytes as PEM block")]
    return []


def unusable(conversion: Mapping[str, Any]) -> bool:
    """Whether the CA bundle of a conversion, as it is stored, is none."""
    bundle = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("caBundle", "")
    return bool(bundle and _bundle(bundle, ""))


def _known_invalid(conversion: Mapping[str, Any]) -> bool:
    bundle = (conversion.get("webhookClientConfig") or {}).get("caBundle", "")
    return bool(bundle and _bundle(bundle, ""))


def _review_versions(reviews: Sequence[str], path: str, *, recognised: bool) -> list[Cause]:
    if not reviews:
        return [required(path)]
    found: list[Cause] = []
    for number, review in enumerate(reviews):
        if review in reviews[:number]:
            found.append(invalid(f"{path}[{number}]", review, "duplicate version"))
        else:
            found += [invalid(f"{path}[{number}]", review, one) for one in names.service_label_problems(review)]
    if recognised and not any(review in _REVIEWS for review in reviews):
        found.append(invalid(path, list(reviews), f"must include at least one of {', '.join(_REVIEWS)}"))
    return found
