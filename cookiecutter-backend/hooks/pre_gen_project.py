"""Checks the answers before anything is generated: each that cannot be is a line that says why; the exit code is 1."""

import json
import keyword
import re
import sys

ANSWERS = json.loads({{cookiecutter | tojson | tojson}})

LONGEST = 40
LONGEST_TEXT = 200
NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
DISTRIBUTION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

BUNDLED = {
    "backend": ["console", "slack", "webhook"],
    "matcher": ["cluster_pattern", "labels", "matchers", "metric_name", "node_id", "severity"],
    "aggregator": ["grouping", "none", "window"],
    "scheduler": ["levels"],
}
"""What comes with tocsin: of two plugins that want a name, one is refused."""

YAML_WORDS = ["false", "n", "no", "null", "off", "on", "true", "y", "yes"]
"""What YAML takes for something else than a string."""

NEEDED = [
    *("anyio", "attr", "attrs", "cattr", "cattrs", "certifi", "click", "h11", "httpcore", "httpx", "idna"),
    *("importlib-metadata", "iniconfig", "markdown-it", "markdown-it-py", "mdurl", "outcome", "packaging", "pip"),
    *("pluggy", "py", "pygments", "pytest", "pyyaml", "rich", "sniffio", "sortedcontainers", "trio", "yaml", "zipp"),
    *("typing-extensions", "google-re2", "orjson", "psutil", "re2", "uvloop"),
    *("hatchling", "mypy", "ruff", "setuptools", "wheel"),
    *("conftest", "src", "test", "tests", "tocsin", "tocsin-plugins"),
]
"""What tocsin and the tests are made of, which a package of the same name would stand before."""

OURS = [
    *("tocsin-apprise", "tocsin-discord", "tocsin-email", "tocsin-exec", "tocsin-file", "tocsin-jinja", "tocsin-mpreg"),
    *("tocsin-opsgenie", "tocsin-pagerduty", "tocsin-prometheus", "tocsin-server", "tocsin-slack-app", "tocsin-teams"),
    "tocsin-telegram",
]
"""The distributions that tocsin itself has, or is to have."""

DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
"""What Windows takes for a device, and for no folder."""


def name_problem(name, kind):
    """Say why a plugin cannot be called so; empty if it can."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        return f"is to be lower-case letters and digits, joined by - or _, a letter first, at most {LONGEST} characters"
    if name in YAML_WORDS:
        return "is no string where it stands in YAML; take another one"
    if name in BUNDLED[kind]:
        return f"is a {kind} that comes with tocsin; take another name"
    return ""


def distribution_problem(distribution):
    """Say why a distribution and its package cannot be called so; empty if they can."""
    if not DISTRIBUTION.fullmatch(distribution) or len(distribution) > LONGEST:
        return f"is to be lower-case letters and digits, joined by -, a letter first, at most {LONGEST} characters"
    package = distribution.replace("-", "_")
    if keyword.iskeyword(package) or package in sys.stdlib_module_names or DEVICES.fullmatch(package):
        return "is a name that Python or Windows needs; put tocsin- before it"
    if distribution in NEEDED:
        return "is a name that tocsin or its tests need; put tocsin- before it"
    if distribution in OURS:
        return "is a distribution that tocsin has already; take another name"
    return ""


def text_problem(text):
    """Say why a text cannot stand on one line; empty if it can."""
    if not text.strip():
        return "is missing"
    if not text.isprintable():
        return "is to be one line of printable characters"
    return f"is to be at most {LONGEST_TEXT} characters" if len(text) > LONGEST_TEXT else ""


def author_problem(author):
    """Say why nobody can be called so in a distribution's metadata; empty if somebody can."""
    return "is to have no comma: what follows it would be another author" if "," in author else text_problem(author)


def problems():
    """Yield every problem as a line."""
    found = {
        "name": name_problem(ANSWERS["name"], ANSWERS["kind"]),
        "distribution": distribution_problem(ANSWERS["distribution"]),
        "description": text_problem(ANSWERS["description"]),
        "author": author_problem(ANSWERS["author"]),
    }
    for question, problem in found.items():
        if problem:
            yield f"{question}: {ANSWERS[question]!a:.60} {problem}"


lines = list(problems())
if lines:
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.exit(1)
