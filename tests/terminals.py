"""A person at a terminal who answers questions: the command as a process on a real pty."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests import commands

WAIT_SECONDS = 60
CTRL_C = "\x03"
_READING_SECONDS = 0.3


def run(
    data: Path, *arguments: str, answers: Sequence[tuple[str, str]] = (), **more: str
) -> tuple[int, str]:
    """Run the command on a pseudo-terminal, answer its questions in their order.

    Each question is a text to wait for, with what is typed then. Returns status and screen.
    """
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        (*commands.COMMAND, *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**commands.environment(data), "TERM": "xterm-256color", "COLUMNS": "120", **more},
        start_new_session=True,
    )
    os.close(theirs)
    screen, waiting = b"", list(answers)
    try:
        while True:
            ready, _, _ = select.select([ours], [], [], WAIT_SECONDS)
            assert ready, screen
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            screen += piece
            if waiting and waiting[0][0].encode() in screen:
                answer = waiting.pop(0)[1]
                if answer == CTRL_C:
                    # Python's input() loses a signal that comes just before it begins to wait. A
                    # person takes longer to read the question.
                    time.sleep(_READING_SECONDS)
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(ours, answer.encode())
        return process.wait(WAIT_SECONDS), screen.decode()
    finally:
        os.close(ours)
        process.kill()
        process.wait()
