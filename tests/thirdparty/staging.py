# SPDX-License-Identifier: Apache-2.0
"""An installed Qanat in a folder of its own, and projects built against it as a stranger would."""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time


class Failed(Exception):
    """A command did not do what it should; the text says which, and what it said."""


class Staging:
    """Installs BUILD below a temporary root, and knows the environment in which that Qanat is the installed one."""

    def __init__(self, build):
        self.root = tempfile.mkdtemp(prefix='qanat-authors-')
        try:
            self.install(build)
        except BaseException:
            shutil.rmtree(self.root)
            raise

    def install(self, build):
        self.run(['meson', 'install', '-C', build, '--no-rebuild', '--destdir', self.root], self.root, dict(os.environ))
        pc = self.find('qanat-stage.pc')
        qanat = self.find('qanat', executable=True)
        self.env = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(pc), LC_ALL='C.UTF-8',
                        PATH=os.path.dirname(qanat) + os.pathsep + os.environ['PATH'])
        for name in ('QANAT_PLUGIN_PATH', 'CFLAGS', 'CXXFLAGS', 'LDFLAGS', 'DESTDIR'):
            self.env.pop(name, None)
        prefix = subprocess.run(['pkg-config', '--variable=prefix', 'qanat-stage'], env=self.env, capture_output=True,
                                text=True).stdout.strip()
        if not os.path.realpath(prefix).startswith(os.path.realpath(self.root)):
            raise Failed('the installed pkg-config files are not relocatable: configure with -Dpkgconfig.relocatable=true')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def find(self, name, executable=False):
        for folder, _, names in os.walk(self.root):
            path = os.path.join(folder, name)
            if name in names and (not executable or os.access(path, os.X_OK) and not os.path.isdir(path)):
                return path
        raise Failed(f'{name} was not installed')

    def run(self, command, folder, env=None):
        """What the command printed."""
        result = subprocess.run(command, cwd=folder, env=env or self.env, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=600)
        if result.returncode != 0:
            shown = command if isinstance(command, str) else ' '.join(command)
            raise Failed(f'`{shown}` ended with {result.returncode}:\n{result.stdout}')
        return result.stdout

    def has_command(self, name):
        """Whether this qanat has a command of that name."""
        return subprocess.run(['qanat', name, '--help'], env=self.env, capture_output=True).returncode == 0


class Report:
    """Runs checks side by side, tells one line of each, and counts."""

    def __init__(self):
        self.failed = 0
        self.pool = concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1)

    def check(self, name, function, *arguments):
        self.pool.submit(self.work, name, function, *arguments)

    def work(self, name, function, *arguments):
        start = time.monotonic()
        try:
            skipped = function(*arguments)
            what = f'skip  {name}: {skipped}' if skipped else f'ok    {name}'
            print(f'{what} ({time.monotonic() - start:.1f} s)', flush=True)
        except (Failed, OSError, subprocess.TimeoutExpired) as error:
            self.failed += 1
            print(f'FAIL  {name}\n{error}', flush=True)

    def wait(self):
        self.pool.shutdown()

    def end(self):
        sys.exit(1 if self.failed else 0)
