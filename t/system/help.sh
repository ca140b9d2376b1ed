#!/bin/sh
# SPDX-License-Identifier: MIT
# What a program's --help says and what its man page says are the same options and commands.
set -e
cd "$(dirname "$0")/../.."
python3 t/system/help.py "${O:-out/release}/bin"
