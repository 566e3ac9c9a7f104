#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turn the lines "value NAME NUMBER UNIT" of a measurement into the table of ratios.

usage: report.py values FILE            medians, spread and ratios
       report.py detect PINPROOF RUN    values: time from "region ready" to the first finding
"""
import collections
import json
import os
import re
import statistics
import subprocess
import sys

# ours, the peer, what is measured, the goal and which side of it is good
PAIRS = (
    ("rdma-4096", "perftest-4096", "RDMA WRITE 4 KiB, against ib_write_bw", 0.9, ">="),
    ("rdma-65536", "perftest-65536", "RDMA WRITE 64 KiB, against ib_write_bw", 0.9, ">="),
    ("rdma-1048576", "perftest-1048576", "RDMA WRITE 1 MiB, against ib_write_bw", 0.9, ">="),
    ("dio-4096", "fio-4096", "O_DIRECT io_uring 4 KiB, against fio", 1.3, ">="),
    ("dio-65536", "fio-65536", "O_DIRECT io_uring 64 KiB, against fio", 1.3, ">="),
    ("record-on-4096", "record-off-4096", "4 KiB write, recorded against not", 1.05, "<="),
    ("record-on-65536", "record-off-65536", "64 KiB write, recorded against not", 1.05, "<="),
    ("crc-cells-instruction", "crc-cells-table", "CRC-32C of cells, instruction against table", None, ""),
)
# cases with the trace witness, against the same without
PAIRS += tuple((f"trace-on-{name}", f"trace-off-{name}", f"{name}, with the trace against without", 1.15, "<=")
               for name in ("mr-fsync", "truncate-race", "short-pin", "wb-window", "msync-race"))
# value, what it is, goal, which side is good
SINGLE = (
    (r"judge-.*events", 5.0, ">="),
    (r"judge-.*memory", 64.0, "<="),
    (r"detect-.*", 2.0, "<="),
    (r"(ledger|log)-(?!case).*", 3.0, "<="),
)


def read(path):
    values = collections.OrderedDict()
    units, words = {}, []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            field = line.split()
            if len(field) == 4 and field[0] == "value":
                values.setdefault(field[1], []).append(float(field[2]))
                units[field[1]] = field[3]
            elif field and field[0] == "skip":
                words.append(line.strip().replace("skip", "SKIP ", 1))
            elif field and field[0] == "note":
                words.append("      " + line.strip()[4:])
    return values, units, words


def short(numbers, unit):
    number = statistics.median(numbers)
    text = f"{number:.3g}" if number < 1000 else f"{number:.0f}"
    if len(numbers) > 1:
        text += f" ({min(numbers):.3g} to {max(numbers):.3g}, {len(numbers)} times)"
    return f"{text} {unit}"


def verdict(number, goal, side):
    if goal is None:
        return ""
    good = number >= goal if side == ">=" else number <= goal
    return f"goal {side} {goal:g}: {'reached' if good else 'missed'}"


def show(path):
    values, units, words = read(path)
    for line in words:
        print(line)
    done = set()
    for ours, peer, what, goal, side in PAIRS:
        if (ours in values) != (peer in values):
            print(f"SKIP  {what}: no value of {peer if ours in values else ours}")
        if ours not in values or peer not in values:
            continue
        # rounds take turns, so a round's two values met the same weather
        ratios = [a / b for a, b in zip(values[ours], values[peer])]
        # times of short loops: whatever disturbs them makes them longer, so the least is nearest
        number = min(values[ours]) / min(values[peer]) if side == "<=" else statistics.median(ratios)
        print(f"{number:5.2f}  {what}  {verdict(number, goal, side)}")
        print(f"         ours {short(values[ours], units[ours])}; peer {short(values[peer], units[peer])};"
              f" ratios {min(ratios):.2f} to {max(ratios):.2f}")
        done.update((ours, peer))
    for name, numbers in values.items():
        if name in done:
            continue
        goal, side = next(((g, s) for pattern, g, s in SINGLE if re.fullmatch(pattern, name)), (None, ""))
        print(f"       {name}: {short(numbers, units[name])}  {verdict(statistics.median(numbers), goal, side)}")
    return 0 if values else 1


EVENT = re.compile(r"@(\d+)-(\d+|\?) \S+ op=(\d+) (\S+)")


def times(pinproof, case):
    """End of the last set-up operation before the first write, and ends by operation."""
    text = subprocess.run([pinproof, "history", case], capture_output=True, text=True, check=True).stdout
    ready, ends, writing = None, {}, False
    for line in text.splitlines():
        match = EVENT.match(line)
        if not match or match[2] == "?":
            continue
        end, op, verb = int(match[2]), int(match[3]), match[4]
        ends[op] = max(end, ends.get(op, 0))
        writing = writing or verb in ("store", "pwrite", "dio-pwrite") or verb.startswith(("rdma-", "dio-", "fixed-"))
        if verb in ("map", "mount", "mkfs") and (not writing or ready is None):
            ready = end
    return ready, ends


def detect(pinproof, run):
    with open(os.path.join(run, "results.json"), encoding="utf-8") as file:
        results = json.load(file)["results"]
    worst = {}
    for result in results:
        case, findings = result["case"], result.get("findings", [])
        name = case.split("/")[0]
        case_dir = os.path.join(run, "out", "cases", case.replace("/", "."))
        if not findings or not os.path.isdir(case_dir):
            print(f"note {case}: {result['verdict']}, {len(findings)} findings")
            continue
        ready, ends = times(pinproof, case_dir)
        found = [ends[f["op"]] for f in findings if f["op"] in ends]
        if ready is None or not found:
            continue
        seconds = (min(found) - ready) / 1e9
        worst[name] = max(seconds, worst.get(name, 0))
        print(f"note {case}: first of {len(findings)} findings {seconds:.3f} s after the region was ready")
    for name, seconds in worst.items():
        print(f"value detect-{name} {seconds:.3f} s")
    return 0


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "values":
        return show(sys.argv[2])
    if len(sys.argv) == 4 and sys.argv[1] == "detect":
        return detect(sys.argv[2], sys.argv[3])
    print(__doc__.strip(), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
