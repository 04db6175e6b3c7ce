"""Makes a TUF repository with the Python implementation, for a client of another one.

usage: make_repository.py DIRECTORY
"""

import os
import sys
from datetime import datetime, timedelta, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

directory = sys.argv[1]
metadata_directory = os.path.join(directory, "metadata")
targets_directory = os.path.join(directory, "targets")
os.makedirs(metadata_directory)
expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=10)


def write(role, metadata, version=True):
    name = f"{metadata.signed.version}.{role}.json" if version else f"{role}.json"
    metadata.to_file(os.path.join(metadata_directory, name))


def add_target(targets, path, content, algorithms):
    target = TargetFile.from_data(path, content, algorithms)
    target.unrecognized_fields["custom"] = {"words": ["é", "\n", 'quoted "', "\\"], "number": 10**30}
    targets.targets[path] = target
    for digest in target.hashes.values():
        folder, _, name = path.rpartition("/")
        os.makedirs(os.path.join(targets_directory, folder), exist_ok=True)
        with open(os.path.join(targets_directory, folder, f"{digest}.{name}"), "wb") as file:
            file.write(content)


rsa = CryptoSigner.generate_rsa()
pkcs = CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256")
ecdsa = CryptoSigner.generate_ecdsa()
ed25519 = CryptoSigner.generate_ed25519()

root = Root(expires=expires, consistent_snapshot=True)
for role, signers in {
    "root": [rsa, ed25519],
    "timestamp": [ed25519],
    "snapshot": [ecdsa],
    "targets": [pkcs, ecdsa],
}.items():
    for signer in signers:
        root.add_key(signer.public_key, role)
    root.roles[role].threshold = len(signers)
root.unrecognized_fields["unknown"] = {"é": [None, True, {"b": 1, "a": 2}]}
first = Metadata(root)
first.sign(rsa)
first.sign(ed25519, append=True)
write("root", first)

# The second root has other keys.
root.add_key(ecdsa.public_key, "root")
root.revoke_key(rsa.public_key.keyid, "root")
root.version = 2
second = Metadata(root)
for signer in [rsa, ed25519, ecdsa]:
    second.sign(signer, append=True)
write("root", second)

targets = Targets(expires=expires)
add_target(targets, "top", b"of the top-level role", ["sha256", "sha512"])
delegated = {
    "team": (DelegatedRole("team", [], 1, False, paths=["team/*"]), b"of the team"),
    "a b?": (DelegatedRole("a b?", [], 1, False, paths=["odd-[a-c]"]), b"of an odd role"),
    "low": (DelegatedRole("low", [], 1, True, path_hash_prefixes=[f"{n:x}" for n in range(8)]), None),
    "high": (DelegatedRole("high", [], 1, True, path_hash_prefixes=[f"{n:x}" for n in range(8, 16)]), None),
}
targets.delegations = Delegations({}, {name: role for name, (role, _) in delegated.items()})
snapshot = Snapshot(expires=expires)
documents = {}
for name in delegated:
    targets.add_key(ed25519.public_key, name)
    documents[name] = Targets(expires=expires)
add_target(documents["team"], "team/tool", b"of the team", ["sha512"])
add_target(documents["a b?"], "odd-b", b"of an odd role", ["sha256"])

# "hashed" goes to one of low and high by its hash, which shares its targets out further.
bins = SuccinctRoles([], 1, 3, "bin")
for name in ["low", "high"]:
    documents[name].delegations = Delegations({}, None, bins)
    documents[name].add_key(ecdsa.public_key)
for name in bins.get_roles():
    documents[name] = Targets(expires=expires)
add_target(documents[bins.get_role_for_target("hashed")], "hashed", b"of a bin", ["sha256"])

for name, body in documents.items():
    document = Metadata(body)
    document.sign(ecdsa if name.startswith("bin-") else ed25519)
    write(name, document)
    data = document.to_bytes()
    snapshot.meta[f"{name}.json"] = MetaFile.from_data(1, data, ["sha256"])
document = Metadata(targets)
document.sign(pkcs)
document.sign(ecdsa, append=True)
write("targets", document)
document = Metadata(snapshot)
document.sign(ecdsa)
write("snapshot", document)
timestamp = Timestamp(expires=expires, snapshot_meta=MetaFile.from_data(1, document.to_bytes(), ["sha256", "sha512"]))
document = Metadata(timestamp)
document.sign(ed25519)
write("timestamp", document, version=False)
