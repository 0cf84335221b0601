"""The validating half of admission: every validator in its order, outside any lock, deny by raising."""

from collections.abc import Sequence

from krate import errors
from krate_api.admission.interface import Request, Review, Validator


class Chain:
    """Validators in the order they run."""

    def __init__(self, validators: Sequence[Validator]) -> None:
        self._validators = tuple(validators)

    def interested(self, request: Request) -> bool:
        """Whether a policy might look at the request's name, so that it must be predicted first."""
        return any(validator.interested(request) for validator in self._validators)

    async def validate(self, request: Request, review: Review) -> None:
        """Raise the first denial."""
        for validator in self._validators:
            if validator.interested(request):
                try:
                    await validator.validate(request, review)
                except errors.StatusError as denial:
                    denial.denied = not isinstance(denial, errors.NotFound)
                    raise
