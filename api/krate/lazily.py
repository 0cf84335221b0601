"""Attributes that are computed when they are first asked for.

`functools.cached_property` of Python 3.11 holds one lock for all objects of a class while it computes: a thread that
compiles a large schema would stop the event loop at the next small one. (3.12 dropped the lock.)
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class lazy(Generic[T_co]):  # noqa: N801 - a decorator, as `property` is
    """A property that is computed once; two threads that ask at the same time may both compute it."""

    def __init__(self, compute: Callable[[Any], T_co]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owner: None, _: type) -> "lazy[T_co]": ...
    @overload
    def __get__(self, owner: object, _: type) -> T_co: ...
    def __get__(self, owner: object | None, _: type) -> "T_co | lazy[T_co]":
        if owner is None:
            return self
        found = self._compute(owner)
        vars(owner)[self._name] = found
        return found
