# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder have in common: they say what is wrong, and report by TAP."""
import os
import sys
import tempfile


class Skip(Exception):
    """The test cannot be tried here; says why."""


def check(condition, said=""):
    if not condition:
        raise AssertionError(said)


def check_equal(got, wanted, said=""):
    check(got == wanted, "got %.1500r\nwanted %.1500r\n%s" % (got, wanted, said))


def skip_all(why):
    """Instead of main(): nothing of the file can be tried here, and the test counts as skipped."""
    print("1..0 # SKIP %s" % why)
    sys.exit(0)


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


def begin(number, test):
    """Runs a test in a process of its own, which has no threads yet. Its id, and the file that gets its lines."""
    said = tempfile.TemporaryFile("w+")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        lines, failed = run(number, test)
        said.write(lines)
        said.flush()
        os._exit(1 if failed else 0)
    return child, said


def main(tests, at_once=1):
    """at_once: how many may run beside each other, for tests that mostly wait. Lines come in the order of the tests."""
    print("1..%d" % len(tests))
    failed, running, waiting, codes = 0, {}, list(enumerate(tests, 1)), {}
    for number in range(1, len(tests) + 1):
        if at_once == 1:
            lines, wrong = run(*waiting.pop(0))
        else:
            while number not in codes:
                while waiting and len(running) < at_once:
                    child, said = begin(*waiting[0])
                    running[child] = waiting.pop(0)[0], said
                child, code = os.waitpid(-1, 0)
                if child in running:
                    its_number, said = running.pop(child)
                    codes[its_number] = code, said
            code, said = codes.pop(number)
            said.seek(0)
            lines = said.read() or "not ok %d - %s\n# it ended with %d" % (number, tests[number - 1].__name__, code)
            wrong = code != 0
        failed += wrong
        print(lines)
        sys.stdout.flush()
    return 1 if failed else 0
