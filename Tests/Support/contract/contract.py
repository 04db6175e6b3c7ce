#!/usr/bin/env python3
"""Asks real servers what their OpenAPI document describes, in tens of thousands of requests that schemathesis makes up, as every kind of
caller, and holds each answer against the document.

    contract.py PROGRAMS

PROGRAMS is where livepatch-server and generate-patches are. CONTRACT_EXAMPLES multiplies the number of requests (1 without it),
CONTRACT_SEED makes up other ones, CONTRACT_ONLY names one kind of caller. Every server listens on loopback at a port that the system
chooses, has a directory of its own, and is stopped by its process id. Ends with 1 if an answer does not conform.
"""

import base64
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SCHEMATHESIS = pathlib.Path(sys.executable).with_name("st")
SEED = ["--seed", os.environ["CONTRACT_SEED"]] if "CONTRACT_SEED" in os.environ else ["--generation-deterministic"]
FACTOR = float(os.environ.get("CONTRACT_EXAMPLES", "1"))
LEAST = 20_000
# The password "correct horse" as bcrypt with the least cost, for an administrator with each role.
PASSWORD = "correct horse"
ROLES = {"admin": "admin", "operator": "operate", "reader": "read"}
ACCOUNTS = ",".join(f"{user}:$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e" for user in ROLES)
CHECKS = ",".join(
    [
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
        "response_schema_conformance", "ignored_auth", "unsupported_method",
    ]
)
# What does not end by itself is not asked by those who may listen.
# What ends the credential that it is asked with, or everybody's. It is asked last, each with a credential of its own.
SESSIONS = ["revokeSessions", "logOut"]
EXCLUDED = {"downstream": ["listenForChanges"], "machine": ["endMachineToken"], "administrator": SESSIONS, "edges": SESSIONS, "operator": SESSIONS, "reader": SESSIONS}
ENDING = {"machine": ["endMachineToken"], "edges": SESSIONS, "operator": ["revokeSessions"], "reader": ["revokeSessions"]}
# Which of the document's credentials each kind of caller has.
SCHEMES = {"downstream": "syncToken", "machine": "machineToken", "newcomer": "authToken", "stranger": None}
# What each asks: the phases of schemathesis, and how many requests are made up for each operation at most. `coverage` goes along the edges
# of the description, for every operation, whether the caller may enter or is sent away; `fuzzing` asks what nobody thinks of, which takes
# three times as long for each request, and is worth it only where the caller may enter (`None` requests: there is no such run). What takes
# longest comes first.
EXAMPLES = {"administrator": (None, 36), "edges": ("examples,coverage", None), "reader": ("coverage", 4), "operator": ("coverage", 8),
            "downstream": ("coverage", 15), "machine": ("coverage", 15), "newcomer": (None, 60), "stranger": (None, 60)}
