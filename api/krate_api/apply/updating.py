"""Three-way ownership: who owns what after an object was written or applied (SMD/merge/update.go)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from krate_api.apply import merging, removing, values
from krate_api.apply.comparing import Comparison, compare
from krate_api.apply.elements import Path
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.fieldsof import fields_of
from krate_api.apply.reconciling import reconcile
from krate_api.apply.typed import Typed


@dataclass(frozen=True, slots=True)
class Owned:
    """What an owner owns, at a version."""

    fields: FieldSet
    version: str
    applied: bool = False


Owners = Mapping[str, Owned]
"""By identity (`managedfields.identity`)."""


class NoSuchVersion(Exception):
    """The objects of this kind do not exist at that version any more."""


Convert = Callable[[Typed, str], Typed]
"""An object at another version; raises `NoSuchVersion`."""


class Conflicts(Exception):
    """Fields whose values would change are owned by others."""

    def __init__(self, found: Mapping[str, FieldSet]) -> None:
        super().__init__(f"conflicts with {', '.join(found)}")
        self.found = dict(sorted(found.items()))

    def pairs(self) -> Iterator[tuple[str, Path]]:
        """Owner and field of every conflict."""
        for owner, fields in self.found.items():
            for path in fields:
                yield owner, path


@dataclass(frozen=True, slots=True)
class Updater:
    """The rules for one kind.

    Args:
        convert: between its versions.
        reset: version -> fields that nobody owns through this endpoint.
    """

    convert: Convert
    reset: Mapping[str, FieldSet] = field(default_factory=dict[str, FieldSet])

    def update(self, live: Typed, new: Typed, owners: Owners, owner: str) -> dict[str, Owned]:
        """The owners after `owner` replaced `live` by `new`.

        Raises:
            TypeMismatch: an object does not fit its type at some version.
        """
        owners, compared = self._shift(live, new, self._reconciled(live, owners), owner, force=True)
        before = owners[owner].fields if owner in owners else FieldSet()
        fields = before.difference(compared.removed).union(compared.modified).union(compared.added)
        return _with(owners, owner, Owned(self._kept(fields, new.version), new.version))

    def apply(
        self, live: Typed, config: Typed, owners: Owners, owner: str, *, force: bool
    ) -> tuple[Typed | None, dict[str, Owned]]:
        """The object after `owner` applied `config`, None when nothing changed; and the owners.

        Raises:
            Conflicts: others own what would change.
            TypeMismatch: an object does not fit its type at some version.
        """
        known = self._reconciled(live, owners)
        merged = merging.merge(live, config)
        last = known.get(owner)
        known[owner] = Owned(self._kept(fields_of(config), config.version), config.version, applied=True)
        new = self._pruned(merged, known, owner, last)
        known, _ = self._shift(live, new, known, owner, force=force)
        return (None if values.same(live.value, new.value) else new), known

    def _kept(self, fields: FieldSet, version: str) -> FieldSet:
        ignored = self.reset.get(version)
        return fields.without(ignored) if ignored else fields

    def _at(self, typed: Typed, version: str) -> Typed | None:
        """`typed` at `version`; None where there is none."""
        try:
            return self.convert(typed, version)
        except NoSuchVersion:
            return None

    def _reconciled(self, live: Typed, owners: Owners) -> dict[str, Owned]:
        found: dict[str, Owned] = {}
        for owner, owned in owners.items():
            if (there := self._at(live, owned.version)) is not None:
                found[owner] = replace(owned, fields=reconcile(owned.fields, there.type))
        return found

    def _shift(
        self, live: Typed, new: Typed, owners: Owners, writer: str, *, force: bool
    ) -> tuple[dict[str, Owned], Comparison]:
        """Take from all others what the writer changed; and what changed, at the writer's version.

        Raises:
            Conflicts: it would be taken from somebody, and not by force.
        """
        compared = compare(live, new).without(self.reset.get(new.version))
        versions = {new.version: compared}
        found, conflicts = dict(owners), dict[str, FieldSet]()
        for owner, owned in owners.items():
            if owner == writer:
                continue
            if owned.version not in versions:
                before, after = self._at(live, owned.version), self._at(new, owned.version)
                if before is None or after is None:
                    del found[owner]
                    continue
                versions[owned.version] = compare(before, after).without(self.reset.get(owned.version))
            there = versions[owned.version]
            if lost := owned.fields.intersection(there.modified.union(there.added)):
                conflicts[owner] = lost
            rest = owned.fields.difference(lost).difference(there.removed)
            found[owner] = replace(owned, fields=rest)
        if conflicts and not force:
            raise Conflicts(conflicts)
        return {owner: owned for owner, owned in found.items() if owned.fields}, compared

    def _pruned(self, merged: Typed, owners: Owners, owner: str, last: Owned | None) -> Typed:
        """`merged` without what `owner` applied before, does not apply any more, and nobody else owns."""
        mine = owners[owner]
        if last is None or (mine.version == last.version and not last.fields.difference(mine.fields)):
            return merged  # Nothing was given up.
        there = self._at(merged, last.version)
        if there is None:
            return merged
        pruned = removing.remove(there, last.fields.named(there.type))
        pruned = self._with_owned(there, pruned, last.version, owners)
        pruned = self._with_dangling(there, pruned, last)
        return self.convert(pruned, mine.version)

    def _with_owned(self, merged: Typed, pruned: Typed, version: str, owners: Owners) -> Typed:
        """`pruned` with what somebody owns put back."""
        managed: dict[str, FieldSet] = {}
        for owned in sorted(owners.values(), key=lambda owned: owned.version != version):  # Conversion may need those.
            managed[owned.version] = managed.get(owned.version, FieldSet()).union(owned.fields)
        for at, fields in managed.items():
            whole, part = self._at(merged, at), self._at(pruned, at)
            if whole is None or part is None:
                continue
            wanted = fields_of(part).named(part.type).union(fields.named(whole.type))
            merged, pruned = whole, removing.remove(whole, fields_of(whole).named(whole.type).difference(wanted))
        return pruned

    def _with_dangling(self, merged: Typed, pruned: Typed, last: Owned) -> Typed:
        """`pruned` with what was never this owner's put back: it only stood inside of something that was."""
        there = self._at(pruned, last.version)
        if there is None:
            return merged
        gone = fields_of(merged).named(merged.type).difference(fields_of(there).named(there.type))
        return removing.remove(merged, gone.intersection(last.fields.named(merged.type)))


def _with(owners: Owners, owner: str, owned: Owned) -> dict[str, Owned]:
    """The owners with this entry; without it when it owns nothing."""
    found = dict(owners)
    found.pop(owner, None)
    return found | {owner: owned} if owned.fields else found
