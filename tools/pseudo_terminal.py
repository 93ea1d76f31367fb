# SPDX-License-Identifier: MIT
"""Runs programs as somebody sees them who sits at a terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

ROWS = 40


def run(command, columns=80, typed="", **how):
    """The exit code of a command and what it shows in a terminal of so many columns, at which `typed` is typed at once. `how` is
    for subprocess.Popen. It has a minute after it closed the terminal."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    child = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, **how)
    os.close(other)
    os.write(main, typed.encode())
    shown = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(main)
    return child.wait(60), shown.decode("utf-8").replace("\r\n", "\n")