# Nothing here goes through a proxy.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("LP_") and not k.lower().endswith("_proxy")}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """A server with tiers, patches, tokens and a machine."""

    def __init__(self, programs, folder):
        self.log = open(folder / "server.log", "wb")
        environment = ENVIRONMENT | {
            "LP_AUTH_BASIC_USERS": ACCOUNTS, "LP_AUTH_BASIC_ROLES": ",".join(f"{user}={role}" for user, role in ROLES.items()),
            "SWIFT_BACKTRACE": "enable=no"}
        self.process = subprocess.Popen(
            [programs / "livepatch-server", "--data-dir", folder / "data", "--set", "server.server-address=127.0.0.1:0",
             "--set", "patch-sync.id=origin-1", "--set", "server.log-level=error"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, env=environment)
        try:
            self.begin(programs, folder)
        except BaseException:
            self.stop()
            raise

    def begin(self, programs, folder):
        line = self.process.stdout.readline().decode()
        while line and "ready on" not in line:
            line = self.process.stdout.readline().decode()
        found = re.search(r"ready on (http://\S+)", line)
        if not found:
            raise SystemExit(f"contract: the server did not start: {(folder / 'server.log').read_text()}")
        self.url = found.group(1)
        self.session = self.log_in("admin")
        self.furnish(programs, folder)

    def log_in(self, user):
        return self.ask("POST", "/v1/admin/login", basic=f"{user}:{PASSWORD}")["token"]

    def secret(self, caller):
        """What a kind of caller comes with; administrators with a session of their own."""
        return {"downstream": lambda: self.sync, "machine": lambda: self.machine, "newcomer": lambda: self.auth,
                "stranger": lambda: None}.get(caller, lambda: self.log_in(caller if caller in ROLES else "admin"))()

    def ask(self, method, path, body=None, token=None, basic=None, raw=None):
        request = urllib.request.Request(self.url + path, method=method)
        if basic:
            request.add_header("Authorization", "Basic " + base64.b64encode(basic.encode()).decode())
        elif token or hasattr(self, "session"):
            request.add_header("Authorization", f"Bearer {token or self.session}")
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        try:
            with DIRECT.open(request, data, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"contract: {method} {path} answered {error.code}: {error.read().decode()}") from error
        return json.loads(text) if text else None

    def furnish(self, programs, folder):
        patches = folder / "patches"
        subprocess.run(
            [programs / "generate-patches", patches, "--versions", "100.1,101.1,102.1", "--kernels", "2"], check=True,
            stdout=subprocess.DEVNULL)
        names = sorted(file.name for file in patches.iterdir() if file.name.endswith(".tar.bz2"))
        digests = []
        for name in names:
            taken = self.ask("PUT", f"/v1/admin/patch-files/{name}", raw=(patches / name).read_bytes())
            digests.append(taken["file"]["digest"])
        tier = self.ask("GET", "/v1/admin/tiers")["tiers"][0]["name"]
        self.ask("POST", "/v1/admin/changes", {
            "command": {"addTier": {"name": "stable-x", "position": {"last": {}}}}, "dryRun": False})
        for version in ["100.1", "101.1"]:
            self.ask("POST", "/v1/admin/changes", {
                "command": {"promote": {"version": version, "tier": "stable-x"}}, "dryRun": False})
        self.ask("POST", "/v1/admin/kernels/coverage", {"change": {"set": [{
            "series": "5.15", "flavour": "generic", "architecture": "amd64", "coveredUntil": "2999-01-01T00:00:00Z"}],
            "remove": [], "replacesAll": False}, "dryRun": False})
        webhook = self.ask("POST", "/v1/admin/webhooks", {"url": "http://127.0.0.1:9/first", "events": ["*"]})["webhook"]
        self.sync = self.ask("POST", "/v1/admin/sync-tokens", {"name": "contract", "tier": tier})["secret"]
        self.ask("POST", "/v1/admin/sync-tokens", {"name": "other", "tier": tier})
        self.auth = self.ask("POST", "/v1/admin/auth-token", {"id": "contract", "tier": tier})["secret"]
        self.ask("POST", "/v1/admin/auth-token", {"id": "other", "tier": tier})
        machine = "0123456789abcdef0123456789abcdef"
        self.machine = self.ask("POST", f"/v1/client/{machine}/register", token=self.auth)["machineToken"]
        self.state = {
            "paths": {
                "filename": names, "version": ["100.1", "101.1", "102.1"], "tier": [tier, "stable-x"],
                "deployment": ["origin-1"], "machine-id": [machine], "machine": [machine], "kind": ["origin", "tiers"],
                "target": [f"{digest}.{name}" for digest, name in zip(digests, names)],
                "file": ["timestamp.json", "1.root.json", "1.snapshot.json"], "name": ["other"],
                "/v1/admin/webhooks/{id} id": [str(webhook["id"])],
                "/v1/admin/webhooks/{id}/test id": [str(webhook["id"])],
                "/v1/admin/webhooks/{id}/enable id": [str(webhook["id"])],
                "/v1/admin/auth-tokens/{id} id": ["other"], "/v1/admin/auth-tokens/{id}/move id": ["other"],
            }
        }

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        self.log.close()
        return status


def run(server, folder, secret, examples, phases, selection):
    """One run of schemathesis. Returns its exit status and what it printed."""
    command = [
        SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", f"{server.url}/v1/openapi.json", "--url", server.url,
        "--workers", "1", "--phases", phases, "--checks", CHECKS, "--max-examples", str(max(1, int(examples * FACTOR))), *SEED,
        "--no-shrink", "--suppress-health-check", "all", "--warnings", "off",
        "--continue-on-failure", "--no-color", "--max-redirects", "0", "--request-timeout", "30", *selection,
    ]
    if secret:
        command += ["--header", f"Authorization:Bearer {secret}"]
    environment = ENVIRONMENT | {
        "CONTRACT_STATE": json.dumps(server.state), "CONTRACT_COUNTS": str(folder / "counts"), "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": "contract_hooks", "PYTHONUNBUFFERED": "1",
    }
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=1200)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def entered(caller):
    """The operations that a kind of caller may use, without those for `HEAD`, which are there for each `GET`."""
    with open(HERE.parents[2] / "Documentation" / "openapi.json", encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    scheme = SCHEMES.get(caller, "session")
    return [operation["operationId"] for item in paths.values() for method, operation in item.items()
            if method != "head" and (not operation["security"] or {} in operation["security"]
                                     or any(scheme in requirement for requirement in operation["security"]))]


def examine(programs, parent, caller):
    began = time.monotonic()
    folder = parent / caller
    folder.mkdir()
    server = Server(programs, folder)
    outputs = []
    try:
        edges, fuzzing = EXAMPLES[caller]
        excluded = EXCLUDED.get(caller, [])
        secret = server.secret(caller)
        exclusions = [word for name in excluded for word in ("--exclude-operation-id", name)]
        if edges:
            outputs.append(run(server, folder, secret, 1, edges, exclusions))
        if fuzzing:
            names = [word for name in entered(caller) if name not in excluded for word in ("--include-operation-id", name)]
            outputs.append(run(server, folder, secret, fuzzing, "fuzzing", names))
        for name in ENDING.get(caller, []):
            outputs.append(run(server, folder, server.secret(caller), 5, "coverage,fuzzing", ["--include-operation-id", name]))
    finally:
        status = server.stop()
    log = (folder / "server.log").read_text(errors="replace")
    counts = collections.Counter(line.rsplit(" ", 1)[-1] for line in (folder / "counts").read_text().splitlines())
    return caller, outputs, status, log, counts, time.monotonic() - began


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    callers = [os.environ["CONTRACT_ONLY"]] if "CONTRACT_ONLY" in os.environ else list(EXAMPLES)
    failed = False
    total = 0
    with tempfile.TemporaryDirectory(prefix="livepatch-contract-") as folder:
        with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
            work = [pool.submit(examine, programs, pathlib.Path(folder), caller) for caller in callers]
            for done in concurrent.futures.as_completed(work):
                caller, outputs, status, log, counts, seconds = done.result()
                total += sum(counts.values())
                answers = ", ".join(f"{count} × {code}" for code, count in sorted(counts.items()))
                print(f"{caller}: {sum(counts.values())} requests in {seconds:.0f} s ({answers})", flush=True)
                if status != 0:
                    failed = True
                    print(f"The server of the {caller} ended with {status}:\n{log[-4000:]}")
                # Somebody whose credential is good for nothing sees nothing but refusals, which conform.
                if sum(count for code, count in counts.items() if code.startswith("2")) < 20:
                    failed = True
                    print(f"contract: hardly anything that the {caller} asked was answered with success")
                for code, output in outputs:
                    if code != 0:
                        failed = True
                        print(output)
    print(f"{total} requests in all")
    if total < LEAST and len(callers) == len(EXAMPLES) and FACTOR >= 1:
        print(f"contract: that is less than {LEAST}")
        failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
