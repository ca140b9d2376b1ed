# SPDX-License-Identifier: MIT
# help.py BIN: compares the options (and jdctl's commands) of each program's --help with its man page.
import glob
import os
import re
import subprocess
import sys

BIN = sys.argv[1]
EVERYWHERE = {"help", "version"}  # of every program: jdmail(7) tells them
problems = []


def help_of(program, *words):
    r = subprocess.run([os.path.join(BIN, program), *words, "--help"], capture_output=True, text=True, check=False)
    if r.returncode != 0 or not r.stdout:
        problems.append(f"{program} {' '.join(words)} --help: exit {r.returncode}")
    return r.stdout


def options_in(text):
    return set(re.findall(r"^  (?:-\w,)?--([\w-]+)", text, re.M)) - EVERYWHERE


def commands_in(text):
    return re.findall(r"^  ([a-z][\w-]*) ", text.partition("\nSubcommands:\n")[2], re.M)


def flags_in(mdoc):
    return set(re.findall(r"\bFl -([\w-]+)", mdoc))


def section(mdoc, name):
    m = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", mdoc, re.M | re.S)
    return m[1] if m else ""


def differ(where, helped, documented):
    for o in sorted(helped - documented):
        problems.append(f"{where}: --{o} is not in the man page")
    for o in sorted(documented - helped):
        problems.append(f"{where}: --{o} is in the man page and no option")


def leaves(program, *words):
    """Every command without commands below: {words: options}."""
    text = help_of(program, *words)
    below = commands_in(text)
    if not below:
        return {words: options_in(text)}
    return {k: v for name in below for k, v in leaves(program, *words, name).items()}


def documented_commands(mdoc):
    """[(commands, options)]: of each ".It Cm noun verb | verb" and what stands below it; entries that
    follow each other without text between them are one."""
    groups, commands, flags = [], set(), set()
    for entry in re.split(r"^\.It Cm ", section(mdoc, "DESCRIPTION").partition("\n.El\n")[0], flags=re.M)[1:]:
        line, _, body = entry.partition("\n")
        words = re.split(r" (?:Ar|Fl|Op|Oo)\b", line)[0].split()
        nouns = words[:words.index("|") - 1] if "|" in words else words[:-1]
        commands |= {(*nouns, w) for w in words[len(nouns):] if w != "|"}
        flags |= flags_in(entry)
        if body.strip():
            groups.append((commands, flags))
            commands, flags = set(), set()
    return groups + [(commands, flags)]


def check_commands(program, mdoc):
    found, told = leaves(program), set()
    of_several = flags_in(section(mdoc, "DESCRIPTION").partition("\n.El\n")[2])
    for commands, flags in documented_commands(mdoc):
        told |= commands
        real = set().union(*(found.get(c, set()) for c in commands))
        differ(f"{program} {'/'.join(' '.join(c) for c in sorted(commands))}", real - (of_several - flags), flags)
    for c in sorted(set(found) - told):
        problems.append(f"{program} {' '.join(c)}: not in the man page")
    for c in sorted(told - set(found)):
        problems.append(f"{program} {' '.join(c)}: in the man page and no command")


for path in sorted(glob.glob(os.path.join(BIN, "*"))):
    program = os.path.basename(path)
    pages = glob.glob(f"man/{program}.[18]")
    if not pages:
        problems.append(f"{program}: no man page")
        continue
    with open(pages[0]) as f:
        mdoc = f.read()
    options = options_in(help_of(program))
    if "service" in options:
        options |= options_in(help_of(program, "--service"))
    if commands_in(help_of(program)):
        check_commands(program, mdoc)
    differ(program, options, flags_in(section(mdoc, "OPTIONS")))
    synopsis = flags_in(section(mdoc, "SYNOPSIS"))
    if synopsis - options:
        problems.append(f"{program}: SYNOPSIS has {sorted(synopsis - options)}")

    for words, codes in ((["--version"], {0}), (["--no-such-option"], {{"queue-inject": 55, "sendmail": 64}.get(program, 100)})):
        r = subprocess.run([path, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if r.returncode not in codes or not (r.stdout if 0 in codes else r.stderr):
            problems.append(f"{program} {words[0]}: exit {r.returncode}: {r.stdout}{r.stderr}")

for p in problems:
    print(p)
sys.exit(1 if problems else 0)
