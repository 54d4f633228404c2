"""Tests of the neural engine, skipped together if there are no wheels of its runtime and networks."""

from importlib.util import find_spec

from missing import do_without

if find_spec("ncnn") is None:
    do_without("the neural engine's runtime isn't installed, for want of wheels for this machine")
