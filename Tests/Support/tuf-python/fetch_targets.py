"""Fetches targets from a TUF repository with the Python implementation, and prints their contents, a line each.

usage: fetch_targets.py ROOT METADATA_URL TARGETS_URL WORK_DIRECTORY TARGET...
"""

import os
import sys

from tuf.ngclient import Updater

root, metadata_url, targets_url, directory, *names = sys.argv[1:]
metadata_directory = os.path.join(directory, "metadata")
targets_directory = os.path.join(directory, "targets")
os.makedirs(metadata_directory)
os.makedirs(targets_directory)
with open(root, "rb") as file:
    bootstrap = file.read()
updater = Updater(metadata_directory, metadata_url, targets_directory, targets_url, bootstrap=bootstrap)
updater.refresh()
for name in names:
    info = updater.get_targetinfo(name)
    if info is None:
        sys.exit(f"{name}: no such target")
    with open(updater.download_target(info), encoding="utf-8") as file:
        print(file.read())
