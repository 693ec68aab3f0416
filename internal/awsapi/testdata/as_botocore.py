"""Serializes requests and parses answers as botocore does, for tests.

Reads a JSON object a line and writes one a line, with values as in values.py.
"""

import base64
import json
import sys
import urllib.parse

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize

from values import from_json, to_json

loader = botocore.loaders.Loader()
services = {}


def service(name):
    if name not in services:
        services[name] = botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)
    return services[name]


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
