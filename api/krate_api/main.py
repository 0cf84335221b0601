"""Builds the API server of embedded mode: the only module of this package that knows all the others.

Two steps, because the Git host needs the API's sink and gatekeeper, and the API needs the Git host's reads: `open_core`
first, then `build` with the host.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from krate.clock import Clock, system
from krate.kinds import EVENT, KINDS, NAMED_EVENT, SECRET
from krate_api import activity
from krate_api.admission.chain import Chain
from krate_api.admission.guards import Guards
from krate_api.admission.interface import Validator
from krate_api.admission.namespaces import NamespaceLifecycle
from krate_api.authn.authenticator import Authenticator
from krate_api.authn.certificates import Authority, write_private
from krate_api.authn.identities import Identities
from krate_api.authn.tokens import TokenKeys
from krate_api.authz.authorizer import RbacAuthorizer
from krate_api.authz.escalation import EscalationCheck
from krate_api.bootstrap import seed
from krate_api.definitions import composites
from krate_api.definitions.registrar import Registrar
from krate_api.denials import Denials
from krate_api.discovery.serving import Discovery
from krate_api.events import CoreEventResource, EventResource
from krate_api.forge.activities import Projector
from krate_api.forge.facts import Finders
from krate_api.forge.merges import Service
from krate_api.forge.pushes import StorePushSink
from krate_api.forge.queries import Queries
from krate_api.forge.source import Source
from krate_api.gatekeeper import ApiGatekeeper
from krate_api.maintenance import Compactor
from krate_api.metrics import Metrics
from krate_api.openapi.serving import OpenAPI
from krate_api.registry.lanes import Lane
from krate_api.registry.writing import Kit
from krate_api.resources import Catalog, Resource
from krate_api.routes.access_reviews import AccessReviews
from krate_api.routes.creators import Creators
from krate_api.routes.identity_reviews import IdentityReviews
from krate_api.routes.objects import Objects
from krate_api.routes.plain import Plain
from krate_api.server import Parts, Server
from krate_api.settings import Settings
from krate_api.store.changelog import Feeds
from krate_api.store.interface import Store, Unavailable, log_topic
from krate_api.store.keyring import Keyring
from krate_api.store.sqlite import open_sealed
from krate_api.strategies.interface import Strategy
from krate_api.strategies.table import strategies
from krate_api.subresources.contents import Archives, Contents
from krate_api.subresources.interface import Handlers
from krate_api.subresources.namespaces import Namespaces
from krate_api.subresources.pullrequests import PullRequests
from krate_api.subresources.serviceaccounts import ServiceAccounts
from krate_api.subresources.users import Users
from krate_git.interface import GitMerging, GitReading

START: Final = 2
"""Where resources stand that were never written: so version 1 is too old, as in every cluster that has begun."""


@dataclass(frozen=True, slots=True)
class Core:
    """What exists before the Git host does."""

    settings: Settings
    clock: Clock
    catalog: Catalog
    store: Store
    feeds: Feeds
    authority: Authority
    identities: Identities
    authenticator: Authenticator
    authorizer: RbacAuthorizer
    gatekeeper: ApiGatekeeper
    sink: StorePushSink


async def open_core(settings: Settings, clock: Clock = system) -> Core:
    """Open the store and everything that needs nothing else.

    Raises:
        ForeignDatabase: the database is not ours.
        KeysUnusable: Secrets in it are encrypted with keys that are not there.
        Unavailable: it cannot be opened.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    keyring = Keyring(settings.pki / "secrets.keys", write_private)
    store = open_sealed(settings.database, keyring, frozenset({SECRET.resource}), start=START)
    feeds = Feeds(store)
    authority = Authority(settings.pki, clock)
    identities = Identities(store, TokenKeys(settings.pki / "tokens.key", clock), clock)
    authenticator = Authenticator(identities)
    authorizer = RbacAuthorizer(store, feeds)
    gatekeeper = ApiGatekeeper(authenticator, authorizer)
    sink = StorePushSink(store, clock)
    return Core(
        settings, clock, catalog(), store, feeds, authority, identities, authenticator, authorizer, gatekeeper, sink
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A built server and what must be closed after it."""

    core: Core
    server: Server
    kit: Kit
    plain: Plain
    projector: Projector
    compactor: Compactor
    denials: Denials
    registrar: Registrar
    lane: Lane

    async def close(self) -> None:
        """Stop what runs beside requests, then the store."""
        await self.lane.close()
        await self.registrar.close()
        await self.compactor.close()
        await self.denials.close()
        await self.projector.close()
        await self.core.store.close()


def catalog() -> Catalog:
    """Every kind of the table with its strategy."""
    own = strategies()
    made = {EVENT: CoreEventResource, NAMED_EVENT: EventResource}
    return Catalog(made.get(kind, Resource)(kind, own.get(kind, Strategy())) for kind in KINDS)


def _chain(core: Core, policies: Mapping[str, Validator]) -> Chain:
    """Validators in the order of the design; `policies` come last, between ours and the store."""
    validators: dict[str, Validator] = {
        "NamespaceLifecycle": NamespaceLifecycle(core.store),
        "RBACEscalation": EscalationCheck(core.authorizer),
        "ForgeGuards": Guards(core.authorizer),
        **policies,
    }
    return Chain([one for name, one in validators.items() if name not in core.settings.disabled_admission])


async def build(
    core: Core,
    *,
    git: GitReading,
    merging: GitMerging,
    archives: Archives,
    policies: Mapping[str, Validator],
) -> Running:
    """Build the server over a core and a Git host, write what an installation starts with, and start side tasks.

    Args:
        core: from `open_core`.
        git: reads of the Git host.
        merging: its merge service.
        archives: signs links to archives.
        policies: validators that evaluate policies, by name, in order.
    """
    served = core.catalog
    metrics = Metrics()
    source = Source(core.store, git, core.authorizer, core.clock)
    chain = _chain(core, policies)
    kit = Kit(served, core.store, chain, Finders(source), core.clock)
    lane = Lane()
    registrar = Registrar(kit, core.feeds, lane, ours=(composites.definition(),))
    await registrar.load()
    await core.authorizer.load()
    await seed.seed(kit)
    service = Service(source, merging, core.sink, chain, core.identities)
    handlers: Handlers = {
        **Contents(git, archives).handlers(),
        **PullRequests(source, service).handlers(),
        **Users(core.store, core.identities, core.settings.web_url).handlers(),
        **ServiceAccounts(kit, core.identities).handlers(),
        **Namespaces(kit).handlers(),
    }
    plain = Plain(identities=core.identities, metrics=metrics.registry, clock=core.clock)
    denials = Denials(core.store, served, metrics, core.clock)
    parts = Parts(
        catalog=served,
        authenticator=core.authenticator,
        authorizer=core.authorizer,
        discovery=Discovery(served, core.clock),
        openapi=OpenAPI(served, core.clock),
        objects=Objects(kit, core.feeds, lane),
        creators=Creators(
            AccessReviews(core.authorizer),
            IdentityReviews(core.identities, core.clock),
            Queries(core.store, core.authorizer),
            lane,
            core.clock,
        ),
        plain=plain,
        handlers=handlers,
        denials=denials,
        metrics=metrics,
    )
    return _start(core, kit, parts, registrar, lane)


def _start(core: Core, kit: Kit, parts: Parts, registrar: Registrar, lane: Lane) -> Running:
    plain = parts.plain
    projector = Projector(core.store)
    core.store.listen(log_topic(activity.LOG), projector.wake)
    projector.start()
    compactor = Compactor(core.store, kit.catalog, core.settings, core.clock)
    compactor.start()
    registrar.start()

    async def store_answers() -> str:
        try:
            await core.store.ping()
        except Unavailable as error:
            return str(error)
        return ""

    plain.health.checks["store"] = store_answers
    return Running(core, Server(parts), kit, plain, projector, compactor, parts.denials, registrar, lane)
