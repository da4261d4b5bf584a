"""The built-in backend: says who answered, and what was asked."""

import json
from typing import Any

from sandbox.dataplane.answers import Answer
from sandbox.dataplane.groups import Group
from sandbox.dataplane.invoke import Call
from sandbox.dataplane.request import Request
from sandbox.dataplane.services import Lines

IMPLEMENTATION_HEADER = "x-sandbox-implementation"
FUNCTION_HEADER = "x-sandbox-function"
GROUP_HEADER = "x-sandbox-target-group"
PRIORITY_HEADER = "x-sandbox-rule-priority"


class Responder:
    """Answers for a function with its implementation, name, target group, rule and request."""

    immediate = True

    async def invoke(self, call: Call) -> object:
        function, group, event = call.function, call.group, call.event
        priority = "default" if call.priority is None else str(call.priority)
        multi_value = group.multi_value_headers
        query = event["multiValueQueryStringParameters" if multi_value else "queryStringParameters"]
        headers: dict[str, Any] = {
            "content-type": "application/json",
            IMPLEMENTATION_HEADER: function.implementation,
            FUNCTION_HEADER: function.name,
            GROUP_HEADER: group.name,
            PRIORITY_HEADER: priority,
        }
        said = {
            "implementation": function.implementation,
            "function": function.name,
            "rulePriority": priority,
            "targetGroup": group.name,
            "method": event["httpMethod"],
            "path": event["path"],
            "query": query,
            "bodyLength": len(event["body"]),
            "isBase64Encoded": event["isBase64Encoded"],
        }
        response: dict[str, Any] = {
            "statusCode": 200,
            "statusDescription": "200 OK",
            "isBase64Encoded": False,
            "body": json.dumps(said),
        }
        if multi_value:
            response["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
        else:
            response["headers"] = headers
        return response


class ServiceResponder:
    """Answers for a target that is no function, such as the registry service."""

    async def answer(self, request: Request, _lines: Lines, _body: bytes, group: Group) -> Answer:
        said = {
            "implementation": group.name,
            "function": None,
            "targetGroup": group.name,
            "method": request.method,
            "path": request.path,
        }
        headers = {
            "content-type": "application/json",
            IMPLEMENTATION_HEADER: group.name,
            GROUP_HEADER: group.name,
        }
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        return Answer(200, lines, json.dumps(said).encode())
