"""What a boto3 user does with S3; the arguments are an http and an https endpoint."""

import io
import os
import sys
import urllib.request
import warnings

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError, MissingDependencyException

warnings.filterwarnings("ignore")  # of certificates that nobody signed
once = Config(retries={"max_attempts": 1})  # for errors that are meant
s3 = boto3.client("s3", endpoint_url=sys.argv[1], config=once)
secure = boto3.client("s3", endpoint_url=sys.argv[2], verify=False)
s3.create_bucket(
    Bucket="boto", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
)
assert s3.get_bucket_location(Bucket="boto")["LocationConstraint"] == "eu-west-1"
assert s3.head_bucket(Bucket="boto")["BucketRegion"] == "eu-west-1"


def check(key, want, **kw):
    got = s3.get_object(Bucket="boto", Key=key, ChecksumMode="ENABLED", **kw)
    assert got["Body"].read() == want, key
    return got


# In the clear the checksum is a header; over TLS that of a stream is a trailer.
data = os.urandom(200_000)
for algorithm in (None, "CRC32", "SHA1", "SHA256", "CRC32C", "CRC64NVME"):
    kw = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    for body in (b"", b"x", data):
        try:
            s3.put_object(Bucket="boto", Key="k", Body=body, **kw)
            check("k", body)
            secure.put_object(Bucket="boto", Key="k", Body=io.BytesIO(body), **kw)
            check("k", body)
        except MissingDependencyException:
            pass  # some algorithms need a library of their own

# In parts, and with the checksum of each.
big = os.urandom(20 << 20)
s3.upload_fileobj(
    io.BytesIO(big), "boto", "big", Config=TransferConfig(multipart_threshold=6 << 20)
)
check("big", big)
assert check("big", big[100:200], Range="bytes=100-199")["ContentLength"] == 100

# The older ways: a signed body, MD5, no checksum at all.
plain = boto3.client(
    "s3",
    endpoint_url=sys.argv[1],
    config=Config(
        request_checksum_calculation="when_required",
        s3={"payload_signing_enabled": True, "addressing_style": "path"},
    ),
)
plain.put_object(Bucket="boto", Key="signed", Body=data, Metadata={"a": "b"})
got = check("signed", data)
assert got["Metadata"] == {"a": "b"}, got

for method, verb, body in (("put_object", "PUT", b"presigned"), ("get_object", "GET", None)):
    url = s3.generate_presigned_url(method, Params={"Bucket": "boto", "Key": "p q+r"})
    with urllib.request.urlopen(urllib.request.Request(url, method=verb, data=body)) as r:
        if verb == "GET":
            assert r.read() == b"presigned"

s3.put_object_tagging(Bucket="boto", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
assert s3.get_object_tagging(Bucket="boto", Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]
policy = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
    '"Action":"s3:GetObject","Resource":"arn:aws:s3:::boto/*"}]}'
)
s3.put_bucket_policy(Bucket="boto", Policy=policy)
assert s3.get_bucket_policy(Bucket="boto")["Policy"] == policy

for call, code in (
    (lambda: s3.get_object(Bucket="boto", Key="none"), "NoSuchKey"),
    (lambda: s3.list_objects_v2(Bucket="nobody-has-this"), "NoSuchBucket"),
    (lambda: s3.put_object(Bucket="boto", Key="k", Body=b"x", ChecksumCRC32="AAAAAA=="), "BadDigest"),
    (lambda: s3.put_object(Bucket="boto", Key="k", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg=="), "BadDigest"),
    (lambda: s3.put_object(Bucket="boto", Key="signed", Body=b"x", IfNoneMatch="*"), "PreconditionFailed"),
    (lambda: s3.delete_bucket(Bucket="boto"), "BucketNotEmpty"),
):
    try:
        call()
        raise AssertionError("no " + code)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, (e.response["Error"], code)

keys = [{"Key": o["Key"]} for o in s3.list_objects_v2(Bucket="boto")["Contents"]]
assert "Errors" not in s3.delete_objects(Bucket="boto", Delete={"Objects": keys})
s3.delete_bucket(Bucket="boto")
