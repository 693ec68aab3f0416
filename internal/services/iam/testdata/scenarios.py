"""Scenarios of IAM and STS with boto3, each by itself, in the manner of moto's tests.

Usage: scenarios.py ENDPOINT ACCOUNT KEY SECRET. Prints "ok NAME" for each.
"""
import base64
import hashlib
import hmac
import json
import struct
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, account, key, secret = sys.argv[1:5]
# What is refused is to be refused by the server.
config = Config(retries={"max_attempts": 0}, parameter_validation=False)


def client(service, key=key, secret=secret, token=None):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", config=config,
                        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)


def with_session(service, c):
    return client(service, c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])


iam, sts = client("iam"), client("sts")
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}]})


def trust(principal, action="sts:AssumeRole", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [dict(Effect="Allow", Principal=principal, Action=action, **more)]})


OWN = trust({"AWS": f"arn:aws:iam::{account}:root"})


def refused(code, call, message=None, **params):
    try:
        call(**params)
    except ClientError as e:
        got = e.response["Error"]
        assert got["Code"] == code, f"{got} is not {code}"
        if message:
            assert message in got["Message"], f"{got['Message']!r} does not have {message!r}"
        return
    raise AssertionError(f"{call.__name__}({params}) is not refused with {code}")


def users():
    u = iam.create_user(UserName="u1", Path="/team/", Tags=[{"Key": "a", "Value": "1"}])["User"]
    assert u["Arn"] == f"arn:aws:iam::{account}:user/team/u1" and u["UserId"].startswith("AIDA") and len(u["UserId"]) == 21
    refused("EntityAlreadyExists", iam.create_user, "User with name U1 already exists.", UserName="U1")
    assert iam.get_user(UserName="u1")["User"]["Tags"] == [{"Key": "a", "Value": "1"}]
    refused("NoSuchEntity", iam.get_user, "The user with name nobody cannot be found.", UserName="nobody")
    iam.update_user(UserName="u1", NewUserName="u2", NewPath="/")
    refused("NoSuchEntity", iam.get_user, UserName="u1")
    assert iam.get_user(UserName="u2")["User"]["UserId"] == u["UserId"]
    assert iam.get_user()["User"]["UserName"] == "administrator"
    iam.delete_user(UserName="u2")
    refused("NoSuchEntity", iam.delete_user, UserName="u2")


def pages():
    names = [f"page{i:02}" for i in range(7)]
    for n in reversed(names):
        iam.create_user(UserName=n, Path="/pages/")
    got = []
    for page in iam.get_paginator("list_users").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 3}):
        assert len(page["Users"]) <= 3
        got += [u["UserName"] for u in page["Users"]]
    assert got == names, got
    refused("ValidationError", iam.list_users, Marker="%%%")
    for n in names:
        iam.delete_user(UserName=n)


def access_keys():
    iam.create_user(UserName="keys")
    first = iam.create_access_key(UserName="keys")["AccessKey"]
    assert first["AccessKeyId"].startswith("AKIA") and len(first["AccessKeyId"]) == 20 and len(first["SecretAccessKey"]) == 40
    second = iam.create_access_key(UserName="keys")["AccessKey"]
    refused("LimitExceeded", iam.create_access_key, "Cannot exceed quota for AccessKeysPerUser: 2", UserName="keys")
    mine = client("sts", first["AccessKeyId"], first["SecretAccessKey"])
    assert mine.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/keys"
    iam.update_access_key(UserName="keys", AccessKeyId=first["AccessKeyId"], Status="Inactive")
    refused("InvalidClientTokenId", mine.get_caller_identity)
    iam.update_access_key(UserName="keys", AccessKeyId=first["AccessKeyId"], Status="Active")
    mine.get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=first["AccessKeyId"])
    assert used["UserName"] == "keys" and used["AccessKeyLastUsed"]["ServiceName"] == "sts", used
    assert "LastUsedDate" not in iam.get_access_key_last_used(AccessKeyId=second["AccessKeyId"])["AccessKeyLastUsed"]
    assert [k["Status"] for k in iam.list_access_keys(UserName="keys")["AccessKeyMetadata"]] == ["Active", "Active"]
    refused("DeleteConflict", iam.delete_user, "must delete access keys first", UserName="keys")
    assert sts.get_access_key_info(AccessKeyId=first["AccessKeyId"])["Account"] == account
    for k in (first, second):
        iam.delete_access_key(UserName="keys", AccessKeyId=k["AccessKeyId"])
    refused("NoSuchEntity", iam.delete_access_key, UserName="keys", AccessKeyId=first["AccessKeyId"])
    refused("InvalidClientTokenId", mine.get_caller_identity)
    iam.delete_user(UserName="keys")


def renamed_user_keeps_key():
    iam.create_user(UserName="before")
    k = iam.create_access_key(UserName="before")["AccessKey"]
    iam.update_user(UserName="before", NewUserName="after")
    assert client("sts", k["AccessKeyId"], k["SecretAccessKey"]).get_caller_identity()["Arn"].endswith(":user/after")
    iam.delete_access_key(UserName="after", AccessKeyId=k["AccessKeyId"])
    iam.delete_user(UserName="after")


