# SPDX-License-Identifier: Apache-2.0
"""What tests of qanat from outside have in common: a folder of their own, pipelines of a few stages, TAP.

usage of such a test: NAME QANAT BUILD_ROOT"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import beside  # noqa: E402

DEADLINE_S = 60
FOLDER = tempfile.TemporaryDirectory(prefix="qanat-test-")
QANAT, BUILD_ROOT = (os.path.abspath(path) for path in sys.argv[1:3])

# Text of our own with names, amounts and dates in it.
NEWS = ("أعلنت شركة مايكروسوفت في الرياض يوم 5 مارس 2026 أنها ستستثمر 1.5 مليار دولار في مراكز بيانات جديدة. "
        "وقال رئيس أرامكو السعودية إن العقد مع مايكروسوفت يمتد سنوات، وإن \"جوجل\" لم تشارك فيه.\n")

# The stages that mark entities, without those the tests do not look at.
STAGES = [{"use": name} for name in ("decode", "normalize", "sentences", "tokenize", "entities")]


def check(condition, said=""):
    if not condition:
        raise AssertionError(said)


def check_equal(got, wanted, said=""):
    check(got == wanted, "got %.1500r\nwanted %.1500r\n%s" % (got, wanted, said))


def place(name):
    """A path in the test's folder."""
    return os.path.join(FOLDER.name, name)


def write(name, content):
    path = place(name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def pipeline(file_name, sink, stages=None, source=None, **more):
    whole = {"source": source or {"use": "files", "with": {"paths": ["-"]}}, "stages": STAGES if stages is None else stages,
             "sink": sink, **more}
    return write(file_name + ".json", json.dumps(whole))


def command(*arguments):
    return [QANAT, *arguments]


def qanat(*arguments, **options):
    return subprocess.run(command(*arguments), capture_output=True, timeout=DEADLINE_S, **options)


def run(*arguments, status=0, **options):
    """qanat run, which must end with the status; returns it with texts."""
    ran = qanat("run", *arguments, **options)
    ran.said = ran.stderr.decode()
    check_equal(ran.returncode, status, ran.said)
    return ran


def own_folder():
    """A folder for one of the tests that run beside each other."""
    global FOLDER
    FOLDER = tempfile.TemporaryDirectory(prefix="qanat-test-")
    return FOLDER.cleanup


def main(tests, at_once=1):
    return beside.main(tests, at_once, own_folder)
