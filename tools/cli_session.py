#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cli_session.py PATH_TO_UMBRACO_AI [--check]: plays the terminal session of README.md against the tool's own server, and
writes what is shown into README.md, or checks that it stands there already.

What differs from run to run is made alike: the port, and times.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pseudo_terminal

README = pathlib.Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- A session, written by tools/cli_session\.py -->\n```console\n).*?(```\n)", re.S)
COLUMNS = 100
VARIABLES = {"GOOGLE_KEY": "google-key-of-the-session", "NEW_KEY": "anthropic-key-of-the-session"}

SESSION = """
umbraco-ai connections list
umbraco-ai connections test --all
umbraco-ai connections diagnose google-old
umbraco-ai connections update google-old --set apiKey=google-key-of-the-session
umbraco-ai connections update google-old --set-env apiKey=GOOGLE_KEY
umbraco-ai rotate anthropic-dev --set-env apiKey=NEW_KEY
umbraco-ai connections get anthropic-dev
umbraco-ai export connections/
umbraco-ai connections update openai-prod --name 'OpenAI, renamed by hand'
umbraco-ai diff connections/openai-prod.json
umbraco-ai apply connections/openai-prod.json
umbraco-ai connections delete openai-prod --yes
"""


def shown_by(command, folder, environment):
    """What a command shows in a terminal, and its exit code."""
    code, text = pseudo_terminal.run(["sh", "-c", command], COLUMNS, cwd=folder, env=environment, start_new_session=True)
    # Progress, which is gone before the next line is written.
    return re.sub(r"\r\x1b\[K[^\n\r]*(?=\r\x1b\[K)|\r\x1b\[K", "", text), code


def steady(text):
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8080", text)
    return re.sub(r"\b\d+(\.\d+)? ms\b", "2 ms", text)


def play(tool):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UMBRACO_") and k != "COLUMNS"}
    environment.update(VARIABLES, LC_ALL="C.UTF-8", TERM="xterm", NO_COLOR="1")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "bin").mkdir()
        (folder / "bin/umbraco-ai").symlink_to(tool)
        (folder / "work").mkdir()
        environment["PATH"] = f"{folder / 'bin'}:{environment['PATH']}"
        serve = subprocess.Popen(["umbraco-ai", "serve", "--token", "playground", "--for", "60"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8")
        try:
            url = serve.stdout.readline().strip()
            serve.stdout.readline()
            export = serve.stdout.readline().strip()
            environment.update(UMBRACO_BASE_URL=url, UMBRACO_TOKEN="playground")
            page = ["$ umbraco-ai serve --port 8080 --token playground &\n", f"{url}\n", f"$ {export}\n"]
            for line in SESSION.strip().split("\n"):
                shown, code = shown_by(line, folder / "work", environment)
                page.append(f"$ {line}\n{shown}")
                if code:
                    page.append(f"# exit code {code}\n")
        finally:
            serve.terminate()
            serve.communicate(timeout=10)
    text = steady("".join(page))
    # The one that was typed, to be refused, is in its own line and nowhere else.
    for secret in VARIABLES.values():
        if text.replace("--set apiKey=" + secret, "").find(secret) >= 0:
            sys.exit("cli_session: a secret is shown")
    return text


def main():
    parser = argparse.ArgumentParser(description="Writes, or checks, the terminal session of README.md.")
    parser.add_argument("tool", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    session = play(options.tool.resolve())
    readme = README.read_text(encoding="utf-8")
    if not BLOCK.search(readme):
        sys.exit("README.md has no place for the session")
    fresh = BLOCK.sub(lambda match: match.group(1) + session + match.group(2), readme)
    if fresh == readme:
        print("README.md shows what the tool shows")
        return 0
    if options.check:
        print("README.md shows another session than this one; tools/cli_session.py writes it anew\n" + session)
        return 1
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())
