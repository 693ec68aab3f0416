"""What a boto3 user does with S3; the arguments are an http and an https endpoint.

The third is empty, or "moto", which leaves out what that emulator does not do.
"""

import io
import os
import sys
import warnings

import boto3
import urllib3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError, MissingDependencyException

moto = sys.argv[3] == "moto"
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
big = os.urandom(11 << 20)
parts = TransferConfig(multipart_threshold=6 << 20, multipart_chunksize=5 << 20)
s3.upload_fileobj(io.BytesIO(big), "boto", "big", Config=parts)
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

# URLs, which for such an endpoint are signed with Version 2, and with Version 4.
v4 = boto3.client("s3", endpoint_url=sys.argv[1], config=Config(signature_version="s3v4"))
for client in (s3, v4):
    where = {"Bucket": "boto", "Key": "p q+r/ü"}
    put = client.generate_presigned_url("put_object", Params=where)
    get = client.generate_presigned_url("get_object", Params=where | {"ResponseContentType": "text/x; a=b"})
    copy = client.generate_presigned_url("copy_object", Params={"Bucket": "boto", "Key": "copy", "CopySource": where})
    assert urllib3.request("PUT", put, body=b"presigned").status == 200
    got = urllib3.request("GET", get)
    assert got.data == b"presigned", got.data
    assert moto or got.headers["Content-Type"] == "text/x; a=b"
    assert urllib3.request("PUT", copy, headers={"x-amz-copy-source": "boto/p%20q%2Br/%C3%BC"}).status == 200
    check("copy", b"presigned")
    s3.delete_object(Bucket="boto", Key="copy")

source = {"Bucket": "boto", "Key": "signed"}
s3.copy_object(Bucket="boto", Key="copy", CopySource=source, Metadata={"c": "d"}, MetadataDirective="REPLACE")
assert check("copy", data)["Metadata"] == {"c": "d"}

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
    if moto and code == "BadDigest":
        continue
    try:
        call()
        raise AssertionError("no " + code)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, (e.response["Error"], code)

keys = [{"Key": o["Key"]} for o in s3.list_objects_v2(Bucket="boto")["Contents"]]
assert "Errors" not in s3.delete_objects(Bucket="boto", Delete={"Objects": keys})
s3.delete_bucket(Bucket="boto")
