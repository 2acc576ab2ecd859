"""The parts of scripts/lint. Each is one test in the report."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "lint"
ROOMS = ["core", "dns", "router", "mongodb", "runtime", "buildpacks", "control", "receiver", "web", "gasper"]
MOST_LINES = {".hpp": 250, ".cpp": 400, "test": 600, "function": 70}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def tracked(*patterns):
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split()
    return [n for n in names if (ROOT / n).is_file()]


def sources():
    return [n for n in tracked("*.hpp", "*.cpp") if n.split("/")[0] in ROOMS + ["tests"] and not n.startswith("tests/apps/")]


def output_of(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() if done.returncode else ""


def check_format(options):
    if options.fix:
        return output_of(["clang-format", "-i", *sources()])
    complaints = output_of(["clang-format", "--dry-run", "--Werror", *sources()])
    names = sorted(set(re.findall(r"^([^ :]+):\d+:\d+: error:", complaints, re.MULTILINE)))
    return f"not as clang-format writes it (scripts/lint --fix does it): {' '.join(names)}" if names else complaints


def check_layers(_):
    return output_of(["scripts/check_layers", "--self-test"]) or output_of(["scripts/check_layers"])


def check_shell(_):
    scripts = [n for n in tracked("scripts", ".ci") if (ROOT / n).read_bytes()[:30].startswith(b"#!/usr/bin/env bash") or n.endswith(".sh")]
    return output_of(["shellcheck", *scripts])


def functions(text):
    """(line, length) of every function body. With one formatter a body opens at a line's end and closes in its indentation."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        stripped = line.strip()
        if not stripped.endswith("{") or stripped.startswith(("namespace", "class", "struct", "enum", "union", "extern", "//")):
            continue
        if "(" not in line and ")" not in line:
            continue
        indent = len(line) - len(line.lstrip())
        for end in range(number + 1, len(lines)):
            if lines[end].startswith(" " * indent + "}"):
                yield number + 1, end - number + 1
                break


def check_sizes(_):
    problems = []
    for name in sources():
        text = (ROOT / name).read_text(encoding="utf-8")
        kind = "test" if name.startswith("tests/") else pathlib.Path(name).suffix
        if (lines := text.count("\n")) > MOST_LINES[kind]:
            problems.append(f"{name}: {lines} lines, at most {MOST_LINES[kind]}")
        if kind != "test":
            problems += [f"{name}:{line}: a function of {length} lines, at most {MOST_LINES['function']}"
                         for line, length in functions(text) if length > MOST_LINES["function"]]
    return "\n".join(problems)


LITERAL = re.compile(r'//[^\n]*|R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'')


def check_awaits(_):
    """No `?:` in a statement that waits: GCC 12 ends temporaries of such a statement twice (docs/adr/0004)."""
    problems = []
    for name in sources():
        bare = LITERAL.sub(lambda m: "_" + "\n" * m.group().count("\n"), (ROOT / name).read_text(encoding="utf-8"))
        line = 1
        for statement in re.split(r"([;{}])", bare):
            if "co_await" in statement and re.search(r"\s\?\s", statement):
                problems.append(f"{name}:{line + statement.split('co_await')[0].count(chr(10))}: a condition (?:) in a statement with co_await")
            line += statement.count("\n")
    return "\n".join(problems)


class TidyCache:
    """Remembers which contents passed: a file's own, all that it includes of ours, its command and the checks."""

    def __init__(self):
        # Named by contents alone, so that every checkout of this user shares it, as they share the compiler's cache.
        self.directory = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "gasper" / "tidy"
        self.directory.mkdir(parents=True, exist_ok=True)
        for marker in self.directory.iterdir():
            if time.time() - marker.stat().st_mtime > 30 * 86400:
                marker.unlink(missing_ok=True)
        self.base = (ROOT / ".clang-tidy").read_bytes()
        self.texts = {}

    def text(self, name):
        if name not in self.texts:
            path = ROOT / name
            self.texts[name] = path.read_bytes() if path.is_file() else b""
        return self.texts[name]

    def marker(self, name, command):
        seen, todo = set(), [name]
        while todo:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo += INCLUDE.findall(self.text(current).decode("utf-8", "replace"))
        digest = hashlib.sha256(self.base + command.replace(str(ROOT), "").encode())
        for part in sorted(seen):
            digest.update(part.encode() + b"\0" + self.text(part))
        return self.directory / digest.hexdigest()


def tidy(name):
    # GCC's own warning options mean nothing to clang; the compiler has its say elsewhere.
    return output_of(["clang-tidy", "-quiet", "-p", str(BUILD), "--extra-arg=-Wno-everything", "--extra-arg=-Wno-error", name])


def check_tidy(options):
    cache = TidyCache()
    commands = {os.path.relpath(e["file"], ROOT): e["command"] for e in json.loads((BUILD / "compile_commands.json").read_text())}
    todo = [(n, cache.marker(n, c)) for n, c in commands.items() if n.split("/")[0] in ROOMS]
    todo = [(n, m) for n, m in todo if not m.exists()]
    changed = set(subprocess.run(["git", "diff", "--name-only", "HEAD~1"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split())
    todo.sort(key=lambda entry: (entry[0] not in changed, entry[0]))
    until = time.monotonic() + (1e9 if options.all else float(os.environ.get("GASPER_TIDY_SECONDS", "150")))
    problems, unread = [], 0

    def one(entry):
        name, marker = entry
        if time.monotonic() > until:
            return None
        found = tidy(name)
        if not found:
            marker.touch()
        return found

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(one, todo):
            unread += found is None
            problems += [found] if found else []
    if unread:
        print(f"       clang-tidy: {unread} of {len(todo)} changed files are left for the next run (--all reads them now)", flush=True)
    return "\n".join(problems)


PARTS = {"format": check_format, "layers": check_layers, "sizes": check_sizes, "awaits": check_awaits, "shell": check_shell, "tidy": check_tidy}


def main():
    parser = argparse.ArgumentParser(prog="scripts/lint")
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--report")
    parser.add_argument("part", nargs="?", choices=PARTS)
    options = parser.parse_args()
    suite = xml.Element("testsuite", name="lint")
    failed = 0
    for name in [options.part] if options.part else PARTS:
        began = time.monotonic()
        problem = PARTS[name](options)
        seconds = time.monotonic() - began
        print(f"  {name}: {'failed' if problem else 'passed'}, {seconds:.1f} s", flush=True)
        case = xml.SubElement(suite, "testcase", classname="lint", name=name, time=f"{seconds:.3f}")
        if problem:
            failed += 1
            print(problem, flush=True)
            xml.SubElement(case, "failure", message=f"{name} failed")
    if options.report:
        xml.ElementTree(suite).write(options.report, encoding="utf-8", xml_declaration=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
