"""The interchange of values with Go: JSON, with {"$b": base64},
{"$t": milliseconds since 1970} and {"$f": text} for bytes, times, and floats
that JSON has not."""

import base64
import datetime

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MILLISECOND = datetime.timedelta(milliseconds=1)


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
    if isinstance(v, (bytes, bytearray)):
        return {"$b": base64.b64encode(v).decode()}
    if isinstance(v, datetime.datetime):
        return {"$t": round((v - EPOCH) / MILLISECOND)}
    if isinstance(v, float):
        return {"$f": repr(v)}
    return v
