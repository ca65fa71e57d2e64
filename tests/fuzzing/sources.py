"""Which code a driver's decoder is: a fingerprint, so that executions of an older source are never counted as of this.

It covers the driver's package and the modules of ``instrumented.PACKAGES`` that it imports, directly or through
others: frames, lost bytes, clocks and the like. It does not cover the plain values (``devices.reading``) nor
libraries. Comments, docstrings and layout do not change it: what is hashed is the syntax tree.
"""

import ast
import hashlib
from importlib.util import find_spec
from pathlib import Path

import devices
from devices.registry import DRIVERS, third_party_drivers
from tests.fuzzing import instrumented

ROOT = Path(devices.__file__).parents[1]
_read = {}


def fingerprint(name, *, is_loaded=False):
    """Give the fingerprint of a driver's source on the disk; ``is_loaded``: as this process has imported it."""
    dotted = DRIVERS[name] if name in DRIVERS else third_party_drivers()[name].value
    start = dotted.partition(":")[0]
    digests, waiting = {}, [start]
    while waiting:
        module = waiting.pop()
        content = _content_of(module, is_loaded=is_loaded) if _belongs(module, start) else None
        if content is not None and module not in digests:
            digests[module], imported = _facts(content)
            waiting += imported
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()[:16]


def _belongs(module, start):
    return instrumented.is_marked(module) or module.split(".")[0] == start.split(".")[0] != "devices"


def _content_of(module, *, is_loaded):
    """The source of a module; ``None`` where the name is that of a class or function."""
    if is_loaded and module in instrumented.COMPILED:
        return instrumented.COMPILED[module]
    if not module.startswith("devices."):
        found = find_spec(module) if "." not in module else None
        return Path(found.origin).read_bytes() if found and found.origin else None
    path = ROOT.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.exists():
            return file.read_bytes()
    return None


def _facts(content):
    """The digest of a source without its docstrings, and the names that it imports."""
    key = hashlib.sha256(content).digest()
    if key not in _read:
        tree, imported = ast.parse(content), []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported += [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        _read[key] = hashlib.sha256(ast.dump(tree).encode()).hexdigest(), imported
    return _read[key]
