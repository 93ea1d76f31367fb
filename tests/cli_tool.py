# SPDX-License-Identifier: MIT
"""umbraco-ai as its tests run it. Every run goes through Run, so that each is looked at for secrets in what it says and in the list
of processes, and for an exit code that its help does not name."""

import fcntl
import functools
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

TOOL = ""
TOKEN = "token-of-the-test-0123456789"
KEY = "sk-secret-of-the-test-0123456789"
SECOND_KEY = "sk-second-of-the-test-9876543210"
CLIENT_SECRET = "client-secret-of-the-test-13579"
# Words that begin secrets of the tests, and what the tool's own server has where no seed is given.
SECRETS = (TOKEN, SECOND_KEY, CLIENT_SECRET, "sk-secret", "AKIA-secret", "sk-sample-of-the-playground", "sk-generated")
DIALECTS = ("documented", "observed")
PATIENCE = 30


def use(path):
    """Says which tool is tested."""
    global TOOL
    TOOL = str(pathlib.Path(path).resolve())
    # What runs in the background ignores these, and so would the tool.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def environment(**variables):
    """What the tool sees; None takes a variable away."""
    made = {k: v for k, v in os.environ.items() if not k.startswith("UMBRACO_") and k not in ("NO_COLOR", "COLUMNS", "XDG_CONFIG_HOME")}
    made.update(LC_ALL="C.UTF-8", TERM="xterm", HOME="/nonexistent", TEST_KEY=KEY, SECOND_KEY=SECOND_KEY)
    made.update(variables)
    return {k: v for k, v in made.items() if v is not None}


def secrets_in(text, shows=()):
    for allowed in shows:
        text = text.replace(allowed, "")
    return [secret for secret in SECRETS if secret in text]


class Done:
    def __init__(self, code, out, err=""):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


class Run:
    """The tool with pipes at both ends or, where columns are given, in a terminal that is standard output and error at once.

    text   for standard input
    shows  the secrets that were asked for
    """

    def __init__(self, *arguments, columns=None, text=None, stdout=subprocess.PIPE, shows=(), cwd=None, **variables):
        self.arguments, self.shows, self.text, self.shown, self.terminal = arguments, shows, text, b"", None
        how = {"env": environment(**variables), "cwd": cwd, "start_new_session": True}
        command = [TOOL, *arguments]
        if columns:
            self.terminal, other = pty.openpty()
            fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
            self.child = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, **how)
            os.close(other)
        else:
            stdin = subprocess.DEVNULL if text is None else subprocess.PIPE
            self.child = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, encoding="utf-8", **how)
        self.check_list_of_processes()

    def check_list_of_processes(self):
        """What is listed is what was typed; end() sees to it that no secret was."""
        line = pathlib.Path(f"/proc/{self.child.pid}/cmdline")
        if line.exists():
            listed = line.read_bytes().split(b"\0")[:-1]
            # Nothing is listed of one that has ended.
            assert not listed or listed[1:] == [each.encode() for each in self.arguments], f"{listed}: the list of processes shows something else"

    def read_until(self, text, seconds=20):
        """Everything in the terminal so far, once the text has come."""
        end = time.monotonic() + seconds
        while text.encode() not in self.shown:
            if time.monotonic() > end or not self.read_some(end):
                raise AssertionError(f"{text!r} does not come: {self.shown!r}")
        return self.shown.decode()

    def read_some(self, end):
        if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
            return False
        try:
            piece = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.shown += piece
        return bool(piece)

    def answer(self, text):
        """What a person types when they are asked."""
        self.read_until("[y/N] ")
        os.write(self.terminal, text.encode())
        return self

    def wait_until_signals_are_heard(self):
        """From then on the tool ends by itself, and not by a signal."""
        end = time.monotonic() + 20
        while True:
            heard = re.search(r"(?m)^SigCgt:\s*(\w+)", pathlib.Path(f"/proc/{self.child.pid}/status").read_text())
            if int(heard.group(1), 16) & 1 << (signal.SIGHUP - 1):
                return self
            assert time.monotonic() < end, "the tool does not listen to signals"
            time.sleep(0.01)

    def signal(self, number=signal.SIGINT):
        self.child.send_signal(number)
        return self

    def end(self):
        try:
            if self.terminal is None:
                out, err = self.child.communicate(self.text, PATIENCE)
            else:
                end = time.monotonic() + PATIENCE
                while self.read_some(end):
                    pass
                self.child.wait(max(1, end - time.monotonic()))
                os.close(self.terminal)
                out, err = self.shown.decode().replace("\r\n", "\n"), ""
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.communicate()
            raise
        done = Done(self.child.returncode, out or "", err or "")
        self.check(done)
        return done

    def check(self, done):
        path = path_of(self.arguments)
        said = f"{self.arguments}: {done.out}{done.err}"
        found = secrets_in(done.out + done.err, self.shows)
        assert not found, f"a secret is shown: {said}"
        if secrets_in(" ".join(self.arguments)) and path != ("serve",):
            assert done.code == 64, f"a secret on the command line is not refused: {said}"
        assert done.code in exit_codes_of(path), f"exit code {done.code} is not in the help of {path}: {said}"


