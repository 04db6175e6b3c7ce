"""Fetches a target with the Python implementation, with a bearer token, and prints the SHA-256 of what was fetched.

usage: fetch_patch.py ROOT METADATA_URL TARGETS_URL WORK_DIRECTORY TARGET < TOKEN
"""

import hashlib
import os
import sys
import urllib.request

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater


class BearerFetcher(FetcherInterface):
    """Sends the token along with every request."""

    def __init__(self, token):
        self.headers = {"Authorization": f"Bearer {token}"}

    def _fetch(self, url):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=self.headers)) as answer:
                yield answer.read()
        except urllib.error.HTTPError as error:
            raise DownloadHTTPError(str(error), error.code) from error


root, metadata_url, targets_url, directory, name = sys.argv[1:]
with open(root, "rb") as file:
    bootstrap = file.read()
metadata_directory = os.path.join(directory, "metadata")
targets_directory = os.path.join(directory, "targets")
os.makedirs(metadata_directory)
os.makedirs(targets_directory)
updater = Updater(
    metadata_directory, metadata_url, targets_directory, targets_url,
    fetcher=BearerFetcher(sys.stdin.read().strip()), bootstrap=bootstrap,
)
updater.refresh()
info = updater.get_targetinfo(name)
if info is None:
    sys.exit(f"{name}: no such target")
with open(updater.download_target(info), "rb") as file:
    print(hashlib.sha256(file.read()).hexdigest())
