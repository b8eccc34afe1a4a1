"""Signatures made by other people's software, judged by `lienthong verify` and by other people's software.

interop.py LIENTHONG [FOLDER]: makes the cases, asks everybody, prints how far they agree. Ends with 1 where
somebody disagrees and `agreements.json` does not say why, or says it of what never happens.
"""

import collections
import fnmatch
import json
import logging
import pathlib
import shutil
import sys
import tempfile

import cms_cases
import pdf_cases
import xml_cases
from case import run
from pki import Authority


class Hub:
    """What `lienthong verify --json` says."""

    def __init__(self, program, authority):
        self.words = [program, "verify", "--json", "--trust", authority.root.certificate_path]
        self.words += ["--trust", authority.agencies.certificate_path]
        self.lists = ("--crl", authority.folder / "crls.pem")

    def verdict(self, case):
        words = [*self.words, *(case.revocation or self.lists)]
        words += ["--signature", case.signature] if case.signature else []
        status, output = run([*words, case.file])
        try:
            answer = json.loads(output)
        except ValueError:
            raise RuntimeError(f"{case.title}: exit {status}, no JSON: {output[:200]!r}") from None
        reasons = answer["reasons"] + [reason for one in answer["signatures"] for reason in one["reasons"]]
        formats = [one["format"] for one in answer["signatures"]]
        return answer["indication"] == "TOTAL-PASSED", [reason["code"] for reason in reasons], formats


class Explanations:
    """Disagreements with their reasons. One that never happens is an error: it would hide the next."""

    def __init__(self, path):
        self.entries = json.loads(path.read_text())
        self.used = set()

    def explains(self, case, judge, ours, codes):
        for number, entry in enumerate(self.entries):
            if (
                fnmatch.fnmatchcase(case.title, entry["cases"])
                and judge in entry["judges"]
                and entry["ours"] == ours
                and (ours or entry["code"] in codes)
            ):
                self.used.add(number)
                return True
        return False

    @property
    def unused(self):
        return [entry for number, entry in enumerate(self.entries) if number not in self.used]


def main():
    # What a judge dislikes shows in the table.
    logging.disable(logging.CRITICAL)
    program = pathlib.Path(sys.argv[1]).resolve()
    here = pathlib.Path(__file__).parent
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="interop-")).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pki").mkdir(parents=True)
    authority = Authority(folder / "pki")
    hub = Hub(program, authority)
    explanations = Explanations(here / "agreements.json")
    table = collections.defaultdict(collections.Counter)
    faults = []
    for kind in (xml_cases, cms_cases, pdf_cases):
        for case in kind.cases(authority, folder):
            ours, codes, formats = hub.verdict(case)
            if case.format and case.format not in formats:
                faults.append(f"{case.title}: {formats} and not {case.format}")
            table[case.group, "expected"]["agree" if ours == case.good else "differ"] += 1
            opinions = [("expected", case.good)] + [(name, ask(case)) for name, ask in case.judges]
            for judge, opinion in opinions:
                if opinion == ours:
                    result = "agree"
                elif explanations.explains(case, judge, ours, codes):
                    result = "explained"
                else:
                    result = "UNEXPLAINED"
                    faults.append(f"{case.title}: we say {ours} {codes}, {judge} says {opinion}")
                if judge != "expected":
                    table[case.group, judge][result] += 1
    print_table(table)
    for fault in faults:
        print("UNEXPLAINED", fault)
    for entry in explanations.unused:
        print("NEVER HAPPENS", entry["cases"], entry["judges"], entry.get("code", ""))
    return 1 if faults or explanations.unused else 0


def print_table(table):
    print(f"{'cases':<18}{'judge':<12}{'agree':>8}{'explained':>11}{'unexplained':>13}")
    for (group, judge), counts in table.items():
        unexplained = counts["UNEXPLAINED"] + counts["differ"]
        print(f"{group:<18}{judge:<12}{counts['agree']:>8}{counts['explained']:>11}{unexplained:>13}")


if __name__ == "__main__":
    sys.exit(main())
