"""What schemathesis is told beside the document: what exists on the server, so that not every request is about nothing; what would spoil
the server for the requests after it; and what is to be counted. `contract.py` says it all in the environment."""

import json
import os

import schemathesis

STATE = json.loads(os.environ["CONTRACT_STATE"])
COUNTS = os.environ["CONTRACT_COUNTS"]

counted = open(COUNTS, "a", buffering=1)


@schemathesis.serializer("application/x-bzip2", "application/x-ndjson")
def serialize_bytes(context, value):
    """Whatever was made up for a body that is no JSON value, as bytes."""
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Names something that exists in three requests of four: by the parameter's name, and where that is not enough by the path."""
    if not path_parameters:
        return path_parameters
    changed = dict(path_parameters)
    for name, value in path_parameters.items():
        known = STATE["paths"].get(f"{context.operation.path} {name}") or STATE["paths"].get(name)
        # Decided by what was made up, so that the same seed does the same again.
        choice = sum(str(value).encode("utf-8", "replace"))
        if known and choice % 4:
            changed[name] = known[choice % len(known)]
    return changed


@schemathesis.hook
def before_call(context, case, kwargs):
    """No webhook leads anywhere but to a port of this machine on which nobody listens."""
    if case.operation.path == "/v1/admin/webhooks" and isinstance(case.body, dict):
        url = case.body.get("url")
        if isinstance(url, str) and url.lower().startswith("http"):
            case.body["url"] = "http://127.0.0.1:9/" + "".join(c for c in url if c.isalnum())[:16]


@schemathesis.hook
def after_call(context, case, response):
    counted.write(f"{case.method} {case.operation.path} {response.status_code}\n")
