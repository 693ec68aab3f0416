"""Presigns URLs with boto3. Reads a JSON list of calls, writes one of URLs."""

import json
import sys

import boto3
from botocore.config import Config


def presign(case):
    client = boto3.client(
        "s3",
        endpoint_url=case["endpoint"],
        region_name="eu-west-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key=case["secret"],
        aws_session_token=case.get("token"),
        config=Config(signature_version="s3", s3={"addressing_style": case["style"]}),
    )
    url = client.generate_presigned_url(case["operation"], Params=case["params"], ExpiresIn=600)
    method = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[case["operation"]]
    ).http["method"]
    return {"url": url, "method": method}


json.dump([presign(case) for case in json.load(sys.stdin)], sys.stdout)
