# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder have in common: they say what is wrong, and report by TAP."""
import sys


def check(condition, said=""):
    if not condition:
        raise AssertionError(said)


def check_equal(got, wanted, said=""):
    check(got == wanted, "got %.1500r\nwanted %.1500r\n%s" % (got, wanted, said))


def main(tests):
    print("1..%d" % len(tests))
    failed = 0
    for i, test in enumerate(tests, 1):
        try:
            test()
            print("ok %d - %s" % (i, test.__name__))
        except Exception as error:  # one broken test must not hide the others
            failed += 1
            print("not ok %d - %s" % (i, test.__name__))
            print("\n".join("# " + line for line in ("%s: %s" % (type(error).__name__, error)).splitlines()))
        sys.stdout.flush()
    return 1 if failed else 0
