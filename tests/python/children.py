"""Scripts in an interpreter of their own, ended by a deadline."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

DEADLINE = 120


def run(script: str, *arguments: str, interpreter: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Returns how a script ended that finds what this interpreter finds. A script that hangs fails the test."""
    return subprocess.run(
        [interpreter, "-c", textwrap.dedent(script), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONFAULTHANDLER": ""},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def output(script: str, *arguments: str) -> str:
    """Returns what a script prints that ends well."""
    done = run(script, *arguments)
    assert done.returncode == 0, (done.returncode, done.stdout[-2000:], done.stderr[-4000:])
    return done.stdout.strip()


def interrupted(script: str, *arguments: str, after: float = 0.4, deadline: float = 30) -> str:
    """Returns what a script prints that gets one SIGINT, so long after it printed its first line."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        first = child.stdout.readline()
        assert first == "begun\n", first + child.communicate(timeout=deadline)[0]
        time.sleep(after)
        child.send_signal(signal.SIGINT)
        return child.communicate(timeout=deadline)[0].strip()
    finally:
        child.kill()
        child.wait()
