"""Sends requests and reads answers as botocore's clients do, for tests.

Reads a JSON object a line and writes one a line, with values as in
values.py. Nothing leaves the machine: what a client would send is caught
just before.
"""

import base64
import json
import sys

import botocore.awsrequest
import botocore.config
import botocore.parsers
import botocore.session

from values import from_json, to_json

session = botocore.session.Session()
session.set_credentials("AKIDEXAMPLE", "secret")
clients = {}
sent = []


def catch(request, **_):
    sent.append(request)
    return botocore.awsrequest.AWSResponse(request.url, 599, {}, Nothing())


class Nothing:
    """The body of an answer that never came."""

    def stream(self, *_args, **_kwargs):
        return iter([b""])

    def read(self, *_args):
        return b""


def client(name, endpoint):
    if (name, endpoint) not in clients:
        config = botocore.config.Config(
            parameter_validation=False, retries={"total_max_attempts": 1}, tcp_keepalive=False,
            disable_request_compression=True,
        )
        c = session.create_client(name, region_name="us-east-1", config=config, endpoint_url=endpoint)
        c.meta.events.register_last("before-send", catch)
        clients[name, endpoint] = c
    return clients[name, endpoint]


def request(job):
    c = client(job["service"], job.get("endpoint"))
    sent.clear()
    try:
        c._make_api_call(job["operation"], from_json(job["value"]))
    except Exception:
        if not sent:
            raise
    r = sent[0]
    body = r.body or b""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, (bytes, bytearray)):
        body = body.read()
    headers = {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in r.headers.items()}
    return {"method": r.method, "url": r.url, "headers": headers, "body": base64.b64encode(body).decode()}


class Headers(dict):
    """Headers whose names are found in any case."""

    def __init__(self, headers):
        super().__init__((k.lower(), v) for k, v in headers.items())

    def __getitem__(self, name):
        return super().__getitem__(name.lower())

    def __contains__(self, name):
        return super().__contains__(name.lower())

    def get(self, name, default=None):
        return super().get(name.lower(), default)


def answer(job):
    model = client(job["service"], None).meta.service_model
    operation = model.operation_model(job["operation"])
    parser = botocore.parsers.create_parser(job["protocol"])
    response = {
        "body": base64.b64decode(job.get("body") or ""),
        "headers": Headers(job["headers"]),
        "status_code": job["status"],
        "context": {},
    }
    parsed = parser.parse(response, operation.output_shape)
    metadata = parsed.pop("ResponseMetadata", {})
    result = {"requestId": metadata.get("RequestId", "")}
    if job["status"] >= 300:
        error = parsed.get("Error", {})
        result["code"], result["message"] = error.get("Code"), error.get("Message")
        shape = model.shape_for_error_code(error.get("Code"))
        if shape is not None:
            result["shape"] = shape.name
            parsed = parser.parse(response, shape)
        else:
            parsed = {}
    result["value"] = to_json(parsed)
    return result


def main():
    for line in sys.stdin:
        job = json.loads(line)
        try:
            result = request(job) if "value" in job else answer(job)
        except Exception as e:  # the test says whose fault it is
            result = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(result, default=str))


main()
