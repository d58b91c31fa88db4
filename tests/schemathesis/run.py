"""Runs the fuzzer against the gateway's binary on each database and counts the operations that held.

An operation passes on a database when at least one case of it was answered and no check failed. SCHEMATHESIS_CASES is
the number of cases for a whole seed, SCHEMATHESIS_SEEDS the number of seeds; the full depth that is promised is 20000
and 5. Below it, the cases that are made systematically (boundaries, missing and unknown members, other methods) are shared
out: of every two paths that stand side by side, one gets them on each database; the random ones it gets on both.
SCHEMATHESIS_UNDER tries only the paths that begin so (`/api/tasks`), each as deep as in a run of all. Ends with
`N passed, N failed`.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "journey"))
from service import KINDS, Gateway, Place  # noqa: E402

CASES = int(os.environ.get("SCHEMATHESIS_CASES", "3000"))
SEEDS = int(os.environ.get("SCHEMATHESIS_SEEDS", "1"))
FULL = 20_000
UNDER = os.environ.get("SCHEMATHESIS_UNDER", "/")
FIRST_SEED = int(os.environ.get("SCHEMATHESIS_FIRST_SEED", "1"))
DATABASES = os.environ.get("SCHEMATHESIS_DATABASES", ",".join(KINDS)).split(",")
SECONDS_FOR_A_SEED = 3600
# Streams that end with the session, and a socket: no tool of single answers can try them. Tests of their own do, in
# crates/social/tests/network/realtime, crates/tasks/tests/boards/live.rs and tests/load/sockets.py.
ELSEWHERE = ("/api/social/events", "/api/social/ws", "/api/tasks/boards/{id}/events",
    "/api/analytics/dashboards/{id}/events", "/api/analytics/dashboard/events")


def passes(document, kind):
    """What one seed consists of: documents with the phases of the tool, and their names."""
    if CASES >= FULL:
        return [("whole", document, "examples,coverage,fuzzing,stateful")]
    # By paths: of a path all methods have to be known, or those that are left out would count as undeclared.
    half = {path: document["paths"][path] for path in sorted(document["paths"])[KINDS.index(kind) :: 2]}
    return [
        ("random", document, "examples,fuzzing,stateful"),
        ("systematic", {**document, "paths": half}, "coverage"),
    ]


def fuzz(gateway, place, document, phases, seed, examples, first):
    """One run: the report of the tool and what the hooks have counted."""
    folder = Path(place.folder.name)
    copy = folder / "openapi.json"  # a file: given the address, the tool leaves the document's own operation out
    copy.write_text(json.dumps(document))
    report, counts, output = folder / f"{seed}.json", folder / f"{seed}-counts.json", folder / f"{seed}.log"
    environment = place.environment(
        SCHEMATHESIS_HOOKS="hooks",
        PYTHONPATH=str(HERE),
        POLIGON_FUZZ_URL=gateway.url,
        POLIGON_FUZZ_COUNTS=str(counts),
        POLIGON_FUZZ_FIRST=str(first),
        NO_PROXY="127.0.0.1",
    )
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"),
        "run", str(copy), "--url", gateway.url, "--checks", "all", "--seed", str(seed),
        "--max-examples", str(examples), "--phases", phases, "--generation-database", "none", "--no-color",
        "--suppress-health-check", "filter_too_much",
        "--report", "json", "--report-json-path", str(report),
    ]  # fmt: skip
    with output.open("wb") as out:
        try:
            done = subprocess.run(
                command, stdout=out, stderr=out, env=environment, timeout=SECONDS_FOR_A_SEED, cwd=folder
            )  # in a folder of its own: the tool keeps what failed before, and would begin with it
            code = done.returncode
        except subprocess.TimeoutExpired:
            code = f"no end within {SECONDS_FOR_A_SEED} s"
    text = output.read_text(errors="replace")
    if not report.exists() or not counts.exists():
        print(text[-4000:])
        raise RuntimeError(f"the fuzzer gave no report (exit {code})")
    told = json.loads(report.read_text())
    if code != 0:
        print(text[text.find("= ERRORS") if "= ERRORS" in text else text.find("= FAILURES") :][:20000])
    return told, json.loads(counts.read_text()), code


def judge(kind, tallies, failed, operations):
    """One line for each operation that did not hold; answers passed and failed."""
    passed = 0
    for operation in sorted(operations):
        if not tallies[operation]:
            failed[operation].append("no case was answered")
        if failed[operation]:
            print(f"FAILED {kind}: {operation}: {', '.join(sorted(set(failed[operation])))}")
        else:
            passed += 1
    return passed, len(operations) - passed


def read_document(gateway):
    with urlopen(f"{gateway.url}/api/openapi.json", timeout=10) as answer:
        return json.load(answer)


def operations_of(document):
    methods = {"get", "put", "post", "delete", "patch"}
    return {f"{m.upper()} {path}" for path, item in document["paths"].items() for m in item if m in methods}


def note(told, counts, code, seed, tallies, failed):
    """What one run has shown: answers and failures of operations, and whether it came to its end."""
    for operation, statuses in counts["statuses"].items():
        tallies[operation].update(statuses)
    for failure in told["failures"]:
        for operation in failure["operations"]:
            failed[operation].append(f"{failure['title']} (seed {seed})")
    if told["errors"] or not told["complete"] or (code != 0 and not told["failures"]):
        failed["the run itself"].append(f"exit {code}, {told['errors']}, {told['stop_reason']} (seed {seed})")


def try_database(kind):
    tallies, failed, requests = defaultdict(Counter), defaultdict(list), 0
    began = time.monotonic()
    with Place(kind) as place, Gateway(place, POLIGON_LIMITS__LOGIN_DELAYS="false") as gateway:
        document = read_document(gateway)
        for path in ELSEWHERE:
            del document["paths"][path]
        examples = max(1, CASES // len(operations_of(document)))
        document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith(UNDER)}
        operations = operations_of(document)
        for n in range(SEEDS):
            seed, first = FIRST_SEED + n, 1 + n * 10_000_000
            for name, part, phases in passes(document, kind):
                told, counts, code = fuzz(gateway, place, part, phases, seed, examples, first)
                first += 5_000_000
                note(told, counts, code, seed, tallies, failed)
                cases = told["test_cases"]["generated"]
                requests += cases
                print(f"{kind}, seed {seed}, {name}: {cases} cases, {told['running_time']:.0f} s", flush=True)
        operations |= set(failed)
        passed, broken = judge(kind, tallies, failed, operations)
        answers = Counter()
        for statuses in tallies.values():
            answers.update(statuses)
        never = sorted(o for o in operations if o in tallies and not any(s.startswith(("2", "3")) for s in tallies[o]))
    print(f"{kind}: {requests} cases in {time.monotonic() - began:.0f} s; answers {dict(sorted(answers.items()))}")
    if never:
        print(f"{kind}: never answered with success: {', '.join(never)}")
        passed, broken = passed - len(set(never) - set(failed)), broken + len(set(never) - set(failed))
    return passed, broken


def outcome_of(kind):
    try:
        return try_database(kind)
    except Exception as error:  # the other database is still worth a try
        print(f"FAILED {kind}: {error}")
        return 0, 1


def main():
    # Side by side: most of the work is the tool's own, which takes one core for each database.
    with ThreadPoolExecutor(len(DATABASES)) as pool:
        outcomes = list(pool.map(outcome_of, DATABASES))
    passed, failed = (sum(numbers) for numbers in zip(*outcomes))
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
