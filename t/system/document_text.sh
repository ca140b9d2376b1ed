#!/bin/sh
# SPDX-License-Identifier: MIT
# document-text by hand: each kind of document, what is none, and what was made to do harm.
set -e
cd "$(dirname "$0")/../.."
python3 t/system/document_text.py "${O:-out/release}/bin/document-text"
