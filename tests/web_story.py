"""One organisation in the middle of a working day: what the pages of tests and screenshots show."""

from datetime import timedelta

import factories
import web_conversations
import web_history
import web_pulls
import web_rules
from web_git import Repository
from web_world import NOW, World


def story() -> World:
    """The whole organisation."""
    world = World()
    git = web_history.web_repository()
    world.repositories[("acme", "web")] = git
    api = Repository()
    api.commit("main", "Orders", {"README.md": "# api\n"}, author="bob", at=NOW - timedelta(hours=20))
    world.repositories[("acme", "api")] = api
    world.store.seed(
        factories.make_organization(
            spec={"displayName": "Acme", "owners": [{"kind": "User", "name": "olivia"}]},
            status={
                "namespace": "acme",
                "conditions": [web_rules.condition("NamespaceReady", "True", "NamespaceActive")],
            },
        ),
        factories.make_team("platform", spec={"members": ["alice", "bob"]}),
        factories.make_team("net", spec={"members": ["carol"]}),
    )
    web_rules.seed_repositories(world)
    web_pulls.seed_pulls(world, git)
    web_conversations.seed_conversation(world, git.branches["keys"])
    web_rules.seed_policies(world)
    web_rules.seed_activity(world)
    return world
