"""wheels.py OUT DEBIAN_PACKAGE...: installed Python packages and what they depend on, as wheels in a PEP 503 index."""

import base64
import hashlib
import pathlib
import re
import subprocess
import sys
import zipfile
from email.parser import HeaderParser

PLACE = pathlib.Path("/usr/lib/python3/dist-packages")


def output(*words):
    return subprocess.run(words, text=True, capture_output=True, check=False).stdout


def with_dependencies(packages):
    """Debian packages that bring Python modules, following Depends."""
    found, waiting = {}, list(packages)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        files = [pathlib.Path(f) for f in output("dpkg", "-L", name).splitlines()]
        found[name] = [f for f in files if PLACE in f.parents and f.is_file() and f.suffix != ".pyc"]
        depends = output("dpkg-query", "-W", "-f", "${Depends}", name)
        waiting += [d for d in re.findall(r"(python3-[a-z0-9.+-]+)", depends) if d not in ("python3-minimal",)]
    return {name: files for name, files in found.items() if files}


def metadata_of(files):
    for f in files:
        parent = f.relative_to(PLACE).parts[0]
        if parent.endswith((".egg-info", ".dist-info")) and (f.name in ("PKG-INFO", "METADATA") or f.name == parent):
            return PLACE / parent, f.read_text()
    return None, None


def wheel(files, out):
    info, text = metadata_of(files)
    if not text:
        return
    headers = HeaderParser().parsestr(text)
    name, version = headers["Name"], headers["Version"]
    body = [f for f in files if info not in f.parents and f != info]
    native = any(f.suffix == ".so" for f in body)
    python = "cp%d%d" % sys.version_info[:2]
    tag = f"{python}-{python}-linux_x86_64" if native else "py3-none-any"
    escaped = re.sub(r"[-_.]+", "_", name)
    facts = f"{escaped}-{version}.dist-info"
    content = {str(f.relative_to(PLACE)): f.read_bytes() for f in body}
    content[f"{facts}/METADATA"] = text.encode()
    content[f"{facts}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {str(not native).lower()}\nTag: {tag}\n".encode()
    entry_points = info / "entry_points.txt"
    if entry_points.is_file():
        content[f"{facts}/entry_points.txt"] = entry_points.read_bytes()
    lines = []
    for path, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}")
    content[f"{facts}/RECORD"] = "\n".join([*lines, f"{facts}/RECORD,,", ""]).encode()
    directory = out / re.sub(r"[-_.]+", "-", name).lower()
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"{escaped}-{version}-{tag}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in content.items():
            archive.writestr(zipfile.ZipInfo(path), data)
    print(target.name)


def index(out):
    projects = sorted(p for p in out.iterdir() if p.is_dir())
    for project in projects:
        links = [f'<a href="{w.name}#sha256={hashlib.sha256(w.read_bytes()).hexdigest()}">{w.name}</a><br>' for w in sorted(project.glob("*.whl"))]
        (project / "index.html").write_text("<!doctype html>\n" + "\n".join(links))
    (out / "index.html").write_text("<!doctype html>\n" + "\n".join(f'<a href="{p.name}/">{p.name}</a><br>' for p in projects))


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True)
    packages = with_dependencies(sys.argv[2:])
    # Debian cuts setuptools in two.
    packages.get("python3-setuptools", []).extend(packages.pop("python3-pkg-resources", []))
    for _, files in sorted(packages.items()):
        wheel(files, out)
    index(out)


main()
