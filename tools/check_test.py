#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A tree with nothing wrong passes every rule of tools/check.py, and each planted violation is found by its rule alone."""
import sys

import check

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = LICENCE + "#pragma once\n"
CLEAN = {
    "tools/layers.txt": "base:\nmodel: base\ntesting: base\n",
    "docs/mutants.md": "| n | planted bug | lives in |\n|---|---|---|\n| 1 | skips | `model` |\n",
    "src/base/README.md": "# base\nWords.\n",
    "src/base/word.h": HEADER,
    "src/model/README.md": "# model\nNouns. See [base](../base/README.md).\n",
    "src/model/noun.h": HEADER + '#include "base/word.h"\n',
    "src/model/noun.cpp": LICENCE + '#include "model/noun.h"\nint x = PR_MUTANT(1);\n',
    "src/model/noun_test.cpp": LICENCE + '#include "testing/fake.h"\nrun("dialogs/smtp");\n',
    "src/testing/README.md": "# testing\nFakes.\n",
    "src/testing/fake.h": HEADER,
    "tests/dialogs/smtp/a.txt": "C: QUIT\n",
}


def with_more(path, text):
    return {**CLEAN, path: CLEAN.get(path, "") + text}


PLANTED = [
    ("layers", "an include upwards", with_more("src/base/word.h", '#include "model/noun.h"\n')),
    ("layers", "testing from outside a test", with_more("src/model/noun.cpp", '#include "testing/fake.h"\n')),
    ("layers", "a header that is not there", with_more("src/model/noun.cpp", '#include "model/verb.h"\n')),
    ("layers", "a folder named before it stands", {**CLEAN, "tools/layers.txt": "base: model\nmodel: base\ntesting: base\n"}),
    ("layers", "a folder without a line", {**CLEAN, "src/new/README.md": "# new\nx\n", "src/new/a.cpp": LICENCE}),
    ("libraries", "a library in the wrong folder", with_more("src/model/noun.cpp", "#include <openssl/evp.h>\n")),
    ("libraries", "a library in a public header",
     {**CLEAN, "tools/layers.txt": "base:\ncrypto: base\nmodel: base crypto\ntesting: base\n", "src/crypto/README.md": "# crypto\nx\n",
      "src/crypto/key.h": HEADER + "#include <openssl/evp.h>\n",
      "src/model/noun.cpp": CLEAN["src/model/noun.cpp"] + '#include "crypto/key.h"\n'}),
    ("dead_files", "a header nobody includes", {**CLEAN, "src/model/verb.h": HEADER}),
    ("dead_files", "a test no target builds", {**CLEAN, "tests/lost_test.cpp": LICENCE}),
    ("dead_files", "dialogues nobody reads", {**CLEAN, "tests/dialogs/http/a.txt": "x\n"}),
    ("first_lines", "no licence", {**CLEAN, "src/model/verb.cpp": "int x;\n"}),
    ("first_lines", "no guard", {**CLEAN, "src/base/word.h": LICENCE}),
    ("own_header_first", "another header first",
     {**CLEAN, "src/model/noun.cpp": LICENCE + '#include "base/word.h"\n#include "model/noun.h"\nint x = PR_MUTANT(1);\n'}),
    ("unfinished", "a mark", with_more("src/model/noun.cpp", "// TO" "DO: later\n")),
    ("long_files", "a long file", with_more("src/model/noun.cpp", "\n" * 601)),
    ("machine_paths", "a path", with_more("src/model/noun.cpp", 'open("/tm' 'p/x");\n')),
    ("machine_paths", "a registry", with_more("src/model/README.md", "registry.np" "mjs.org\n")),
    ("links", "a link", with_more("src/model/README.md", "[x](nowhere.md)\n")),
    ("readmes", "a README that a formatter mangled", {**CLEAN, "src/model/README.md": "#model\n"}),
    ("readmes", "no README", {path: text for path, text in CLEAN.items() if path != "src/model/README.md"}),
    ("mutants", "a number without a bug", with_more("docs/mutants.md", "| 2 | other | `model` |\n")),
    ("mutants", "a bug without a number", with_more("src/model/noun.cpp", "int y = PR_MUTANT(3);\n")),
]


def found_by(files):
    tree = check.Tree(files)
    return {rule.__name__: [str(finding) for finding in rule(tree)] for rule in check.RULES}


def main():
    failed = 0
    cases = [("", "nothing wrong", CLEAN), *PLANTED]
    for rule, name, files in cases:
        found = {by: findings for by, findings in found_by(files).items() if findings}
        passed = list(found) == ([rule] if rule else [])
        failed += not passed
        label = f"check: {name}" + (f" is found by {rule}" if rule else "")
        print(f"ok {label}" if passed else f"not ok {label}: {found}")
    untested = {rule.__name__ for rule in check.RULES} - {rule for rule, _, _ in PLANTED}
    print(f"not ok every rule has a case: {untested}" if untested else "ok every rule has a case")
    return 1 if failed or untested else 0


if __name__ == "__main__":
    sys.exit(main())
