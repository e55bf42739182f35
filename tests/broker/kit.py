# SPDX-License-Identifier: Apache-2.0
"""Runs parts of the broker kit side by side, since its tests mostly wait for brokers, and joins what they say to one TAP."""
import os
import re
import subprocess

RESULT = re.compile(r'(ok|not ok) \d+(.*)')


class Parts:
    """start() as many as are wanted; then finish()."""

    def __init__(self, kit):
        self.kit, self.processes = kit, []

    def start(self, description, **chosen):
        """chosen: part="1/4", only="...", but="..."."""
        environment = dict(os.environ, QANAT_BROKER_KIT=description, CMOCKA_MESSAGE_OUTPUT='TAP')
        if 'QANAT_KIT_PRELOAD' in os.environ:  # for the kit alone, not for what is around it
            environment['LD_PRELOAD'] = os.environ['QANAT_KIT_PRELOAD']
        environment.update({'QANAT_BROKER_KIT_' + name.upper(): value for name, value in chosen.items()})
        self.processes.append(subprocess.Popen([self.kit], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))

    def _lines(self, timeout):
        """What each part has said; one that ended without a word for each of its tests has failed."""
        for process in self.processes:
            said = []
            try:
                said = process.communicate(timeout=timeout)[0].splitlines()
            except subprocess.TimeoutExpired:
                process.kill()
                said = process.communicate()[0].splitlines() + ['not ok 0 - a part of the kit took more than %d s' % timeout]
            wanted = sum(int(line[3:].split()[0]) for line in said if line.startswith('1..'))
            got = sum(RESULT.match(line) is not None for line in said)
            if wanted == 0 or got < wanted or (process.returncode != 0 and not any(line.startswith('not ok') for line in said)):
                said.append('not ok 0 - a part of the kit ended with %s after %d of %d tests' % (process.returncode, got, wanted))
            yield from said
        self.processes = []

    def finish(self, results, timeout=240):
        """Waits for what was started; prints its results behind those that there are. True: all is well."""
        good = True
        for line in self._lines(timeout):
            match = RESULT.match(line)
            if match:
                results.append(line)
                good = good and match.group(1) == 'ok'
                print('%s %d%s' % (match.group(1), len(results), match.group(2)), flush=True)
            elif not line.startswith(('1..', '# ok - ', '# not ok - ')):
                print(line if line.startswith('#') else '# ' + line, flush=True)
        return good
