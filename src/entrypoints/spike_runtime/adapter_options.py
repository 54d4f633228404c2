"""Options of adapters: settings that an adapter declares itself, and Spike validates.

A factory declares them by the annotation of its keyword `options`, an attrs class. They come from the table
`[spike.adapters.<name>]` of the settings file, from variables `SPIKE_ADAPTER_<NAME>_<OPTION>`, and for an adapter that
is chosen by a URL from the URL's query; the later ones take precedence.
"""

import difflib
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import attrs
import typed_settings
from attrs import field, frozen

from spike_core.domain.errors import InvalidInput
from spike_runtime.plugins import installed_names
from spike_runtime.settings import ADAPTER_PREFIX, Settings, WrongSettings

_NOT_IN_NAMES: Final = re.compile(r"[^A-Z0-9]+")


@frozen(kw_only=True)
class AdapterOptions:
    """The options of all adapters, as the operator wrote them."""

    tables: Mapping[str, Mapping[str, Any]] = field(factory=dict, repr=False)  # by adapter
    variables: Mapping[str, str] = field(factory=dict, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "AdapterOptions":
        """Return the options in the settings.

        Raises:
            WrongSettings: a table or a variable belongs to no installed adapter.
        """
        options = cls(tables=settings.adapters, variables=settings.adapter_variables)
        options._check_names()
        return options

    def arguments(self, open_: Callable[..., Any], name: str) -> Mapping[str, Any]:
        """Return the argument `options` for the factory of an adapter; none if it doesn't declare any.

        Raises:
            WrongSettings: an option is unknown, missing or invalid.
        """
        return self._arguments(open_, name, query={})

    def arguments_and_url(self, open_: Callable[..., Any], name: str, url: str) -> tuple[Mapping[str, Any], str]:
        """Do so for an adapter that is chosen by a URL, whose query has options too; return the URL without them.

        An adapter that declares no options parses the query itself.

        Raises:
            WrongSettings: as in `arguments`.
        """
        if _declared(open_, name) is None:
            return self._arguments(open_, name, query={}), url
        before, _, fragment = url.partition("#")
        bare, _, text = before.partition("?")
        query = parse_qsl(text, keep_blank_values=True)
        if len(dict(query)) != len(query):
            raise WrongSettings(f"the URL of the adapter {name!r} has an option twice")
        return self._arguments(open_, name, query=dict(query)), f"{bare}#{fragment}" if fragment else bare

    def _arguments(self, open_: Callable[..., Any], name: str, *, query: Mapping[str, str]) -> Mapping[str, Any]:
        declared = _declared(open_, name)
        given = {**self._table(name), **self._variables(name, declared), **query}
        if declared is None:
            if given:
                raise WrongSettings(f"the adapter {name!r} has no options, but {min(given)} is set")
            return {}
        known = _types(declared)
        for option in given:
            if option not in known:
                raise WrongSettings(f"the adapter {name!r} has no option {option!r}{_hint(option, list(known))}")
        return {"options": _built(declared, given, name=name)}

    def _table(self, name: str) -> Mapping[str, Any]:
        return self.tables.get(name, {})

    def _variables(self, name: str, declared: type | None) -> Mapping[str, str]:
        """Return the options of this adapter that variables set, by name."""
        prefix = _variable(name)
        longer = [other for each in installed_names() if (other := _variable(each)) != prefix]
        mine = {
            variable: value
            for variable, value in self.variables.items()
            if variable.startswith(prefix)
            and not any(variable.startswith(other) for other in longer if other.startswith(prefix))
        }
        options = {prefix + option.upper(): option for option in (_types(declared) if declared else ())}
        for variable in mine:
            if declared is not None and variable not in options:
                raise WrongSettings(
                    f"{variable} isn't an option of the adapter {name!r}{_hint(variable, list(options))}"
                )
        return {options.get(variable, variable): value for variable, value in mine.items()}

    def _check_names(self) -> None:
        names = installed_names()
        for name in self.tables:
            if name not in names:
                raise WrongSettings(f"[spike.adapters.{name}]: no such adapter is installed{_hint(name, names)}")
        prefixes = [_variable(name) for name in names]
        for variable in self.variables:
            if not any(variable.startswith(prefix) for prefix in prefixes):
                raise WrongSettings(f"{variable} isn't an option of any installed adapter")


def _variable(name: str) -> str:
    """Return how the variables of an adapter begin."""
    return f"{ADAPTER_PREFIX}{_NOT_IN_NAMES.sub('_', name.upper())}_"


def _declared(open_: Callable[..., Any], name: str) -> type | None:
    """Return the class of a factory's options, or `None` if it has none."""
    try:
        parameter = inspect.signature(open_, eval_str=True).parameters.get("options")
    except (NameError, TypeError, ValueError) as error:
        raise WrongSettings(f"the options of the adapter {name!r} can't be found out: {error}") from error
    if parameter is None:
        return None
    if not (isinstance(parameter.annotation, type) and attrs.has(parameter.annotation)):
        raise WrongSettings(f"the adapter {name!r} must annotate its options with an attrs class")
    return parameter.annotation


def _types(declared: type) -> Mapping[str, Any]:
    """Return the type of each option, by the name of its argument."""
    hints = typing.get_type_hints(declared)
    return {each.alias: hints.get(each.name, Any) for each in attrs.fields(declared) if each.init}


def _built(declared: type, given: Mapping[str, Any], *, name: str) -> object:
    converter = typed_settings.default_converter()
    values: dict[str, Any] = {}
    types = _types(declared)
    for option, value in given.items():
        try:
            values[option] = converter.structure(value, types[option])
        except Exception as error:  # which errors a converter raises is not documented
            raise WrongSettings(
                f"the option {option} of the adapter {name!r} is invalid: {_without(error, value)}"
            ) from error
    needed = [each.alias for each in attrs.fields(declared) if each.init and each.default is attrs.NOTHING]
    if missing := [option for option in needed if option not in values]:
        where = f"{_variable(name)}{missing[0].upper()}"
        raise WrongSettings(f"the adapter {name!r} needs the option {missing[0]}: set {where}")
    try:
        return declared(**values)
    except (ValueError, TypeError, InvalidInput) as error:
        reason = _without(error, *values.values())
        raise WrongSettings(f"an option of the adapter {name!r} is invalid: {reason}") from error


def _without(error: Exception, *values: object) -> str:
    """Return what an error says, without the values of options, which may be secrets, and without attrs' own."""
    text = str(error.args[0] if error.args else error)  # attrs' validators give attribute and value, too
    for value in values:
        if not isinstance(value, bool | int | float) and (hidden := str(value)):
            text = text.replace(repr(value), "***").replace(hidden, "***")
    return text


def _hint(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there is {', '.join(sorted(known)) or 'none'}"
