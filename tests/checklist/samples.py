"""A run of the checklist as it may turn out, and one that tries to break the reports."""

import random
from dataclasses import replace

import catalog
from pages.model import Claim, Item, Line, Mark, Share, Shares, Timeline
from sandbox.checklist.intervals import allowed
from sandbox.checklist.results import Checklist

TITLES = (
    "Deploy to staging with Rust disabled - verify Python-only works",
    "Deploy to staging with Rust at 100% - verify no conflicts",
    "Test weighted routing at 50/50 split",
    "Verify session stickiness works (1 hour duration)",
    "Test rollback scenario (100% Rust -> 0% Rust)",
    "Monitor ALB metrics during transition",
    "Verify all 6 endpoints route correctly",
)
COLUMNS = ("0 %", "100 %", "50 %", "0 % again")
HOSTILE = "</title></style><script>hostile = 1</script>&amp;\"'\x1b[31m\x00\ud800{{ 7 * 7 }}]]>"


def _luck(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 # the same clients each time, no secret


def walk() -> Timeline:
    """A minute from 0 over 100 and 50 back to 0 %, a point each quarter second."""
    luck = _luck(0)
    stages = (0.0, 1.0, 0.5, 0.0)

    def share(second: float) -> float:
        chance = stages[int(second // 15)]
        return 100 * sum(luck.random() < chance for _ in range(25)) / 25

    return Timeline(
        "Rust's share of all requests",
        "% Rust",
        tuple(
            Line(name, tuple((tick / 4, share(tick / 4)) for tick in range(240)))
            for name in catalog.DUAL_ENDPOINTS
        ),
        tuple(
            mark
            for begun, percentage in ((14, 100), (29, 50), (43, 0))
            for mark in (Mark(begun, f"update to {percentage} %"), Mark(begun + 1.4, "live"))
        ),
        top=100,
    )


def rollback() -> Timeline:
    return Timeline(
        "Returning clients on Rust, before and after the same rollback",
        "% Rust",
        (
            Line("plain rule (ours)", tuple((x / 4, 100.0 * (x < 0)) for x in range(-12, 4))),
            Line("weight 0 (the trap)", tuple((x / 4, 100.0) for x in range(-6, 4))),
        ),
        (Mark(0, "change is live"),),
        top=100,
        note="Only clients with a cookie.",
    )


def cloudwatch() -> Timeline:
    minutes = (0, 60, 3660, 7320, 7380, 10980)
    python, rust = (9120, 6420, 600, 300, 0, 8011), (0, 6000, 600, 300, 2400, 0)
    return Timeline(
        "RequestCount in CloudWatch",
        "requests a minute",
        tuple(
            Line(name, tuple(zip(minutes, map(float, counts), strict=True)))
            for name, counts in (("Python", python), ("Rust", rust))
        ),
        (Mark(7320, "HTTP-Target-5XX-passport-v2-rust-scorer-burst: ALARM"), Mark(7440, "OK")),
        sums=True,
    )


def rate() -> Timeline:
    luck = _luck(1)
    points = tuple((tick / 2, 600 + luck.random() * 80) for tick in range(120))
    return Timeline("Requests", "requests a second", (Line("all clients", points),))


def shares() -> Shares:
    luck = _luck(2)

    def share(column: str) -> Share:
        if column == "50 %":
            return Share(sum(luck.random() < 0.5 for _ in range(4000)), 4000, *allowed(4000, 0.5))
        return Share(1000, 1000, 1000, 1000) if column == "100 %" else Share(0, 1000, 0, 0)

    return Shares(
        "New clients that Rust served, before and after each change",
        COLUMNS,
        tuple((name, tuple(map(share, COLUMNS))) for name in catalog.DUAL_ENDPOINTS),
    )


CHARTS = (walk, rollback, cloudwatch, rate, shares)


def passed() -> Checklist:
    charts: dict[int, tuple[Timeline | Shares, ...]] = {
        2: (walk(),),
        3: (walk(),),
        5: (rollback(), walk()),
        6: (cloudwatch(), rate()),
        7: (shares(),),
    }
    items = tuple(
        Item(
            title,
            (
                Claim(f"0 of 1732 requests of item {number} failed.", passed=True),
                Claim("The update changed 6 rules in place and nothing else.", passed=True),
            ),
            charts.get(number, ()),
            seconds=number + 0.25,
            modelled=("Whether activity renews the cookie is not documented.",)
            if number == 4
            else (),
        )
        for number, title in enumerate(TITLES, 1)
    )
    return Checklist(
        stack="staging",
        engine="embedded",
        started="2026-10-09T15:29:53+00:00",
        items=items,
        seconds=44.8,
        requests=57112,
        facts=(("Clients per share", "4000"),),
    )


def failed() -> Checklist:
    """Items 3 and 7 failed."""
    good = passed()
    items = list(good.items)
    for index, text in ((2, "Rust got 65 %."), (6, "3 strays went to Rust.")):
        claims = (*items[index].claims, Claim(text, passed=False))
        items[index] = replace(items[index], claims=claims)
    chart = shares()
    (name, (_, *others)), *rows = chart.rows
    stray = (name, (Share(3, 1000, 0, 0), *others))
    items[6] = replace(items[6], charts=(replace(chart, rows=(stray, *rows)),))
    return replace(good, items=tuple(items))


def hostile() -> Checklist:
    """Every text is one that HTML, SVG or a terminal might obey."""
    lines = (Line(HOSTILE, ((0, 1), (float("nan"), 2), (2, float("inf")))), Line(HOSTILE, ()))
    timeline = Timeline(HOSTILE, HOSTILE, lines, (Mark(1, HOSTILE),), note=HOSTILE)
    table = Shares(HOSTILE, (HOSTILE,), ((HOSTILE, (Share(0, 0, 0, 0),)),), note=HOSTILE)
    item = Item(HOSTILE, (Claim(HOSTILE, passed=False),), (timeline, table), modelled=(HOSTILE,))
    return replace(
        passed(), stack=HOSTILE, engine=HOSTILE, items=(item,), facts=((HOSTILE, HOSTILE),)
    )
