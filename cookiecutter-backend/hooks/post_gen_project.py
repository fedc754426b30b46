"""Removes what belongs to the other kinds of plugins."""

import json
from pathlib import Path

ANSWERS = json.loads({{cookiecutter | tojson | tojson}})
SOURCES = Path("src", ANSWERS["__package"])

FILES = {
    "backend": [SOURCES / "backend.py", SOURCES / "settings.py", Path("tests/test_backend.py")],
    "matcher": [SOURCES / "matcher.py", Path("tests/test_matcher.py")],
    "aggregator": [SOURCES / "aggregator.py", Path("tests/test_aggregator.py")],
    "scheduler": [SOURCES / "scheduler.py", Path("tests/test_scheduler.py")],
}

for kind, files in FILES.items():
    for file in files:
        if kind != ANSWERS["kind"]:
            file.unlink()
