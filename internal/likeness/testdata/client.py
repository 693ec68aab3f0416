"""A client that keeps every answer."""

import time

import boto3
import botocore.exceptions
from botocore.config import Config


class Side:
    """One of the two endpoints and what it answered, in order."""

    def __init__(self, endpoint, strict):
        self.endpoint = endpoint
        self.strict = strict
        self.session = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        self.clients = {}
        self.answers = []
        self.flow = ""

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = self.session.client(
                service, endpoint_url=self.endpoint, config=Config(retries={"total_max_attempts": 1})
            )
        return self.clients[service]

    def ask(self, service, operation, params):
        """The output shape, and the answer or the error's code."""
        client = self.client(service)
        model = client.meta.service_model.operation_model(operation)
        try:
            answer = client._make_api_call(operation, params)
            del answer["ResponseMetadata"]
            return model.output_shape, answer, ""
        except botocore.exceptions.ClientError as e:
            return model.output_shape, None, e.response["Error"]["Code"]

    def keep(self, service, operation, answered):
        shape, answer, error = answered
        self.answers.append((self.flow, service, operation, shape, answer, error))
        return answer

    def call(self, service, operation, /, **params):
        """Makes a call that must succeed."""
        answered = self.ask(service, operation, params)
        if answered[2]:
            raise Failed(f"{self.endpoint}: {service} {operation} in flow {self.flow}: {answered[2]}")
        return self.keep(service, operation, answered)

    def refused(self, service, operation, /, **params):
        """Makes a call that AWS refuses, as the side must if it is strict."""
        answered = self.ask(service, operation, params)
        if self.strict and not answered[2]:
            raise Failed(f"{self.endpoint}: {service} {operation} in flow {self.flow} succeeds")
        self.keep(service, operation, answered)

    def until(self, done, service, operation, /, **params):
        """Makes a call until its answer is as it must be, and keeps that one."""
        deadline = time.monotonic() + 20
        while True:
            answered = self.ask(service, operation, params)
            if answered[1] is not None and done(answered[1]):
                return self.keep(service, operation, answered)
            if time.monotonic() > deadline:
                raise Failed(f"{self.endpoint}: {service} {operation} in flow {self.flow} stays {answered[1:]}")
            time.sleep(0.05)


class Failed(Exception):
    pass
