import pytest

from sandbox.account.refusals.alarm_rule import AlarmRuleError, read_rule


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("TRUE", True),
        ("false", False),
        ("TRUE AND FALSE", False),
        ("TRUE OR FALSE", True),
        ("NOT FALSE", True),
        ("NOT NOT FALSE", False),
        ("TRUE OR TRUE AND FALSE", True),
        ("(TRUE OR TRUE) AND FALSE", False),
        ("NOT TRUE OR TRUE", True),
        ("NOT (TRUE OR TRUE)", False),
        ("ALARM(a)", True),
        ("OK(a)", False),
        ("OK(b) and INSUFFICIENT_DATA(c)", True),
        ('ALARM( "a" )', True),
        ("ALARM(arn:aws:cloudwatch:us-west-2:000000000000:alarm:a)", True),
    ],
)
def test_whether_a_rule_holds(text: str, holds: bool) -> None:
    states = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA"}
    assert read_rule(text).holds(states) is holds


@pytest.mark.parametrize(
    ("text", "children", "elements"),
    [
        ("TRUE", (), 1),
        ("ALARM(a) OR ALARM(b) OR OK(a)", ("a", "b"), 3),
        ("NOT (ALARM(a) AND TRUE)", ("a",), 4),
        (r'ALARM("a (b) \"c\"")', ('a (b) "c"',), 1),
        ("ALARM(HTTP-5XX_x.y/z:1)", ("HTTP-5XX_x.y/z:1",), 1),
        ("ALARM(AND)", ("AND",), 1),
    ],
)
def test_what_a_rule_is_made_of(text: str, children: tuple[str, ...], elements: int) -> None:
    rule = read_rule(text)
    assert (rule.children, rule.elements) == (children, elements)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Unexpected end at char 0"),
        ("  ", "Unexpected end"),
        ("AND TRUE", "Unsupported token 'AND' at char 0"),
        ("TRUE AND", "Unexpected end at char 8"),
        ("TRUE TRUE", "Unsupported token 'TRUE' at char 5"),
        ("TRUE)", "Unsupported token ')' at char 4"),
        ("(TRUE", "Expected ')' at char 5"),
        ("()", "Unsupported token ')' at char 1"),
        ("NOT", "Unexpected end"),
        ("TRUE AND alarm(a)", "Unsupported token 'alarm(a)'"),
        ("ALARM()", "Unsupported token"),
        ("ALARM(a b)", "Unsupported token"),
        ('ALARM("a)', "Unsupported token"),
        ("TRUEST", "Unsupported token"),
        ("AT_LEAST(1, ALARM, (a, b))", "Unsupported token 'AT_LEAST(1,'"),
        ("(" * 50 + "TRUE" + ")" * 50, "Too many nested brackets"),
    ],
)
def test_what_is_no_rule(text: str, words: str) -> None:
    with pytest.raises(AlarmRuleError) as caught:
        read_rule(text)
    assert str(caught.value).startswith("Error in AlarmRule [")
    assert words in str(caught.value)


def test_many_brackets() -> None:
    assert read_rule("(" * 49 + "TRUE" + ")" * 49).holds({}) is True
