"""Serializes requests and parses answers as botocore does, for tests.

Reads a JSON object a line and writes one a line. Values are JSON, with
{"$b": base64}, {"$t": milliseconds since 1970} and {"$f": text} for bytes,
times, and floats that JSON has not.
"""

import base64
import datetime
import json
import math
import sys
import urllib.parse

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MILLISECOND = datetime.timedelta(milliseconds=1)
loader = botocore.loaders.Loader()
services = {}


def service(name):
    if name not in services:
        services[name] = botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)
    return services[name]


def from_json(v):
    if isinstance(v, list):
        return [from_json(item) for item in v]
    if not isinstance(v, dict):
        return v
    if "$b" in v:
        return base64.b64decode(v["$b"])
    if "$t" in v:
        return EPOCH + v["$t"] * MILLISECOND
    if "$f" in v:
        return float(v["$f"])
    return {key: from_json(value) for key, value in v.items()}


def to_json(v):
    if isinstance(v, list):
        return [to_json(item) for item in v]
    if isinstance(v, dict):
        return {key: to_json(value) for key, value in v.items()}
    if isinstance(v, bytes):
        return {"$b": base64.b64encode(v).decode()}
    if isinstance(v, datetime.datetime):
        return {"$t": round((v - EPOCH) / MILLISECOND)}
    if isinstance(v, float):
        return {"$f": repr(v)}
    return v


def request(job, operation):
    serializer = botocore.serialize.create_serializer(job["protocol"], include_validation=False)
    body = serializer.serialize_to_request(from_json(job["value"]), operation)["body"]
    if isinstance(body, dict):
        body = urllib.parse.urlencode(body).encode()
    return {"body": base64.b64encode(body).decode()}


def answer(job, operation):
    parser = botocore.parsers.create_parser(job["protocol"])
    response = {"body": base64.b64decode(job["body"]), "headers": {}, "status_code": job["status"], "context": {}}
    parsed = parser.parse(response, operation.output_shape)
    if job["status"] < 300:
        parsed.pop("ResponseMetadata", None)
    return {"value": to_json(parsed)}


def main():
    for line in sys.stdin:
        job = json.loads(line)
        operation = service(job["service"]).operation_model(job["operation"])
        try:
            result = request(job, operation) if "value" in job else answer(job, operation)
        except Exception as e:  # the test says whose fault it is
            result = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(result))


main()
