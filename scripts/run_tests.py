"""The parts of scripts/test: builds what each needs, runs it, counts from the machine-readable results."""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
# The rooms where threads meet; thread sanitizer's builds are dear, so the others do without.
THREADED = ["core", "router", "dns"]
FUZZ_SECONDS = int(os.environ.get("GASPER_FUZZ_SECONDS", "15"))
PROGRAM_DEADLINE = 900
RUNNING = set()


class Count:
    def __init__(self, passed=0, failed=0):
        self.passed, self.failed = passed, failed

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        return self


def run(command, deadline=PROGRAM_DEADLINE, **options):
    """The exit status, 124 when the deadline ended it. Its process group is ended with it."""
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **options)
    RUNNING.add(process)
    try:
        return process.wait(timeout=deadline)
    except subprocess.TimeoutExpired:
        print(f"{command[0]}: not done after {deadline} s: killed", flush=True)
        os.killpg(process.pid, 9)
        process.wait()
        return 124
    except KeyboardInterrupt:
        os.killpg(process.pid, 15)
        process.wait()
        raise
    finally:
        RUNNING.discard(process)


class Engine:
    """A Docker Engine for tests: the one that runs, or one of our own, whose images are kept for next time. Gives the
    environment that leads tests to it."""

    home = str(ROOT / "build" / "test")

    def __enter__(self):
        found = subprocess.run(["scripts/engine", "start", self.home], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
        address = found.stdout.strip()
        return dict(os.environ, GASPER_ENGINE=address, GASPER_TEST_ENGINE=address.removeprefix("unix://"), DOCKER_HOST=address,
                    PYTHONDONTWRITEBYTECODE="1")

    def __exit__(self, *_):
        run(["scripts/engine", "stop", self.home], deadline=120)


def build(preset, *targets):
    status = run(["scripts/build", preset, *targets], deadline=3600)
    if status:
        print(f"build of {preset} failed", flush=True)
    return status == 0


def counted(report, status, name):
    """Counts one JUnit report. A program that died without one, or died after it, is one failure."""
    count = Count()
    try:
        for case in xml.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                count.failed += 1
            elif case.find("skipped") is None and case.get("status", "run") != "notrun":
                count.passed += 1
    except (OSError, xml.ParseError):
        print(f"{name}: ended with status {status} and without a report", flush=True)
        count.failed += 1
    if status and not count.failed:
        print(f"{name}: every test passed, but it ended with status {status}", flush=True)
        count.failed += 1
    return count


def programs(kinds):
    """Names of the test programs: tests/<kind>/<folder> is the program <kind>_<folder>."""
    found = []
    for kind in kinds:
        for folder in sorted((ROOT / "tests" / kind).glob("*/")):
            if any(folder.glob("*.cpp")):
                found.append(f"{kind}_{folder.name}")
    return found


def shards(names):
    """(program, number, of) of what runs side by side. The longest program is cut in two and begins first."""
    long = [(n, number, 2) for n in names if n == "integration_control" for number in range(2)]
    return long + [(n, 0, 1) for n in names if n != "integration_control"]


def run_gtest(preset, names, match, environment):
    environment = dict(environment, ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=0",
                       UBSAN_OPTIONS="print_stacktrace=1", TSAN_OPTIONS="halt_on_error=1")

    def one(shard):
        name, number, of = shard
        report = REPORTS / f"{preset}.{name}.{number}.xml"
        report.unlink(missing_ok=True)
        command = [f"build/{preset}/tests/{name}", f"--gtest_output=xml:{report}", "--gtest_brief=1"]
        if match:
            command.append(f"--gtest_filter=*{match}*")
        began = time.monotonic()
        status = run(command, env=dict(environment, GTEST_TOTAL_SHARDS=str(of), GTEST_SHARD_INDEX=str(number)))
        count = counted(report, status, name)
        part = f" {number + 1}/{of}" if of > 1 else ""
        print(f"  {name}{part} ({preset}): {count.passed} passed, {count.failed} failed, {time.monotonic() - began:.1f} s", flush=True)
        return count

    total = Count()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        try:
            for count in pool.map(one, shards(names)):
                total += count
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(RUNNING):
                os.killpg(process.pid, 15)
            raise
    return total


def gtest_part(preset, kinds, folders=None):
    def part(match):
        names = [n for n in programs(kinds) if folders is None or n.split("_", 1)[1] in folders]
        # A room's name means all of that room's tests.
        if of_room := [n for n in names if n.split("_", 1)[1] == match]:
            names, match = of_room, ""
        if not names:
            return Count()
        if not build(preset, *names):
            return Count(0, 1)
        if kinds == ["unit"]:
            return run_gtest(preset, names, match, os.environ)
        with Engine() as environment:
            return run_gtest(preset, names, match, environment)
    return part


def fuzz_part(match):
    """A short run of each target: new inputs stay in build/fuzz/corpus and make the next run start further."""
    targets = sorted(p.stem for p in (ROOT / "tests" / "fuzz").glob("*/*.cpp") if not match or match in p.stem)
    if not targets:
        return Count()
    if not build("fuzz", *[f"fuzz_{t}" for t in targets]):
        return Count(0, len(targets))
    total = Count()
    for target in targets:
        corpus = ROOT / "build" / "fuzz" / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        seeds = [str(d) for d in (ROOT / "tests" / "fuzz").glob(f"*/{target}.corpus")]
        log = REPORTS / f"fuzz.{target}.log"
        with open(log, "w", encoding="utf-8") as output:
            status = run([f"build/fuzz/tests/fuzz_{target}", f"-max_total_time={FUZZ_SECONDS}", "-timeout=5", "-rss_limit_mb=1024",
                          f"-artifact_prefix={REPORTS}/{target}.", str(corpus), *seeds],
                         deadline=FUZZ_SECONDS + 120, stdout=output, stderr=output)
        print(f"  fuzz_{target}: {'passed' if status == 0 else 'failed, see ' + str(log)}", flush=True)
        if status:
            print("".join(log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[-30:]), flush=True)
        total += Count(status == 0, status != 0)
    return total


def lint_part(match):
    report = REPORTS / "lint.xml"
    report.unlink(missing_ok=True)
    status = run(["scripts/lint", "--report", str(report), *([match] if match else [])], deadline=3600)
    return counted(report, status, "lint")


def e2e_part(match):
    if not any((ROOT / "tests" / "e2e").glob("*_test.py")):
        return Count()
    if not build("release", "gasper"):
        return Count(0, 1)
    total = Count()
    with Engine() as environment:
        # Two files at a time, each with a Gasper of its own; then, alone, what stops the engine under everybody.
        for name, options in {"e2e": ["-m", "not last", "-n", "2", "--dist", "loadfile"], "e2e.last": ["-m", "last"]}.items():
            report = REPORTS / f"{name}.xml"
            report.unlink(missing_ok=True)
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=15", f"--junitxml={report}", "tests/e2e", *options]
            if match:
                command += ["-k", match]
            status = run(command, deadline=3000, env=environment)
            total += counted(report, 0 if status == 5 else status, name)
    return total


PARTS = {
    "lint": lint_part,
    "unit": gtest_part("asan", ["unit"]),
    "integration": gtest_part("asan", ["integration"]),
    "fuzz": fuzz_part,
    "tsan": gtest_part("tsan", ["unit", "integration"], THREADED),
    "e2e": e2e_part,
}


def main():
    chosen, match = sys.argv[1:2], " ".join(sys.argv[2:])
    if chosen and chosen[0] not in PARTS:
        sys.exit(f"scripts/test: no part '{chosen[0]}' (there are {', '.join(PARTS)})")
    REPORTS.mkdir(parents=True, exist_ok=True)
    total, times = Count(), []
    for name in chosen or PARTS:
        print(f"-----> {name}", flush=True)
        began = time.monotonic()
        count = PARTS[name](match)
        total += count
        times.append((name, time.monotonic() - began, count))
    print("\n-----> times")
    for name, seconds, count in times:
        print(f"       {name:<12} {seconds:7.1f} s  {count.passed} passed, {count.failed} failed")
    print(f"{total.passed} passed, {total.failed} failed")
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main())
