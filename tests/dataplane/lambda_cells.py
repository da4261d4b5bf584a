"""What a load balancer makes of every field of a function's response, for every JSON type.

A row is a field, a column a type. A cell is what a strict balancer answers and what a lenient
one does, one figure if both do the same, then the source. Where that is `-`, nobody was found
who asked AWS: the strict balancer refuses, the lenient one takes what has a meaning.
"""

from typing import Any, Final, NamedTuple

SOURCES: Final = {
    "guide": "user guide, Lambda functions as targets: respond to the load balancer",
    "docs33": "awsdocs/elb-application-load-balancers-user-guide#33: null is a 502, absent is not",
    "go207": "aws/aws-lambda-go#207: without headers Go sends null, a 502; an empty object is none",
    "go438": "aws/aws-lambda-go#438: {statusCode: 200, body: null} 502, {statusCode: 200} 200",
    "net507": "aws/aws-lambda-dotnet#507: a statusDescription of null is a 502",
    "tools4671": "aws-powertools/powertools-lambda-python#4671: a body of null is a 502",
    "api117": "jeremydaly/lambda-api#117: a header of true is a 502, of 'true' none",
    "dispatch52": "pwrdrvr/lambda-dispatch#52: a Content-Length that is a number is a 502",
    "adyen1249": "Adyen/adyen-commercetools#1249: without a statusCode 502, the rest may be absent",
    "-": "not known",
}

ABSENT: Final = object()
VALUES: Final[dict[str, Any]] = {
    "absent": ABSENT,
    "null": None,
    "bool": True,
    "int": 201,
    "float": 201.0,
    "string": "201",
    "list": ["201"],
    "object": {"x-name": "201"},
}

_TABLE = """
field              absent         null           bool        int            float    string      list     object
statusCode         502 adyen1249  502 -          502 -       201 guide      502/201  502/201     502 -    502 -
statusDescription  200 docs33     502 net507     502/200     502/200        502/200  200 guide   502/200  502/200
isBase64Encoded    200 docs33     502 docs33     200 guide   502 -          502 -    502 -       502 -    502 -
headers            200 go438      502 go207      502 -       502 -          502 -    502 -       502 -    200 guide
multiValueHeaders  200 -          502 -          502 -       502 -          502 -    502 -       502 -    502 -
header             200 go207      502 -          502 api117  502 dispatch52 502 -    200 guide   502 -    502 -
values             200 -          502 -          502 -       502 -          502 -    502 -       200 guide  502 -
value              200 -          502 -          502 -       502 -          502 -    200 guide   502 -    502 -
body               200 guide      502 tools4671  502 -       502 -          502 -    200 guide   502 -    502 -
cookies            200 -          200 -          200 -       200 -          200 -    200 -       200 -    200 -
other form         200 -          200 -          200 -       200 -          200 -    200 -       200 -    200 -
"""  # noqa: E501 # a table


class Cell(NamedTuple):
    """One field with a value of one type."""

    field: str
    kind: str
    strict: int
    lenient: int
    source: str

    @property
    def multi_value(self) -> bool:
        """Whether the field counts only with multi-value headers."""
        return self.field in ("multiValueHeaders", "values", "value")

    @property
    def response(self) -> dict[str, Any]:
        """A response without another fault that holds the cell's value."""
        field, value = self.field, VALUES[self.kind]
        response = {
            "statusCode": 200,
            "statusDescription": "200 OK",
            "isBase64Encoded": False,
            "multiValueHeaders" if self.multi_value else "headers": {},
            "body": "aGk=",
        }
        if field == "header":
            field, value = "headers", {} if value is ABSENT else {"x-name": value}
        elif field == "values":
            field, value = "multiValueHeaders", {} if value is ABSENT else {"x-name": value}
        elif field == "value":
            field = "multiValueHeaders"
            value = {"x-name": [] if value is ABSENT else [value]}
        elif field == "other form":
            field = "multiValueHeaders"
        if value is ABSENT:
            response.pop(field, None)
        else:
            response[field] = value
        return response


def _cells() -> list[Cell]:
    _, *rows = _TABLE.strip().splitlines()
    found = []
    for row in rows:
        field, rest = row[:19].strip(), row[19:].split()
        for kind in VALUES:
            strict, _, lenient = rest.pop(0).partition("/")
            source = "-" if lenient else rest.pop(0)
            found.append(Cell(field, kind, int(strict), int(lenient or strict), source))
        if rest:
            raise ValueError(f"too many cells for {field}: {rest}")
    return found


CELLS: Final = _cells()
