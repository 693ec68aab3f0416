"""Makes calls with botocore, all of them to one address.

    client.py HOST:PORT CALLS RESULTS

CALLS has a JSON object a line: number, service (as botocore names it),
operation, region, params by the model's names (bytes as {"__bytes__": base64}),
and host, which is the Host header or empty for the one that botocore takes.
Each call is one HTTP request, numbered in the header X-Corpus-Call. RESULTS gets
a line for each: the number, the request id that the client got, the error code of
the answer if it is one, and why the call failed if it was not answered.

Names resolve to the one address, so that a client has the endpoints that it has
with AWS and S3's buckets are named in hosts as well as in paths.
"""

import base64
import json
import socket
import sys

import botocore.exceptions
import botocore.handlers
import botocore.session
import urllib3.util.connection
from botocore.config import Config

# What these add or escape is the client's own doing; a record shows what its own
# client sent.
ADDITIONS = [
    ("before-parameter-build", botocore.handlers.generate_idempotent_uuid),
    ("before-parameter-build.s3.ListObjects", botocore.handlers.set_list_objects_encoding_type_url),
    ("before-parameter-build.s3.ListObjectsV2", botocore.handlers.set_list_objects_encoding_type_url),
    ("before-parameter-build.s3.ListObjectVersions", botocore.handlers.set_list_objects_encoding_type_url),
    ("before-parameter-build.s3.CopyObject", botocore.handlers.handle_copy_source_param),
    ("before-call.ec2.CopySnapshot", botocore.handlers.inject_presigned_url_ec2),
]


def connect_to(host, port):
    def create_connection(_, *args, **kwargs):
        return socket.create_connection((host, port), timeout=30)

    urllib3.util.connection.create_connection = create_connection


class Client:
    def __init__(self):
        self.session = botocore.session.Session()
        self.session.set_credentials("test", "test")
        self.made = {}
        self.call = None

    def made_for(self, service, region, style):
        key = service, region, style
        if key not in self.made:
            client = self.session.create_client(
                service,
                region_name=region,
                use_ssl=False,
                config=Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1},
                    request_checksum_calculation="when_required",
                    s3={"addressing_style": style},
                ),
            )
            for event, handler in ADDITIONS:
                client.meta.events.unregister(event, handler)
            client.meta.events.register("before-sign", self.address)
            client.meta.events.register("before-send", self.number)
            self.made[key] = client
        return self.made[key]

    def address(self, request, **_):
        if self.call["host"]:
            request.headers["Host"] = self.call["host"]

    def number(self, request, **_):
        request.headers["X-Corpus-Call"] = str(self.call["number"])

    def make(self, call):
        self.call = call
        params = values(call["params"] or {})
        bucket = params.get("Bucket")
        virtual = bucket and call["host"].startswith(bucket + ".")
        client = self.made_for(call["service"], call["region"], "virtual" if virtual else "path")
        try:
            answer = client._make_api_call(call["operation"], params)
        except botocore.exceptions.ClientError as e:
            answer = e.response
        except Exception as e:
            return {"failed": f"{type(e).__name__}: {e}"}
        return {
            "requestID": answer["ResponseMetadata"].get("RequestId", ""),
            "error": answer.get("Error", {}).get("Code", ""),
        }


def values(v):
    match v:
        case {"__bytes__": encoded}:
            return base64.b64decode(encoded)
        case dict():
            return {k: values(e) for k, e in v.items()}
        case list():
            return [values(e) for e in v]
        case _:
            return v


def main():
    address, calls, results = sys.argv[1:]
    host, _, port = address.rpartition(":")
    connect_to(host, int(port))
    client = Client()
    with open(calls) as lines, open(results, "w") as out:
        for line in lines:
            call = json.loads(line)
            result = {"number": call["number"], **client.make(call)}
            print(json.dumps(result), file=out)


main()
