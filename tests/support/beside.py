# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a file, one after the other or some beside each other, and reports by TAP. For tests that mostly wait: each then has a
process of its own, forked where there are no threads yet."""
import os
import sys
import tempfile


class Skip(Exception):
    """The test cannot be tried here; says why."""


def run(number, test):
    """The test's lines, without their end; whether it failed."""
    try:
        test()
        return "ok %d - %s" % (number, test.__name__), False
    except Skip as skipped:
        return "ok %d - %s # SKIP %s" % (number, test.__name__, skipped), False
    except Exception as error:  # one broken test must not hide the others
        said = ("%s: %s" % (type(error).__name__, error)).splitlines()
        return "\n".join(["not ok %d - %s" % (number, test.__name__)] + ["# " + line for line in said]), True


def begin(number, test, enter):
    """Runs a test in a process of its own. Its id, and the file that gets its lines."""
    said = tempfile.TemporaryFile("w+")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        leave = enter() if enter is not None else None
        lines, failed = run(number, test)
        said.write(lines)
        said.flush()
        if leave is not None:
            leave()
        os._exit(1 if failed else 0)
    return child, said


def run_all(tests, at_once, enter):
    """The lines of each test and whether it failed, in the order of the tests."""
    waiting, running, ended = list(enumerate(tests, 1)), {}, {}
    for number, test in enumerate(tests, 1):
        while number not in ended:
            while waiting and len(running) < at_once:
                child, said = begin(*waiting[0], enter)
                running[child] = waiting.pop(0)[0], said
            child, code = os.wait()
            if child in running:
                its_number, said = running.pop(child)
                ended[its_number] = code, said
        code, said = ended.pop(number)
        said.seek(0)
        yield said.read() or "not ok %d - %s\n# it ended with %d" % (number, test.__name__, code), code != 0


def main(tests, at_once=1, enter=None):
    """enter: called first in each process, so that tests do not meet in one folder; returns what is called last."""
    print("1..%d" % len(tests))
    failed = 0
    alone = (run(number, test) for number, test in enumerate(tests, 1))
    for lines, wrong in alone if at_once == 1 else run_all(tests, at_once, enter):
        failed += wrong
        print(lines)
        sys.stdout.flush()
    return 1 if failed else 0
