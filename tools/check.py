#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a reviewer should not have to say: `./dev check`. Every rule is a function from the tree to findings, and every
finding names a place and the remedy. tools/check_test.py plants one violation per rule."""
import concurrent.futures
import dataclasses
import hashlib
import os
import pathlib
import re
import subprocess
import sys

LONG, TOO_LONG = 450, 600  # lines

# Who may see a library (design 4); testing/ builds fakes of the same things.
LIBRARIES = {
    "openssl/": {"crypto", "io"},
    "sqlite3.h": {"store/sqlite", "testing"},
    "libpq-fe.h": {"pg"},
    "simdjson.h": {"protocol/json"},
    "boost/": {"io"},
    "toml++/": {"app"},
    "idn2.h": {"protocol/mail"},
    "zlib.h": {"edge/api"},
}


@dataclasses.dataclass
class Finding:
    path: str
    line: int
    text: str
    fatal: bool = True

    def __str__(self):
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {'' if self.fatal else 'note: '}{self.text}"


class Tree:
    """The files of the repository, by path from its root."""

    def __init__(self, files):
        self.files = dict(sorted(files.items()))

    @classmethod
    def of_repository(cls, root):
        names = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], check=True,
                               capture_output=True, text=True).stdout.split("\0")
        files = {}
        for name in filter(None, names):
            path = pathlib.Path(root, name)
            if path.is_file():
                files[name] = path.read_bytes().decode(errors="replace")
        return cls(files)

    def each(self, *suffixes, under=""):
        for path, text in self.files.items():
            if path.startswith(under) and path.endswith(suffixes):
                yield path, text

    def cpp(self, under=""):
        return self.each(".h", ".cpp", under=under)


def folder_of(path):
    return str(pathlib.PurePosixPath(path).parent).removeprefix("src/")


def numbered(text, pattern):
    for number, line in enumerate(text.splitlines(), 1):
        for match in pattern.finditer(line):
            yield number, match


def test_files(tree):
    """*_test.cpp, and headers that only those include: what only tests see."""
    includers = {}
    for path, source in tree.cpp():
        for _, match in numbered(source, INCLUDE):
            if match[1]:
                includers.setdefault(f"src/{match[1]}", set()).add(path)
    tests = {path for path, _ in tree.each("_test.cpp")}
    while more := {path for path, by in includers.items() if path not in tests and by <= tests}:
        tests |= more
    return tests


INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')

# --- rules -----------------------------------------------------------------------------------------------------------

def layers(tree):
    """Includes go where tools/layers.txt lets them go."""
    allowed, text = {}, tree.files.get("tools/layers.txt", "")
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        folder, _, names = line.partition(":")
        for name in names.split():
            if name not in allowed:
                yield Finding("tools/layers.txt", number, f'"{folder}" names "{name}", which is not above it')
        allowed[folder] = {folder, *names.split()}
    tests = test_files(tree)
    for path, source in tree.cpp("src/"):
        folder = folder_of(path)
        if folder not in allowed:
            yield Finding(path, 0, f'folder "{folder}" has no line in tools/layers.txt: add one, or move the file')
            continue
        for number, match in numbered(source, INCLUDE):
            if not match[1]:
                continue
            if f"src/{match[1]}" not in tree.files:
                yield Finding(path, number, f'there is no src/{match[1]}; includes are written from src/')
                continue
            target = folder_of(f"src/{match[1]}")
            if target in allowed[folder] or (path in tests and target.split("/")[0] == "testing"):
                continue
            yield Finding(path, number, f'"{folder}" may not include "{target}" (tools/layers.txt): '
                                        f'move what it needs down, or pass it in')


def libraries(tree):
    """A library's headers are seen by the folder that owns it, and never from a public header."""
    for path, source in tree.cpp("src/"):
        for number, match in numbered(source, INCLUDE):
            for prefix, owners in LIBRARIES.items():
                if not (match[2] or "").startswith(prefix):
                    continue
                if folder_of(path) not in owners and not path.endswith("_test.cpp"):
                    yield Finding(path, number, f"<{match[2]}> belongs to {', '.join(sorted(owners))} only")
                elif path.endswith(".h") and public(path, tree):
                    yield Finding(path, number, f"<{match[2]}> in a header that other folders include: keep headers "
                                                "std-only and move it to the .cpp")


def public(path, tree):
    name = path.removeprefix("src/")
    return any(f'#include "{name}"' in source for other, source in tree.cpp() if folder_of(other) != folder_of(path))


def dead_files(tree):
    """Every header is included, every test is built, every dialogue is read."""
    included, tests = set(), ""
    for path, source in tree.cpp():
        included |= {match[1] for _, match in numbered(source, INCLUDE) if match[1] and f"src/{match[1]}" != path}
        tests += source if path.endswith("_test.cpp") else ""
    for path, _ in tree.each(".h", under="src/"):
        if path.removeprefix("src/") not in included:
            yield Finding(path, 0, "nothing includes it: delete it")
    for path, _ in tree.each("_test.cpp"):
        if not path.startswith("src/"):
            yield Finding(path, 0, "no target builds it: tests stand beside their code under src/")
    for path, _ in tree.each(".txt", under="tests/dialogs/"):
        if f'dialogs/{path.split("/")[2]}' not in tests:
            yield Finding(path, 0, "no test reads this folder of dialogues")


