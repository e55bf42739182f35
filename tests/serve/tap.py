# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder have in common: they say what is wrong, and report by TAP."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from beside import main  # noqa: E402,F401 (for those that take it from here)


def check(condition, said=""):
    if not condition:
        raise AssertionError(said)


def check_equal(got, wanted, said=""):
    check(got == wanted, "got %.1500r\nwanted %.1500r\n%s" % (got, wanted, said))
