"""Signs requests with botocore. Reads a JSON list of requests, writes one."""

import json
import sys

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SIGNERS = {
    "v4": auth.SigV4Auth,
    "s3v4": auth.S3SigV4Auth,
    "v4-query": auth.SigV4QueryAuth,
    "s3v4-query": auth.S3SigV4QueryAuth,
}


def sign(case):
    credentials = Credentials("AKIDEXAMPLE", case["secret"], case.get("token"))
    request = AWSRequest(
        method=case["method"],
        url=case["url"],
        headers=case["headers"],
        data=case["body"].encode(),
    )
    signer = SIGNERS[case["signer"]](credentials, case["service"], "eu-west-1")
    signer.add_auth(request)
    return {"url": request.url, "headers": [[k, v] for k, v in request.headers.items()]}


json.dump([sign(case) for case in json.load(sys.stdin)], sys.stdout)
