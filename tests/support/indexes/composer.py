"""composer.py OUT NAME VERSION DIRECTORY NAMESPACE: a PHP package of Debian as a composer repository with one zip."""

import json
import pathlib
import sys
import zipfile

out, name, version, source, namespace = sys.argv[1:]
out, source = pathlib.Path(out), pathlib.Path(source)
out.mkdir(parents=True)
package = {"name": name, "version": version, "type": "library", "autoload": {"psr-4": {namespace: "src/"}}}
file = f"{name.replace('/', '-')}-{version}.zip"
with zipfile.ZipFile(out / file, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr(zipfile.ZipInfo("package/composer.json"), json.dumps(package))
    for f in sorted(source.rglob("*.php")):
        if f.name != "autoload.php":
            archive.writestr(zipfile.ZipInfo(f"package/src/{f.relative_to(source)}"), f.read_bytes())
package["dist"] = {"type": "zip", "url": f"http://packages.test/composer/{file}"}
(out / "packages.json").write_text(json.dumps({"packages": {name: {version: package}}}))