def login_profiles():
    iam.create_user(UserName="login")
    refused("NoSuchEntity", iam.get_login_profile, "Login Profile for User login cannot be found.", UserName="login")
    refused("PasswordPolicyViolation", iam.create_login_profile, UserName="login", Password="short")
    iam.create_login_profile(UserName="login", Password="Correct-Horse1", PasswordResetRequired=True)
    refused("EntityAlreadyExists", iam.create_login_profile, UserName="login", Password="Correct-Horse1")
    assert iam.get_login_profile(UserName="login")["LoginProfile"]["PasswordResetRequired"] is True
    iam.update_login_profile(UserName="login", PasswordResetRequired=False)
    k = iam.create_access_key(UserName="login")["AccessKey"]
    iam.attach_user_policy(UserName="login", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    mine = client("iam", k["AccessKeyId"], k["SecretAccessKey"])
    refused("AccessDenied", mine.change_password, "The old password was incorrect.", OldPassword="Wrong-Horse1", NewPassword="Other-Horse22")
    mine.change_password(OldPassword="Correct-Horse1", NewPassword="Other-Horse22")
    mine.change_password(OldPassword="Other-Horse22", NewPassword="Correct-Horse1")
    iam.detach_user_policy(UserName="login", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.delete_access_key(UserName="login", AccessKeyId=k["AccessKeyId"])
    refused("DeleteConflict", iam.delete_user, UserName="login")
    iam.delete_login_profile(UserName="login")
    iam.delete_user(UserName="login")


def groups():
    iam.create_user(UserName="member")
    g = iam.create_group(GroupName="devs", Path="/d/")["Group"]
    assert g["Arn"] == f"arn:aws:iam::{account}:group/d/devs" and g["GroupId"].startswith("AGPA")
    iam.add_user_to_group(GroupName="devs", UserName="member")
    assert [u["UserName"] for u in iam.get_group(GroupName="devs")["Users"]] == ["member"]
    assert [x["GroupName"] for x in iam.list_groups_for_user(UserName="member")["Groups"]] == ["devs"]
    refused("DeleteConflict", iam.delete_group, GroupName="devs")
    refused("DeleteConflict", iam.delete_user, UserName="member")
    iam.update_group(GroupName="devs", NewGroupName="ops")
    assert [x["GroupName"] for x in iam.list_groups_for_user(UserName="member")["Groups"]] == ["ops"]
    iam.remove_user_from_group(GroupName="ops", UserName="member")
    refused("NoSuchEntity", iam.remove_user_from_group, GroupName="ops", UserName="member")
    iam.delete_group(GroupName="ops")
    iam.delete_user(UserName="member")


def managed_policies():
    p = iam.create_policy(PolicyName="p", PolicyDocument=ALLOW, Description="d", Tags=[{"Key": "k", "Value": "v"}])["Policy"]
    arn = p["Arn"]
    assert arn == f"arn:aws:iam::{account}:policy/p" and p["PolicyId"].startswith("ANPA") and p["DefaultVersionId"] == "v1"
    refused("EntityAlreadyExists", iam.create_policy, "A policy called p already exists.", PolicyName="p", PolicyDocument=ALLOW)
    refused("MalformedPolicyDocument", iam.create_policy, PolicyName="q", PolicyDocument="{}")
    refused("MalformedPolicyDocument", iam.create_policy, PolicyName="q", PolicyDocument=OWN)
    v2 = iam.create_policy_version(PolicyArn=arn, PolicyDocument=DENY, SetAsDefault=True)["PolicyVersion"]
    assert v2["VersionId"] == "v2" and v2["IsDefaultVersion"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"] == json.loads(DENY)
    refused("DeleteConflict", iam.delete_policy_version, "Cannot delete the default version of a policy.", PolicyArn=arn, VersionId="v2")
    for _ in range(3):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW)
    refused("LimitExceeded", iam.create_policy_version, "up to 5 versions", PolicyArn=arn, PolicyDocument=ALLOW)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not v["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=v["VersionId"])
    iam.create_user(UserName="holder")
    iam.attach_user_policy(UserName="holder", PolicyArn=arn)
    iam.attach_user_policy(UserName="holder", PolicyArn=arn)
    assert iam.list_attached_user_policies(UserName="holder")["AttachedPolicies"] == [{"PolicyName": "p", "PolicyArn": arn}]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert [u["UserName"] for u in iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"]] == ["holder"]
    assert [x["PolicyName"] for x in iam.list_policies(Scope="Local", OnlyAttached=True)["Policies"]] == ["p"]
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    refused("NoSuchEntity", iam.attach_user_policy, "does not exist or is not attachable", UserName="holder", PolicyArn=arn + "x")
    refused("NoSuchEntity", iam.attach_user_policy, UserName="holder", PolicyArn="arn:aws:iam::aws:policy/NoSuch")
    iam.detach_user_policy(UserName="holder", PolicyArn=arn)
    refused("NoSuchEntity", iam.detach_user_policy, UserName="holder", PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName="holder", PermissionsBoundary=arn)
    assert iam.get_user(UserName="holder")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.delete_user_permissions_boundary(UserName="holder")
    iam.delete_user(UserName="holder")
    iam.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", iam.get_policy, PolicyArn=arn)
    assert any(x["PolicyName"] == "AdministratorAccess" for x in iam.list_policies(Scope="AWS")["Policies"])
    assert iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")["Policy"]["AttachmentCount"] >= 1


def inline_policies():
    iam.create_user(UserName="i")
    iam.create_group(GroupName="i")
    iam.create_role(RoleName="i", AssumeRolePolicyDocument=OWN)
    for kind in ("user", "group", "role"):
        name = {kind.title() + "Name": "i"}
        call = lambda verb, **kw: getattr(iam, verb)(**name, **kw)
        call(f"put_{kind}_policy", PolicyName="one", PolicyDocument=ALLOW)
        call(f"put_{kind}_policy", PolicyName="one", PolicyDocument=DENY)
        assert call(f"get_{kind}_policy", PolicyName="one")["PolicyDocument"] == json.loads(DENY)
        assert call(f"list_{kind}_policies")["PolicyNames"] == ["one"]
        refused("NoSuchEntity", getattr(iam, f"get_{kind}_policy"), f"The {kind} policy with name two cannot be found.", PolicyName="two", **name)
        refused("DeleteConflict", getattr(iam, f"delete_{kind}"), "must delete policies first", **name)
        refused("MalformedPolicyDocument", getattr(iam, f"put_{kind}_policy"), PolicyName="bad", PolicyDocument="not json", **name)
        call(f"delete_{kind}_policy", PolicyName="one")
        call(f"delete_{kind}")


def roles():
    refused("MalformedPolicyDocument", iam.create_role, RoleName="r", AssumeRolePolicyDocument=ALLOW)
    r = iam.create_role(RoleName="r", AssumeRolePolicyDocument=OWN, MaxSessionDuration=7200, Path="/x/", Description="one")["Role"]
    assert r["RoleId"].startswith("AROA") and r["AssumeRolePolicyDocument"] == json.loads(OWN)
    refused("EntityAlreadyExists", iam.create_role, "Role with name R already exists.", RoleName="R", AssumeRolePolicyDocument=OWN)
    iam.update_role(RoleName="r", Description="two", MaxSessionDuration=3600)
    got = iam.get_role(RoleName="r")["Role"]
    assert got["Description"] == "two" and got["MaxSessionDuration"] == 3600
    service = trust({"Service": "ec2.amazonaws.com"})
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=service)
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == json.loads(service)
    p = iam.create_instance_profile(InstanceProfileName="prof")["InstanceProfile"]
    assert p["InstanceProfileId"].startswith("AIPA") and p["Roles"] == []
    iam.add_role_to_instance_profile(InstanceProfileName="prof", RoleName="r")
    refused("LimitExceeded", iam.add_role_to_instance_profile, InstanceProfileName="prof", RoleName="r")
    assert iam.get_instance_profile(InstanceProfileName="prof")["InstanceProfile"]["Roles"][0]["RoleName"] == "r"
    assert len(iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"]) == 1
    refused("DeleteConflict", iam.delete_role, "must remove roles from instance profile first", RoleName="r")
    refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="prof")
    iam.remove_role_from_instance_profile(InstanceProfileName="prof", RoleName="r")
    iam.delete_instance_profile(InstanceProfileName="prof")
    iam.delete_role(RoleName="r")
    refused("NoSuchEntity", iam.get_role, "The role with name r cannot be found.", RoleName="r")


def tags():
    iam.create_user(UserName="t")
    iam.create_role(RoleName="t", AssumeRolePolicyDocument=OWN)
    iam.create_instance_profile(InstanceProfileName="t")
    arn = iam.create_policy(PolicyName="t", PolicyDocument=ALLOW)["Policy"]["Arn"]
    for kind, name in (("user", {"UserName": "t"}), ("role", {"RoleName": "t"}), ("policy", {"PolicyArn": arn}), ("instance_profile", {"InstanceProfileName": "t"})):
        getattr(iam, "tag_" + kind)(Tags=[{"Key": "A", "Value": "1"}, {"Key": "b", "Value": ""}], **name)
        getattr(iam, "tag_" + kind)(Tags=[{"Key": "a", "Value": "2"}], **name)
        assert getattr(iam, f"list_{kind}_tags")(**name)["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]
        getattr(iam, "untag_" + kind)(TagKeys=["a", "none"], **name)
        assert getattr(iam, f"list_{kind}_tags")(**name)["Tags"] == [{"Key": "b", "Value": ""}]
        refused("InvalidInput", getattr(iam, "tag_" + kind), "Duplicate tag keys found", Tags=[{"Key": "x", "Value": ""}, {"Key": "X", "Value": ""}], **name)
    iam.delete_user(UserName="t")
    iam.delete_role(RoleName="t")
    iam.delete_instance_profile(InstanceProfileName="t")
    iam.delete_policy(PolicyArn=arn)


def account_settings():
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="acme-prod")
    assert iam.list_account_aliases()["AccountAliases"] == ["acme-prod"]
    refused("NoSuchEntity", iam.delete_account_alias, AccountAlias="acme-test")
    iam.delete_account_alias(AccountAlias="acme-prod")
    assert iam.list_account_aliases()["AccountAliases"] == []
    assert iam.get_account_summary()["SummaryMap"]["Users"] >= 1
    refused("NoSuchEntity", iam.get_account_password_policy, f"The Password Policy with domain name {account} cannot be found.")
    details = iam.get_account_authorization_details()
    assert [u["UserName"] for u in details["UserDetailList"]] == ["administrator"]
    assert details["UserDetailList"][0]["AttachedManagedPolicies"][0]["PolicyName"] == "AdministratorAccess"


def service_linked_roles():
    r = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    assert r["RoleName"] == "AWSServiceRoleForAutoScaling" and r["Path"] == "/aws-service-role/autoscaling.amazonaws.com/"
    refused("InvalidInput", iam.create_service_linked_role, "has been taken in this account", AWSServiceName="autoscaling.amazonaws.com")
    refused("InvalidInput", iam.create_service_linked_role, AWSServiceName="nonsense")
    refused("UnmodifiableEntity", iam.delete_role, RoleName=r["RoleName"])
    task = iam.delete_service_linked_role(RoleName=r["RoleName"])["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"


def simulation():
    iam.create_user(UserName="sim")
    iam.put_user_policy(UserName="sim", PolicyName="p", PolicyDocument=ALLOW)
    out = iam.simulate_principal_policy(PolicySourceArn=f"arn:aws:iam::{account}:user/sim", ActionNames=["s3:GetObject", "ec2:RunInstances"])
    assert {r["EvalActionName"]: r["EvalDecision"] for r in out["EvaluationResults"]} == {"s3:GetObject": "allowed", "ec2:RunInstances": "implicitDeny"}
    iam.delete_user_policy(UserName="sim", PolicyName="p")
    iam.delete_user(UserName="sim")


def code(seed, at):
    h = hmac.new(base64.b32decode(seed), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    return "%06d" % ((struct.unpack(">I", h[h[19] & 15:][:4])[0] & 0x7FFFFFFF) % 1000000)


def mfa():
    iam.create_user(UserName="mfa")
    d = iam.create_virtual_mfa_device(VirtualMFADeviceName="mfa")["VirtualMFADevice"]
    serial, seed = d["SerialNumber"], d["Base32StringSeed"]
    assert serial == f"arn:aws:iam::{account}:mfa/mfa" and d["QRCodePNG"].startswith(b"\x89PNG")
    now = time.time()
    pair = lambda a, b: dict(UserName="mfa", SerialNumber=serial, AuthenticationCode1=code(seed, a), AuthenticationCode2=code(seed, b))
    refused("InvalidAuthenticationCode", iam.enable_mfa_device, **pair(now, now - 30))
    iam.enable_mfa_device(**pair(now - 30, now))
    assert [m["SerialNumber"] for m in iam.list_mfa_devices(UserName="mfa")["MFADevices"]] == [serial]
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"][0]["User"]["UserName"] == "mfa"
    refused("DeleteConflict", iam.delete_virtual_mfa_device, SerialNumber=serial)
    k = iam.create_access_key(UserName="mfa")["AccessKey"]
    iam.put_user_policy(UserName="mfa", PolicyName="sts", PolicyDocument=ALLOW.replace("s3:*", "sts:*"))
    mine = client("sts", k["AccessKeyId"], k["SecretAccessKey"])
    refused("AccessDenied", mine.get_session_token, "invalid MFA one time pass code", SerialNumber=serial, TokenCode=code(seed, now - 30))
    later = code(seed, now + 30)
    needs = iam.create_role(RoleName="needsmfa", AssumeRolePolicyDocument=trust(
        {"AWS": f"arn:aws:iam::{account}:user/mfa"}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))["Role"]["Arn"]
    refused("AccessDenied", mine.assume_role, RoleArn=needs, RoleSessionName="s1")
    c = mine.get_session_token(SerialNumber=serial, TokenCode=later)["Credentials"]
    refused("AccessDenied", mine.get_session_token, SerialNumber=serial, TokenCode=later)
    with_session("sts", c).assume_role(RoleArn=needs, RoleSessionName="s1")
    iam.delete_role(RoleName="needsmfa")
    iam.deactivate_mfa_device(UserName="mfa", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    iam.delete_user_policy(UserName="mfa", PolicyName="sts")
    iam.delete_access_key(UserName="mfa", AccessKeyId=k["AccessKeyId"])
    iam.delete_user(UserName="mfa")


def assume_role():
    refused("AccessDenied", sts.assume_role, "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::" + account + ":role/none",
            RoleArn=f"arn:aws:iam::{account}:role/none", RoleSessionName="ss")
    arn = iam.create_role(RoleName="a", AssumeRolePolicyDocument=OWN, MaxSessionDuration=7200)["Role"]["Arn"]
    out = sts.assume_role(RoleArn=arn, RoleSessionName="ss", DurationSeconds=7200)
    assert out["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/a/ss"
    assert out["Credentials"]["AccessKeyId"].startswith("ASIA")
    who = with_session("sts", out["Credentials"]).get_caller_identity()
    assert who["Arn"] == out["AssumedRoleUser"]["Arn"] and who["UserId"] == out["AssumedRoleUser"]["AssumedRoleId"]
    assert sts.get_access_key_info(AccessKeyId=out["Credentials"]["AccessKeyId"])["Account"] == account
    refused("ValidationError", sts.assume_role, "exceeds the MaxSessionDuration", RoleArn=arn, RoleSessionName="ss", DurationSeconds=7201)
    refused("MalformedPolicyDocument", sts.assume_role, RoleArn=arn, RoleSessionName="ss", Policy="{}")
    refused("ValidationError", sts.assume_role, RoleArn=arn, RoleSessionName="ss", PolicyArns=[{"arn": "arn:aws:iam::aws:policy/NoSuchPolicy"}])
    iam.attach_role_policy(RoleName="a", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    limited = sts.assume_role(RoleArn=arn, RoleSessionName="ss", PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}])
    within = with_session("iam", limited["Credentials"])
    within.list_users()
    refused("AccessDenied", within.create_user, "because no session policy allows", UserName="never")
    iam.detach_role_policy(RoleName="a", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    refused("ValidationError", sts.assume_role, RoleArn="arn:aws:iam::123:role/none", RoleSessionName="ss")
    refused("AccessDenied", sts.assume_role, "sts:TagSession", RoleArn=arn, RoleSessionName="ss", Tags=[{"Key": "k", "Value": "v"}])
    iam.delete_role(RoleName="a")
    refused("InvalidClientTokenId", with_session("sts", out["Credentials"]).get_caller_identity)


def external_id():
    arn = iam.create_role(RoleName="e", AssumeRolePolicyDocument=trust(
        {"AWS": account}, Condition={"StringEquals": {"sts:ExternalId": "secret-word"}}))["Role"]["Arn"]
    refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="ss")
    refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="ss", ExternalId="other")
    sts.assume_role(RoleArn=arn, RoleSessionName="ss", ExternalId="secret-word")
    iam.delete_role(RoleName="e")


def chains():
    every = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    one = iam.create_role(RoleName="one", AssumeRolePolicyDocument=trust({"AWS": account}, every))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="one", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    two = iam.create_role(RoleName="two", AssumeRolePolicyDocument=trust({"AWS": one}, every, Condition={
        "StringEquals": {"aws:PrincipalTag/team": "red"}}), MaxSessionDuration=43200)["Role"]["Arn"]
    first = sts.assume_role(RoleArn=one, RoleSessionName="s1", SourceIdentity="alice", Tags=[{"Key": "team", "Value": "red"}],
                            TransitiveTagKeys=["team"])
    assert first["SourceIdentity"] == "alice"
    mid = with_session("sts", first["Credentials"])
    second = mid.assume_role(RoleArn=two, RoleSessionName="s2")
    assert second["SourceIdentity"] == "alice"
    refused("AccessDenied", mid.assume_role, "source identity", RoleArn=two, RoleSessionName="s2", SourceIdentity="bob")
    refused("InvalidParameterValue", mid.assume_role, "transitive", RoleArn=two, RoleSessionName="s2", Tags=[{"Key": "team", "Value": "blue"}])
    refused("ValidationError", mid.assume_role, "1 hour session limit", RoleArn=two, RoleSessionName="s2", DurationSeconds=3601)
    refused("AccessDenied", mid.get_session_token, "Cannot call GetSessionToken with session credentials")
    refused("AccessDenied", sts.assume_role, RoleArn=two, RoleSessionName="s2")
    iam.detach_role_policy(RoleName="one", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    for n in ("one", "two"):
        iam.delete_role(RoleName=n)


def federation():
    c = sts.get_federation_token(Name="bob", Policy=ALLOW.replace("s3:*", "*"))
    assert c["FederatedUser"] == {"FederatedUserId": f"{account}:bob", "Arn": f"arn:aws:sts::{account}:federated-user/bob"}
    mine = with_session("sts", c["Credentials"])
    assert mine.get_caller_identity()["Arn"].endswith(":federated-user/bob")
    refused("AccessDenied", mine.assume_role, RoleArn=f"arn:aws:iam::{account}:role/any", RoleSessionName="ss")
    refused("InvalidClientTokenId", with_session("iam", c["Credentials"]).list_users)


def names():
    for bad in ("a b", "a/b", "a*", "\u00fc", "a\n", "a\x00", "a'b", ""):
        for call, member in ((iam.create_user, "UserName"), (iam.create_group, "GroupName"), (iam.create_instance_profile, "InstanceProfileName")):
            refused("ValidationError", call, **{member: bad})
        refused("ValidationError", iam.create_role, RoleName=bad, AssumeRolePolicyDocument=OWN)
        refused("ValidationError", iam.create_policy, PolicyName=bad, PolicyDocument=ALLOW)
        refused("ValidationError", iam.get_user, UserName=bad)
    refused("ValidationError", iam.create_user, "less than or equal to 64", UserName="u" * 65)
    refused("ValidationError", iam.create_role, "less than or equal to 64", RoleName="r" * 65, AssumeRolePolicyDocument=OWN)
    for path in ("x", "/x", "x/", "/x y/", "//\u00fc/"):
        refused("ValidationError", iam.create_user, UserName="p", Path=path)
    good = "A1+=,.@_-"
    assert iam.create_user(UserName=good, Path="/a/b!/")["User"]["Arn"] == f"arn:aws:iam::{account}:user/a/b!/{good}"
    assert iam.get_user(UserName=good.lower())["User"]["UserName"] == good
    iam.delete_user(UserName=good)


def every_list_has_pages():
    iam.create_user(UserName="many")
    iam.create_group(GroupName="many")
    iam.create_role(RoleName="many", AssumeRolePolicyDocument=OWN)
    arns = [iam.create_policy(PolicyName=f"many{n}", PolicyDocument=ALLOW, Path="/many/")["Policy"]["Arn"] for n in range(3)]
    extra = []
    for n in range(3):
        iam.create_group(GroupName=f"many{n}", Path="/many/")
        iam.create_role(RoleName=f"many{n}", AssumeRolePolicyDocument=OWN, Path="/many/")
        iam.create_instance_profile(InstanceProfileName=f"many{n}", Path="/many/")
        iam.create_user(UserName=f"many{n}", Path="/many/")
        iam.add_user_to_group(GroupName=f"many{n}", UserName="many")
        iam.add_user_to_group(GroupName="many", UserName=f"many{n}")
        for kind in ("user", "group", "role"):
            name = {kind.title() + "Name": "many"}
            getattr(iam, f"put_{kind}_policy")(PolicyName=f"p{n}", PolicyDocument=ALLOW, **name)
            getattr(iam, f"attach_{kind}_policy")(PolicyArn=arns[n], **name)
        extra.append(iam.create_virtual_mfa_device(VirtualMFADeviceName=f"many{n}", Path="/many/")["VirtualMFADevice"]["SerialNumber"])
    labels = [{"Key": f"k{n}", "Value": str(n)} for n in range(3)]
    iam.tag_user(UserName="many", Tags=labels)
    iam.tag_role(RoleName="many", Tags=labels)
    iam.tag_policy(PolicyArn=arns[0], Tags=labels)
    for _ in range(2):
        iam.create_policy_version(PolicyArn=arns[0], PolicyDocument=DENY)
        iam.create_access_key(UserName="many")
    prefix = {"PathPrefix": "/many/"}
    user, group, role, policy = {"UserName": "many"}, {"GroupName": "many"}, {"RoleName": "many"}, {"PolicyArn": arns[0]}
    for call, member, params, want in (
        (iam.list_users, "Users", prefix, 3), (iam.list_groups, "Groups", prefix, 3), (iam.list_roles, "Roles", prefix, 3),
        (iam.list_instance_profiles, "InstanceProfiles", prefix, 3), (iam.list_policies, "Policies", prefix, 3),
        (iam.get_group, "Users", group, 3), (iam.list_groups_for_user, "Groups", user, 3),
        (iam.list_user_policies, "PolicyNames", user, 3), (iam.list_group_policies, "PolicyNames", group, 3),
        (iam.list_role_policies, "PolicyNames", role, 3), (iam.list_attached_user_policies, "AttachedPolicies", user, 3),
        (iam.list_attached_group_policies, "AttachedPolicies", group, 3), (iam.list_attached_role_policies, "AttachedPolicies", role, 3),
        (iam.list_user_tags, "Tags", user, 3), (iam.list_role_tags, "Tags", role, 3), (iam.list_policy_tags, "Tags", policy, 3),
        (iam.list_policy_versions, "Versions", policy, 3), (iam.list_access_keys, "AccessKeyMetadata", user, 2),
        (iam.list_virtual_mfa_devices, "VirtualMFADevices", {"AssignmentStatus": "Unassigned"}, 3),
    ):
        whole = call(**params)[member]
        assert len(whole) == want, (call.__name__, whole)
        got, marker = [], {}
        while True:
            page = call(MaxItems=1, **params, **marker)
            assert len(page[member]) == 1, (call.__name__, page)
            got += page[member]
            assert page["IsTruncated"] == (len(got) < want), (call.__name__, page)
            if not page["IsTruncated"]:
                break
            marker = {"Marker": page["Marker"]}
        assert got == whole, (call.__name__, got)
    users = [e["UserName"] for page in iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arns[1], PaginationConfig={"PageSize": 1})
             for e in page["PolicyUsers"]]
    assert users == ["many"], users
    details = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for page in iam.get_paginator("get_account_authorization_details").paginate(
            Filter=["User", "Role", "Group", "LocalManagedPolicy"], PaginationConfig={"PageSize": 2}):
        for k in details:
            details[k] += page[k]
    one = next(u for u in details["UserDetailList"] if u["UserName"] == "many")
    assert one["GroupList"] == ["many0", "many1", "many2"] and [p["PolicyName"] for p in one["UserPolicyList"]] == ["p0", "p1", "p2"]
    assert one["UserPolicyList"][0]["PolicyDocument"] == json.loads(ALLOW)
    assert [p["PolicyVersionList"][0]["VersionId"] for p in details["Policies"] if p["PolicyName"] == "many1"] == ["v1"]
    assert {r["RoleName"] for r in details["RoleDetailList"]} >= {"many", "many0", "many1", "many2"}
    only = iam.get_account_authorization_details(Filter=["Group"])
    assert not only["UserDetailList"] and not only["RoleDetailList"] and not only["Policies"] and len(only["GroupDetailList"]) == 4
    for serial in extra:
        iam.delete_virtual_mfa_device(SerialNumber=serial)
    for k in iam.list_access_keys(**user)["AccessKeyMetadata"]:
        iam.delete_access_key(AccessKeyId=k["AccessKeyId"], **user)
    for n in range(3):
        iam.remove_user_from_group(GroupName=f"many{n}", UserName="many")
        iam.remove_user_from_group(GroupName="many", UserName=f"many{n}")
        for kind in ("user", "group", "role"):
            name = {kind.title() + "Name": "many"}
            getattr(iam, f"delete_{kind}_policy")(PolicyName=f"p{n}", **name)
            getattr(iam, f"detach_{kind}_policy")(PolicyArn=arns[n], **name)
        iam.delete_group(GroupName=f"many{n}")
        iam.delete_role(RoleName=f"many{n}")
        iam.delete_instance_profile(InstanceProfileName=f"many{n}")
        iam.delete_user(UserName=f"many{n}")
    for v in ("v2", "v3"):
        iam.delete_policy_version(PolicyArn=arns[0], VersionId=v)
    for arn in arns:
        iam.delete_policy(PolicyArn=arn)
    iam.delete_user(**user)
    iam.delete_group(**group)
    iam.delete_role(**role)


def nothing_there():
    """Every call that names what is not there says so."""
    arn = f"arn:aws:iam::{account}:policy/none"
    for call, params in (
        (iam.get_user, {"UserName": "none"}), (iam.update_user, {"UserName": "none", "NewUserName": "x"}),
        (iam.list_user_tags, {"UserName": "none"}), (iam.tag_user, {"UserName": "none", "Tags": [{"Key": "a", "Value": ""}]}),
        (iam.create_access_key, {"UserName": "none"}), (iam.list_access_keys, {"UserName": "none"}),
        (iam.update_access_key, {"UserName": "administrator", "AccessKeyId": "AKIA0000000000000000", "Status": "Inactive"}),
        (iam.create_login_profile, {"UserName": "none", "Password": "Correct-Horse1"}), (iam.list_mfa_devices, {"UserName": "none"}),
        (iam.deactivate_mfa_device, {"UserName": "administrator", "SerialNumber": f"arn:aws:iam::{account}:mfa/none"}),
        (iam.list_groups_for_user, {"UserName": "none"}), (iam.get_group, {"GroupName": "none"}), (iam.delete_group, {"GroupName": "none"}),
        (iam.add_user_to_group, {"GroupName": "none", "UserName": "administrator"}), (iam.list_group_policies, {"GroupName": "none"}),
        (iam.get_role, {"RoleName": "none"}), (iam.delete_role, {"RoleName": "none"}), (iam.update_role, {"RoleName": "none"}),
        (iam.update_assume_role_policy, {"RoleName": "none", "PolicyDocument": OWN}), (iam.list_role_tags, {"RoleName": "none"}),
        (iam.list_attached_role_policies, {"RoleName": "none"}), (iam.put_role_policy, {"RoleName": "none", "PolicyName": "p", "PolicyDocument": ALLOW}),
        (iam.get_instance_profile, {"InstanceProfileName": "none"}), (iam.list_instance_profiles_for_role, {"RoleName": "none"}),
        (iam.add_role_to_instance_profile, {"InstanceProfileName": "none", "RoleName": "none"}),
        (iam.get_policy, {"PolicyArn": arn}), (iam.delete_policy, {"PolicyArn": arn}), (iam.list_policy_versions, {"PolicyArn": arn}),
        (iam.get_policy_version, {"PolicyArn": arn, "VersionId": "v1"}), (iam.list_entities_for_policy, {"PolicyArn": arn}),
        (iam.create_policy_version, {"PolicyArn": arn, "PolicyDocument": ALLOW}), (iam.attach_role_policy, {"RoleName": "none", "PolicyArn": arn}),
        (iam.simulate_principal_policy, {"PolicySourceArn": f"arn:aws:iam::{account}:user/none", "ActionNames": ["s3:GetObject"]}),
        (iam.delete_service_linked_role, {"RoleName": "none"}),
    ):
        refused("NoSuchEntity", call, **params)


def quotas():
    iam.create_user(UserName="full")
    refused("ValidationError", iam.tag_user, UserName="full", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(51)])
    iam.tag_user(UserName="full", Tags=[{"Key": f"k{n}", "Value": "v" * 256} for n in range(50)])
    refused("LimitExceeded", iam.tag_user, UserName="full", Tags=[{"Key": "one more", "Value": ""}])
    refused("ValidationError", iam.tag_user, UserName="full", Tags=[{"Key": "k" * 129, "Value": ""}])
    refused("InvalidInput", iam.tag_user, UserName="full", Tags=[{"Key": "aws:mine", "Value": ""}])
    arns = [iam.create_policy(PolicyName=f"full{n}", PolicyDocument=ALLOW)["Policy"]["Arn"] for n in range(11)]
    for arn in arns[:10]:
        iam.attach_user_policy(UserName="full", PolicyArn=arn)
    refused("LimitExceeded", iam.attach_user_policy, "PoliciesPerEntity: 10", UserName="full", PolicyArn=arns[10])
    for n in range(10):
        iam.create_group(GroupName=f"full{n}")
        iam.add_user_to_group(GroupName=f"full{n}", UserName="full")
    iam.create_group(GroupName="full10")
    refused("LimitExceeded", iam.add_user_to_group, GroupName="full10", UserName="full")
    iam.delete_group(GroupName="full10")
    for n in range(10):
        iam.remove_user_from_group(GroupName=f"full{n}", UserName="full")
        iam.delete_group(GroupName=f"full{n}")
        iam.detach_user_policy(UserName="full", PolicyArn=arns[n])
    for arn in arns:
        iam.delete_policy(PolicyArn=arn)
    iam.delete_user(UserName="full")


def decisions():
    """What SimulatePrincipalPolicy says is what then happens."""
    iam.create_user(UserName="d")
    iam.create_group(GroupName="d")
    iam.add_user_to_group(GroupName="d", UserName="d")
    k = iam.create_access_key(UserName="d")["AccessKey"]
    mine = client("iam", k["AccessKeyId"], k["SecretAccessKey"])
    source = f"arn:aws:iam::{account}:user/d"

    def says(action, resource="*", **more):
        r = iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=[action], ResourceArns=[resource], **more)["EvaluationResults"][0]
        assert r["EvalActionName"] == action and r["EvalResourceName"] == resource, r
        return r["EvalDecision"]

    policy = lambda *statements: json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    allow = lambda action, resource="*", **more: dict(Effect="Allow", Action=action, Resource=resource, **more)
    assert says("iam:GetUser", source) == "implicitDeny"
    refused("AccessDenied", mine.get_user, "because no identity-based policy allows the iam:GetUser action", UserName="d")
    iam.put_group_policy(GroupName="d", PolicyName="p", PolicyDocument=policy(allow("iam:Get*", f"arn:aws:iam::{account}:user/${{aws:username}}")))
    assert says("iam:GetUser", source) == "allowed"
    mine.get_user(UserName="d")
    refused("AccessDenied", mine.get_user, UserName="administrator")
    assert says("iam:GetUser", f"arn:aws:iam::{account}:user/administrator") == "implicitDeny"
    iam.put_user_policy(UserName="d", PolicyName="never", PolicyDocument=policy(dict(Effect="Deny", NotAction="iam:List*", Resource="*")))
    assert says("iam:GetUser", source) == "explicitDeny"
    refused("AccessDenied", mine.get_user, "with an explicit deny in an identity-based policy", UserName="d")
    iam.delete_user_policy(UserName="d", PolicyName="never")
    boundary = iam.create_policy(PolicyName="edge", PolicyDocument=policy(allow("iam:ListUsers")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="d", PermissionsBoundary=boundary)
    refused("AccessDenied", mine.get_user, "because no permissions boundary allows the iam:GetUser action", UserName="d")
    assert says("iam:GetUser", source) == "implicitDeny"
    iam.delete_user_permissions_boundary(UserName="d")
    mine.get_user(UserName="d")
    assert says("s3:GetObject", "arn:aws:s3:::b/k", PolicyInputList=[ALLOW]) == "allowed"
    when = policy(allow("ec2:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}))
    for name, want in (("eu-west-1", "allowed"), ("us-east-1", "implicitDeny")):
        got = iam.simulate_custom_policy(PolicyInputList=[when], ActionNames=["ec2:RunInstances"], ContextEntries=[
            {"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": [name], "ContextKeyType": "string"}])["EvaluationResults"][0]
        assert got["EvalDecision"] == want and got["MissingContextValues"] == [], got
        assert [m["SourcePolicyId"] for m in got["MatchedStatements"]] == (["PolicyInputList.1"] if want == "allowed" else []), got
    got = iam.simulate_custom_policy(PolicyInputList=[when], ActionNames=["ec2:RunInstances"])["EvaluationResults"][0]
    assert got["EvalDecision"] == "implicitDeny" and got["MissingContextValues"] == ["aws:RequestedRegion"], got
    got = iam.simulate_custom_policy(PolicyInputList=[ALLOW], PermissionsBoundaryPolicyInputList=[DENY], ActionNames=["s3:GetObject"])["EvaluationResults"][0]
    assert got["EvalDecision"] == "implicitDeny" and got["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}, got
    iam.delete_policy(PolicyArn=boundary)
    iam.delete_group_policy(GroupName="d", PolicyName="p")
    iam.remove_user_from_group(GroupName="d", UserName="d")
    iam.delete_group(GroupName="d")
    iam.delete_access_key(UserName="d", AccessKeyId=k["AccessKeyId"])
    iam.delete_user(UserName="d")


def sessions():
    for call, params in ((sts.get_session_token, {}), (sts.get_federation_token, {"Name": "bob"})):
        for seconds in (899, 129601):
            refused("ValidationError", call, DurationSeconds=seconds, **params)
        c = call(DurationSeconds=900, **params)["Credentials"]
        left = c["Expiration"].timestamp() - time.time()
        assert 850 < left <= 901, left
    for name in ("b", "b" * 33, "a b"):
        refused("ValidationError", sts.get_federation_token, Name=name)
    refused("ValidationError", sts.get_access_key_info, AccessKeyId="short")
    arn = iam.create_role(RoleName="ses", AssumeRolePolicyDocument=trust({"AWS": account}, ["sts:AssumeRole", "sts:TagSession"]))["Role"]["Arn"]
    for name in ("s", "s" * 65, "a b", "a:b"):
        refused("ValidationError", sts.assume_role, RoleArn=arn, RoleSessionName=name)
    for seconds in (899, 43201):
        refused("ValidationError", sts.assume_role, RoleArn=arn, RoleSessionName="ss", DurationSeconds=seconds)
    refused("ValidationError", sts.assume_role, RoleArn=arn, RoleSessionName="ss", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(51)])
    refused("PackedPolicyTooLarge", sts.assume_role, RoleArn=arn, RoleSessionName="ss",
            Tags=[{"Key": f"{n:02}" + "k" * 120, "Value": "v" * 250} for n in range(50)])
    out = sts.assume_role(RoleArn=arn, RoleSessionName="ss", Tags=[{"Key": "k", "Value": "v"}], Policy=ALLOW)
    assert 0 < out["PackedPolicySize"] <= 100
    # A session is as good as its principal: no longer than it is there.
    iam.create_user(UserName="gone")
    k = iam.create_access_key(UserName="gone")["AccessKey"]
    c = client("sts", k["AccessKeyId"], k["SecretAccessKey"]).get_session_token()["Credentials"]
    mine = with_session("sts", c)
    assert mine.get_caller_identity()["Arn"].endswith(":user/gone")
    iam.delete_access_key(UserName="gone", AccessKeyId=k["AccessKeyId"])
    assert mine.get_caller_identity()["Arn"].endswith(":user/gone")
    iam.delete_user(UserName="gone")
    refused("InvalidClientTokenId", mine.get_caller_identity)
    iam.create_user(UserName="gone")
    refused("InvalidClientTokenId", mine.get_caller_identity)
    iam.delete_user(UserName="gone")
    iam.delete_role(RoleName="ses")


def hostile():
    refused("ValidationError", sts.assume_role, RoleArn=f"arn:aws:iam::{account}:role/any", RoleSessionName="s" * 1_000_000)
    refused("ValidationError", iam.create_policy, PolicyName="big", PolicyDocument="x" * (6 << 20))
    big = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}] * 150})
    refused("LimitExceeded", iam.create_policy, "Cannot exceed quota for PolicySize: 6144", PolicyName="big", PolicyDocument=big)
    refused("LimitExceeded", iam.put_user_policy, "Maximum policy size of 2048 bytes exceeded for user administrator",
            UserName="administrator", PolicyName="big", PolicyDocument=big)
    refused("InvalidAuthorizationMessageException", sts.decode_authorization_message, EncodedMessage="nonsense")
    refused("InvalidIdentityToken", sts.assume_role_with_saml, RoleArn=f"arn:aws:iam::{account}:role/any",
            PrincipalArn=f"arn:aws:iam::{account}:saml-provider/p", SAMLAssertion="eHh4eA==")


for scenario in (users, pages, access_keys, renamed_user_keeps_key, login_profiles, groups, managed_policies, inline_policies, roles, tags,
                 account_settings, service_linked_roles, simulation, mfa, assume_role, external_id, chains, federation, names,
                 every_list_has_pages, nothing_there, quotas, decisions, sessions, hostile):
    scenario()
    print("ok", scenario.__name__)