def first_lines(tree):
    """Licence first; headers guarded."""
    for path, text in tree.each(".h", ".cpp", ".py", ".mjs"):
        lines = text.splitlines()[:2]
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in
                   (lines if lines and lines[0].startswith("#!") else lines[:1])):
            yield Finding(path, 1, "the first line must be: SPDX-License-Identifier: Apache-2.0 (as a comment)")
        if path.endswith(".h") and "\n#pragma once\n" not in text:
            yield Finding(path, 2, "a header needs: #pragma once")


def own_header_first(tree):
    """A source includes its own header before all others, which proves that the header stands alone; the build compiles
    the rest of the headers for themselves (cmake/Folders.cmake)."""
    for path, text in tree.each(".cpp", under="src/"):
        own = path.removesuffix("cpp") + "h"
        if own not in tree.files:
            continue
        first = next((match[1] or match[2] for _, match in numbered(text, INCLUDE)), None)
        if first != own.removeprefix("src/"):
            yield Finding(path, 1, f'includes "{own.removeprefix("src/")}" first')


UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")  # in pieces, so that this file does not find itself


def unfinished(tree):
    """No marks of work left undone."""
    for path, text in tree.each(".h", ".cpp", ".py", ".mjs", ".cmake", ".sh", ".md", "CMakeLists.txt"):
        for number, match in numbered(text, UNFINISHED):
            yield Finding(path, number, f"{match[0]}: do it now, or write an issue and delete the mark")


def long_files(tree):
    """One noun per file."""
    for path, text in tree.each(".h", ".cpp", ".py", ".mjs"):
        length = text.count("\n")
        if length > LONG:
            yield Finding(path, 0, f"{length} lines: which second noun moved in? Split it"
                                   + (f" (more than {TOO_LONG} fail)" if length <= TOO_LONG else ""),
                          fatal=length > TOO_LONG)


MACHINE = re.compile(r"(?<![\w.}~-])/(?:wo" r"rk|ho" r"me|tm" r"p)/[A-Za-z0-9_]+")
REGISTRY = re.compile(r"[\w-]+\.pkg\.d" r"ev|registry\.np" r"mjs\.org|deb\.deb" r"ian\.org|py" r"pi\.org")


def machine_paths(tree):
    """Nothing that is true on one machine only."""
    for path, text in tree.files.items():
        for number, match in numbered(text, MACHINE):
            yield Finding(path, number, f"{match[0]} is a path of one machine: take it from the environment or mktemp")
        for number, match in numbered(text, REGISTRY):
            yield Finding(path, number, f"{match[0]}: which registry is used is the machine's setting, not ours")


LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def links(tree):
    """Relative links in the documents lead somewhere."""
    folders = {str(parent) for path in tree.files for parent in pathlib.PurePosixPath(path).parents}
    for path, text in tree.each(".md"):
        for number, match in numbered(text, LINK):
            if "://" in match[1] or match[1].startswith("mailto:"):
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(path), match[1]))
            if target not in tree.files and target not in folders:
                yield Finding(path, number, f"the link leads nowhere: {match[1]}")


def readmes(tree):
    """Every folder says in a README what belongs in it."""
    for folder in sorted({folder_of(path) for path, _ in tree.cpp("src/")}):
        readme = f"src/{folder}/README.md"
        if readme not in tree.files:
            yield Finding(f"src/{folder}", 0, "no README.md: one to five sentences on what belongs here and what never does")
        elif not tree.files[readme].startswith(f"# {folder}\n"):
            yield Finding(readme, 1, f'its first line is not "# {folder}" (a formatter for C++ went over it?)')


def mutants(tree):
    """Planted bugs and the table of them agree."""
    listed = {int(match[1]): number for number, match in
              numbered(tree.files.get("docs/mutants.md", ""), re.compile(r"^\| (\d+) \|"))}
    planted = {}
    for path, source in tree.cpp("src/"):
        if not path.startswith(("src/testing/", "src/base/crash_point")):
            for number, match in numbered(source, re.compile(r"PR_MUTANT\((\d+)\)")):
                planted.setdefault(int(match[1]), (path, number))
    for mutant in sorted(listed.keys() - planted.keys()):
        yield Finding("docs/mutants.md", listed[mutant], f"planted bug {mutant} has no PR_MUTANT({mutant}) in src")
    for mutant in sorted(planted.keys() - listed.keys()):
        yield Finding(*planted[mutant], f"PR_MUTANT({mutant}) is not listed in docs/mutants.md")


RULES = (layers, libraries, dead_files, first_lines, own_header_first, unfinished, long_files, machine_paths, links, readmes, mutants)


# --- format: an outside tool, so what passed is remembered by its content --------------------------------------------


def unformatted(tree, root):
    style = tree.files.get(".clang-format", "")
    key = {path: hashlib.sha256((style + text).encode()).hexdigest() for path, text in tree.cpp()}
    memory = pathlib.Path(root, "build/.check/formatted")
    passed = set(memory.read_text().split()) if memory.exists() else set()
    left = [path for path in key if key[path] not in passed]

    def clean(path):
        return subprocess.run(["clang-format-19", "--dry-run", "-Werror", path], cwd=root,
                              capture_output=True).returncode == 0

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        dirty = {path for path, good in zip(left, pool.map(clean, left)) if not good}
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text("\n".join(sorted(key[path] for path in key if path not in dirty)))
    for path in sorted(dirty):
        yield Finding(path, 0, "not formatted: ./dev fmt")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    tree = Tree.of_repository(str(root))
    findings = [finding for rule in RULES for finding in rule(tree)]
    findings += unformatted(tree, root)
    for finding in findings:
        print(finding)
    wrong = sum(finding.fatal for finding in findings)
    print(f"check: {len(tree.files)} files, {wrong} wrong" if wrong else f"check: {len(tree.files)} files, all well")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