def run(*arguments, **how):
    return Run(*arguments, **how).end()


def run_in_terminal(*arguments, answer=None, columns=80, **how):
    begun = Run(*arguments, columns=columns, **how)
    return (begun if answer is None else begun.answer(answer)).end()


@functools.lru_cache(maxsize=None)
def help_of(path):
    return subprocess.run([TOOL, *path, "--help"], env=environment(), capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True).stdout


def section(path, heading):
    return help_of(path).partition(f"\n{heading}:\n")[2].partition("\n\n")[0].split("\n")


@functools.lru_cache(maxsize=None)
def subcommands_of(path):
    return [line.split()[0] for line in section(path, "Subcommands") if re.match(r"  \S", line)]


def exit_codes_of(path):
    """Those that its help names; a command that only has commands below it leaves that to the help of all."""
    listed = "\n".join(section(path, "Exit codes"))
    return {int(code) for code in re.findall(r"(?m)^  \d+|\d+(?= by SIG)", listed)} if listed else exit_codes_of(())


def commands(path=()):
    """Every command that does something."""
    below = subcommands_of(path)
    return [found for each in below for found in commands((*path, each))] if below else [path]


def path_of(arguments):
    """The command of a command line: ("connections", "list")."""
    path, below = (), subcommands_of(())
    for each in arguments:
        if each in below:
            path = (*path, each)
            below = subcommands_of(path)
    return path


class Server:
    """The tool's own server."""

    def __init__(self, *arguments, token=TOKEN, **variables):
        given = ["--token", token] if token else []
        self.process = Run("serve", "--output", "json", "--for", "300", *arguments, *given, shows=(TOKEN, CLIENT_SECRET), **variables)
        text = ""
        for line in self.process.child.stdout:
            text += line
            if line == "}\n":
                break
        if not text:
            raise AssertionError(self.process.child.stderr.read())
        self.told = json.loads(text)
        self.url = self.told["baseUrl"]
        self.variables = {"UMBRACO_BASE_URL": self.url, "UMBRACO_TOKEN": token or None}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.signal(signal.SIGTERM).end()

    def run(self, *arguments, **more):
        return run(*arguments, **{**self.variables, **more})

    def begin(self, *arguments, **more):
        return Run(*arguments, **{**self.variables, **more})

    def terminal(self, *arguments, columns=80, **more):
        return self.begin(*arguments, columns=columns, **more)


def without_progress(text):
    """What stays in a terminal: progress is written over."""
    return re.sub(r"\r\x1b\[K[^\n\r]*(?=\r\x1b\[K)|\r\x1b\[K", "", text)


def steady(text):
    """What differs from run to run, made alike."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"\d+(\.\d+)? ms( ?) *", r"N ms\2\2", text)
    text = re.sub(r'"milliseconds":\d+', '"milliseconds":0', text)
    return re.sub(r"TIME +", "TIME ", text)
