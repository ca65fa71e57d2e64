"""Coverage for a fuzzer, cheap enough for every execution: each block of the drivers' code notes that it ran.

Modules are compiled with one assignment more at the beginning of each function, branch, loop, handler and case.
That costs a tenth of the speed or so, where tracing costs ten times; and it is the real code otherwise: what the
interpreter runs is what stands in the file. To be installed before the drivers are imported.
"""

import ast
import signal
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

MOST_BLOCKS = 4096
PACKAGES = (
    "devices.drivers",
    "devices.framing",
    "devices.multipart",
    "devices.http_message",
    "devices.terminal_voice",
    "devices.device_clock",
    "devices.lost_bytes",
    "devices.units",
)
BRANCHES = ast.If | ast.For | ast.While | ast.Try | ast.ExceptHandler | ast.match_case
HITS = bytearray(MOST_BLOCKS)
COMPILED = {}
"""The source of each marked module as it was compiled, by the module's name."""
_marked = []


class _Marks(ast.NodeTransformer):
    """Puts ``__hits__[n] = 1`` before the first statement of each block inside a function."""

    def __init__(self):
        self._depth = 0

    def visit_FunctionDef(self, node):
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        self._mark(node, "body")
        return node

    def generic_visit(self, node):
        super().generic_visit(node)
        if self._depth and isinstance(node, BRANCHES):
            for name in ("body", "orelse", "finalbody"):
                if getattr(node, name, None):
                    self._mark(node, name)
        return node

    def _mark(self, node, name):
        body, number = getattr(node, name), len(_marked)
        assert number < MOST_BLOCKS
        _marked.append(f"{name} at line {node.body[0].lineno}")
        mark = ast.parse(f"__hits__[{number}] = 1").body[0]
        has_docstring = isinstance(node, ast.FunctionDef) and ast.get_docstring(node, clean=False) is not None
        setattr(node, name, [*body[:has_docstring], mark, *body[has_docstring:]])


class _Loader(SourceFileLoader):
    def get_code(self, fullname):
        """Compile anew and keep nothing: no other program may find this code in a cache."""
        path = self.get_filename(fullname)
        COMPILED[fullname] = self.get_data(path)
        tree = _Marks().visit(ast.parse(COMPILED[fullname], path))
        return compile(ast.fix_missing_locations(tree), path, "exec")

    def exec_module(self, module):
        module.__hits__ = HITS
        super().exec_module(module)


class _Finder(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None) -> ModuleSpec | None:
        if not is_marked(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def is_marked(module):
    """Tell whether a module is decoder code, whose blocks count."""
    return any(module == one or module.startswith(f"{one}.") for one in PACKAGES)


def install():
    """Mark every driver module that is imported from now on; refuses when one was imported before."""
    early = [name for name in sys.modules if name.startswith("devices.drivers.")]
    if early:
        msg = f"imported before the coverage was installed: {early}"
        raise RuntimeError(msg)
    sys.meta_path.insert(0, _Finder)


def begin():
    """Begin a process beside: marks are set before its drivers are imported; the first process says when to end."""
    install()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
