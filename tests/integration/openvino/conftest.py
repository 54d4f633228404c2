"""Tests of the runtime OpenVINO, skipped together if there are no wheels of it, or of ncnn, to compare it with."""

from importlib.util import find_spec

from missing import do_without

for package in ("ncnn", "openvino"):
    if find_spec(package) is None:
        do_without(f"{package} isn't installed, for want of wheels for this machine")
