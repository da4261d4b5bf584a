"""Rollouts of a stack in the emulated account: journal, rules, metrics and alarms by the API."""

import contextlib
import itertools
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from endpoint import ROLLED_BACK_AT
from rollout.journal import Entry, Request, State
from rollout.ledger import LEASE_S, Busy, Lease, Ledger, LedgerUnreadable, Overtaken
from rollout.operate import NotRunning, Running
from rollout.stack import Change, StackFailed
from tests.account.support import path
from tests.rollout.live_world import RULE, Killed, LiveWorld
from tests.rollout.stack import DUAL, SCORE

WAY = ["apply", "verify", "warm-up", "bake"]


def test_a_healthy_rollout_goes_to_its_end_and_does_nothing_more(world: LiveWorld) -> None:
    first = world.start()
    report = world.run()

    assert first.decision.state is State.VERIFY
    assert report.decision.state is State.DONE
    assert world.events == [(s, step) for step in (0, 1) for s in WAY] + [("done", 1)]
    assert world.shares() == dict.fromkeys(DUAL, 50)
    assert world.engine.updates == [(10, False), (50, False)]
    assert world.engine.share == 50
    world.operator().tick()
    assert world.engine.updates == [(10, False), (50, False)]


def test_a_faulty_release_goes_back_and_configuration_and_engine_follow(
    last: LiveWorld,
) -> None:
    last.errors["rust"] = 0.3

    report = last.run()

    assert report.decision.state is State.DRAINED
    assert "errors" in report.decision.reason
    assert last.stack.plain() == DUAL
    assert last.engine.share == 0
    assert last.engine.last == dict.fromkeys(DUAL, 0)
    assert all(ROLLED_BACK_AT in last.stack.tags(last.stack.rules[rule]) for rule in DUAL)


def test_an_error_of_a_function_that_failed_counts_though_no_target_answered(
    baking: LiveWorld,
) -> None:
    group = baking.stack.groups["l-passport-v2-rust-scorer"].rpartition(":")[2]
    for _ in range(6):
        alone = [{"Name": "TargetGroup", "Value": group}]
        baking.put([{"MetricName": "LambdaUserError", "Dimensions": alone, "Value": 20}])
        baking.pass_minute()
        if baking.operator().tick().decision.state is State.ROLLING_BACK:
            break

    assert baking.stack.plain() == DUAL


@pytest.mark.parametrize(("kept", "way_back"), [("world", False), ("baking", True)])
def test_who_is_killed_at_everything_that_the_engine_does_loses_nothing(
    request: pytest.FixtureRequest, kept: str, *, way_back: bool
) -> None:
    world: LiveWorld = request.getfixturevalue(kept)
    tried = set()

    def trouble(doing: str) -> None:
        """The first time that anything is done for a share it is the last thing that is done."""
        if doing != "asked" and (doing, world.engine.share) not in tried:
            tried.add((doing, world.engine.share))
            raise Killed

    world.engine.trouble = trouble
    outlive(world, way_back=way_back)

    assert_arrived(world, way_back=way_back)
    shares = [0] if way_back else [10, 50]
    assert {one for one in tried if one[0].startswith("update ")} == {
        (f"update {rule}", share) for rule in DUAL for share in shares
    }


@pytest.mark.parametrize(("written", "way_back"), [(False, False), (True, True)])
def test_who_is_killed_at_every_transition_loses_nothing(
    world: LiveWorld, monkeypatch: pytest.MonkeyPatch, *, written: bool, way_back: bool
) -> None:
    tried = set()
    append = Ledger.append

    def dying(ledger: Ledger, rollout: str, entry: Entry, lease: Lease | None) -> bool:
        is_first = entry.number not in tried
        tried.add(entry.number)
        if is_first and not written:
            raise Killed
        done = append(ledger, rollout, entry, lease)
        if is_first:
            raise Killed
        return done

    monkeypatch.setattr(Ledger, "append", dying)
    outlive(world, way_back=way_back)

    assert len(tried) >= 6
    assert_arrived(world, way_back=way_back)


def outlive(world: LiveWorld, *, way_back: bool) -> None:
    """Drive a rollout to its end, whatever dies on the way."""
    for _ in range(120):
        try:
            begun = world.ledger().newest() is not None
            report = world.operator().tick() if begun else world.start()
        except (Killed, Busy, LedgerUnreadable, ClientError):
            world.time += LEASE_S
            continue
        state = report.decision.state
        if state in (State.DONE, State.DRAINED):
            break
        if way_back and state is State.BAKE:
            world.errors["rust"] = 0.4
        world.pass_minute()


def assert_arrived(world: LiveWorld, *, way_back: bool) -> None:
    """The rollout came to its end once, and everything is as it should be there."""
    state = str(State.DRAINED if way_back else State.DONE)
    assert world.shares() == dict.fromkeys(DUAL, 0 if way_back else 50)
    events = [event for event, _ in world.events]
    assert events[-1] == state
    assert events.count(state) == 1


OF_THE_TEST = {"PutMetricData", "DescribeRules"}
"""Calls that the world makes too."""


def failing(monkeypatch: pytest.MonkeyPatch, world: LiveWorld, fails: Any) -> None:
    """Let calls to AWS fail; metrics are put by others."""
    clients: list[Any] = [world.aws.elb, world.aws.cloudwatch, world.aws.dynamodb]
    for client in clients:
        real = client._make_api_call

        def call(name: str, kwargs: Any, real: Any = real) -> Any:
            if name not in OF_THE_TEST and fails(name):
                error: Any = {"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}
                raise ClientError(error, name)
            return real(name, kwargs)

        monkeypatch.setattr(client, "_make_api_call", call)


@pytest.mark.parametrize(
    ("kept", "every", "way_back"), [("world", 29, False), ("baking", 31, True)]
)
def test_calls_that_fail_are_made_again_by_the_next_tick(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    kept: str,
    every: int,
    *,
    way_back: bool,
) -> None:
    world: LiveWorld = request.getfixturevalue(kept)
    count = itertools.count(1)
    with monkeypatch.context() as patch:
        failing(patch, world, lambda _name: next(count) % every == 0)
        outlive(world, way_back=way_back)

    assert_arrived(world, way_back=way_back)
    assert next(count) > 3 * every


def test_an_update_that_fails_half_way_is_made_again_and_said(baking: LiveWorld) -> None:
    failures = iter([StackFailed("the package is missing")])

    def trouble(doing: str) -> None:
        if doing == f"update {SCORE}" and (error := next(failures, None)):
            raise error

    baking.engine.trouble = trouble
    report = baking.run()

    assert report.decision.state is State.DONE
    assert baking.said == ["the package is missing"]
    assert ("failed", 1) in baking.events


def test_an_update_that_never_works_goes_back_when_it_is_half_done(baking: LiveWorld) -> None:
    def trouble(doing: str) -> None:
        if doing == f"update {SCORE}" and baking.engine.share == 50:
            raise StackFailed("no")

    baking.engine.trouble = trouble
    report = baking.run()

    assert report.decision.state is State.DRAINED
    assert "failed 5 times" in report.decision.reason
    assert baking.stack.plain() == DUAL


def test_an_update_that_would_do_more_is_not_made_and_the_configuration_goes_back(
    baking: LiveWorld,
) -> None:
    baking.engine.foreseen = [Change("replace", "aws:lambda/function:Function", "embed-st-lambda")]

    report = baking.run(State.HOLD)

    assert "replace embed-st-lambda" in report.decision.reason
    assert baking.engine.share == 10
    assert baking.shares() == dict.fromkeys(DUAL, 10)


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (lambda world: world.alarm("rust-scorer-health", "ALARM"), "rust-scorer-health"),
        (lambda world: world.engine.set_rule(SCORE, 10), SCORE),
        (lambda world: setattr(world.engine, "foreseen", [Change("create", RULE, "x")]), "create"),
        (
            lambda world: world.aws.cloudwatch.delete_alarms(AlarmNames=["rust-scorer-health"]),
            "missing",
        ),
        (lambda world: setattr(world, "time", world.time + 7200), "no metric shows a request"),
    ],
    ids=["alarm", "rule", "preview", "no alarm", "no metrics"],
)
def test_a_start_is_refused_with_the_reason_and_changes_nothing(
    world: LiveWorld, prepare: Any, told: str
) -> None:
    prepare(world)
    before = world.shares()

    report = world.start()

    assert report.decision.state is State.REFUSED
    assert told in report.decision.reason
    assert world.engine.updates == []
    assert world.shares() == before
    assert world.engine.share == 0


def test_no_second_rollout_begins_beside_one(world: LiveWorld) -> None:
    world.start()

    with pytest.raises(Running, match="is under way"):
        world.start()


def test_two_at_once_are_one(world: LiveWorld) -> None:
    with world.operator().ledger.lease(), pytest.raises(Busy, match="is at work on staging"):
        world.operator().tick()


def test_who_is_busy_is_told_as_it_was_also_where_the_other_has_ended_since(
    world: LiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb: Any = world.aws.dynamodb
    call = dynamodb._make_api_call
    held = contextlib.ExitStack()
    held.enter_context(world.operator().ledger.lease())

    def late(name: str, kwargs: Any) -> Any:
        """Let the other one end as soon as ours is refused."""
        try:
            return call(name, kwargs)
        except ClientError:
            monkeypatch.undo()
            held.close()
            raise

    monkeypatch.setattr(dynamodb, "_make_api_call", late)
    with pytest.raises(Busy, match=r"taken over if it is not heard of for 60 s\."):
        world.operator().tick()


def test_schedulers_at_once_make_one_rollout(world: LiveWorld) -> None:
    world.start()
    world.time += 120

    def tick() -> None:
        with contextlib.suppress(Busy):
            world.operator().tick()

    for _ in range(9):
        threads = [threading.Thread(target=tick) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.pass_minute()

    numbers = world.ledger().newest()
    assert numbers is not None
    assert [entry.number for entry in world.ledger().journal(numbers.id)] == list(
        range(1, len(world.events) + 1)
    )
    assert world.engine.updates == [(10, False), (50, False)]
    assert world.events[-1] == ("done", 1)


def test_who_was_overtaken_while_asleep_does_nothing_more(baking: LiveWorld) -> None:
    for _ in range(4):
        baking.pass_minute()
    sleeper = baking.operator("sleeper")
    seeing = sleeper._see

    def see(*arguments: Any, **options: Any) -> Any:
        """See that the next step is due, and act an hour later."""
        seen = seeing(*arguments, **options)
        baking.time += 3600
        with baking.operator("other").ledger.lease():
            pass
        return seen

    sleeper._see = see  # type: ignore[method-assign]
    with pytest.raises(Overtaken):
        sleeper.tick()

    assert baking.engine.updates == [(10, False)]
    assert baking.events[-1] == ("bake", 0)


@pytest.mark.parametrize("times", [1, 2])
def test_abort_works_with_nothing_running(world: LiveWorld, times: int) -> None:
    world.engine.share = 25
    world.engine.update()

    for _ in range(times):
        assert world.operator().abort() is None

    assert world.stack.plain() == DUAL
    assert world.engine.share == 0


def test_abort_takes_everything_back_while_another_holds_the_lease(baking: LiveWorld) -> None:
    with baking.operator("other").ledger.lease():
        report = baking.operator().abort()

    assert report is not None
    assert report.decision.state is State.ROLLING_BACK
    assert baking.stack.plain() == DUAL
    assert baking.engine.share == 0
    assert baking.run().decision.state is State.DRAINED
    assert baking.operator().abort() is None


def test_abort_needs_neither_table_nor_metrics(baking: LiveWorld) -> None:
    baking.aws.dynamodb.delete_table(TableName="scorer-rollout")

    baking.operator().abort()

    assert baking.stack.plain() == DUAL
    assert baking.engine.share == 0
    assert "scorer-rollout" in "".join(baking.said)


def test_a_share_of_an_endpoint_stays_through_a_rollout_and_goes_with_a_rollback(
    world: LiveWorld,
) -> None:
    world.engine.fixed = {"cc-v1-score-GET-0": 3}
    world.engine.update()
    world.start()
    world.run()
    assert world.shares() == dict.fromkeys(DUAL, 50) | {SCORE: 3}

    world.operator().abort()

    assert world.stack.plain() == DUAL
    assert world.engine.fixed == {}


def test_somebody_changes_a_rule_and_it_holds_until_resume_sets_it_again(
    last: LiveWorld,
) -> None:
    last.engine.set_rule(SCORE, 20)

    held = last.run(State.HOLD)
    assert SCORE in held.decision.reason
    last.operator().request(Request.RESUME)

    assert last.run().decision.state is State.DONE
    assert last.engine.updates[-1] == (50, True)
    assert last.shares() == dict.fromkeys(DUAL, 50)


def test_a_stack_file_that_went_back_holds_before_an_update_can_follow_it(
    last: LiveWorld,
) -> None:
    last.engine.share = 10

    held = last.run(State.HOLD)

    assert "10 %" in held.decision.reason
    assert last.shares() == dict.fromkeys(DUAL, 50)


@pytest.mark.parametrize("jump", [-3600, 86_400])
def test_a_clock_that_jumps_proves_nothing(last: LiveWorld, jump: float) -> None:
    last.time += jump
    state = last.operator().tick().decision.state
    last.time -= jump

    assert state in (State.BAKE, State.HOLD)
    assert last.run().decision.state is State.DONE


def test_no_metrics_is_a_hold_and_no_pass(last: LiveWorld) -> None:
    last.published = False

    held = last.run(State.HOLD)

    assert held.decision.state is State.HOLD
    last.published = True
    assert last.run().decision.state is State.DONE


def test_metrics_that_cannot_be_read_are_an_error_and_no_pass(
    baking: LiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, baking, lambda name: name == "GetMetricData")
    for _ in range(6):
        baking.pass_minute()
        decision = baking.operator().tick().decision

    assert decision.state is State.HOLD
    assert decision.error
    assert "Rate exceeded" in decision.reason


def test_a_pause_takes_no_step_until_resume(baking: LiveWorld) -> None:
    baking.operator().request(Request.PAUSE)
    baking.run(State.PAUSED)
    assert baking.shares() == dict.fromkeys(DUAL, 10)
    baking.operator().request(Request.RESUME)

    assert baking.run().decision.state is State.DONE


def test_nothing_can_be_asked_of_a_rollout_that_is_over(finished: LiveWorld) -> None:
    with pytest.raises(NotRunning, match="is over: done"):
        finished.operator().request(Request.PAUSE)


def test_without_a_rollout_there_is_nothing_to_tick(world: LiveWorld) -> None:
    with pytest.raises(NotRunning, match="no rollout of staging"):
        world.operator().tick()


def test_testers_keep_their_way_to_rust_and_a_rollback_says_that_rust_is_still_asked(
    baking: LiveWorld,
) -> None:
    testers = baking.stack.add_testers()
    baking.operator().abort()
    group = baking.stack.groups["l-passport-v2-rust-scorer"].rpartition(":")[2]
    balancer = baking.stack.listeners["public"].partition(":listener/")[2].rpartition("/")[0]
    both = [{"Name": "LoadBalancer", "Value": balancer}, {"Name": "TargetGroup", "Value": group}]
    for _ in range(6):
        baking.put([{"MetricName": "RequestCount", "Dimensions": both, "Value": 1}])
        baking.pass_minute()
        decision = baking.operator().tick().decision

    assert decision.state is State.DRAINED
    assert "testers" in decision.reason
    assert baking.stack.plain() == DUAL
    assert len(testers) == len(DUAL)


def test_a_raise_by_hand_after_an_abort_of_a_finished_rollout_stays(finished: LiveWorld) -> None:
    finished.operator().abort()
    assert finished.stack.plain() == DUAL
    finished.engine.share = 25
    finished.engine.update()

    assert finished.operator().tick().decision.state is State.DONE
    assert finished.shares() == dict.fromkeys(DUAL, 25)


def test_a_rule_that_cannot_be_taken_back_is_an_error_and_the_configuration_follows(
    baking: LiveWorld,
) -> None:
    baking.stack.elb.modify_rule(
        RuleArn=baking.stack.rules[SCORE], Conditions=[path("/ceramic-cache/score/0x*")]
    )
    baking.errors["rust"] = 0.4

    report = baking.run(State.ROLLING_BACK)

    assert SCORE in report.failed
    assert "still to Rust" in report.failed
    assert baking.stack.plain() == DUAL
    assert baking.engine.share == 0


def test_a_decided_way_back_does_not_wait_for_the_table(
    baking: LiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    baking.errors["rust"] = 0.4
    for _ in range(4):
        baking.pass_minute()
    failing(monkeypatch, baking, lambda name: name == "TransactWriteItems")

    baking.operator().tick()

    assert baking.stack.plain() == DUAL
    assert baking.engine.share == 0
    assert [text.startswith("Warning: The journal") for text in baking.said] == [True]


def test_going_back_deploys_nothing_else(baking: LiveWorld) -> None:
    baking.engine.foreseen = [Change("update", "aws:lambda/function:Function", "embed-st-lambda")]
    before = len(baking.engine.updates)

    with pytest.raises(StackFailed, match="embed-st-lambda"):
        baking.operator().abort()

    assert baking.stack.plain() == DUAL
    assert baking.engine.share == 0
    assert len(baking.engine.updates) == before


def test_a_request_before_the_preflight_skips_none_of_it(world: LiveWorld) -> None:
    world.engine.foreseen = [Change("create", RULE, "x")]
    with world.operator().ledger.lease() as lease:
        plan = world.operator()._plan(world.settings, 50)
        world.ledger().start(plan, "alice", world.time, lease)
    world.operator().request(Request.PROMOTE)

    assert world.operator().tick().decision.state is State.REFUSED


def test_a_configuration_that_alone_is_behind_is_written_and_nothing_deployed(
    last: LiveWorld,
) -> None:
    last.engine.share = 10
    last.engine.foreseen = [Change("update", "aws:lambda/function:Function", "embed-st-lambda")]
    last.run(State.HOLD)
    updates = list(last.engine.updates)

    last.operator().request(Request.RESUME)
    report = last.run()

    assert report.decision.state is State.DONE
    assert last.engine.share == 50
    assert last.engine.updates == updates


def test_a_preview_that_fails_leaves_the_configuration_as_it_was(baking: LiveWorld) -> None:
    def trouble(doing: str) -> None:
        if doing == "foresee":
            raise StackFailed("no plugin")

    baking.engine.trouble = trouble
    baking.run(State.HOLD)

    assert baking.engine.share == 10


def test_who_is_overtaken_during_a_preview_does_not_update(baking: LiveWorld) -> None:
    def trouble(doing: str) -> None:
        if doing == "foresee":
            baking.time += 3600
            with baking.operator("other").ledger.lease():
                pass

    baking.engine.trouble = trouble
    for _ in range(3):
        baking.pass_minute()
    with pytest.raises(Overtaken):
        baking.operator("sleeper").tick()

    assert baking.engine.updates == [(10, False)]


def test_what_is_asked_for_during_a_preview_is_heard_before_the_update(baking: LiveWorld) -> None:
    def trouble(doing: str) -> None:
        if doing == "foresee" and "pause" not in dict(baking.events):
            baking.operator("bob").request(Request.PAUSE)

    baking.engine.trouble = trouble
    for _ in range(6):
        baking.pass_minute()
        baking.operator().tick()

    assert baking.engine.updates == [(10, False)]


def test_what_is_asked_for_during_a_decision_is_heard_before_it_is_written(
    baking: LiveWorld,
) -> None:
    for _ in range(4):
        baking.pass_minute()
    operator = baking.operator()
    seeing = operator._see

    def see(*arguments: Any, **options: Any) -> Any:
        """See that the next step is due while another one asks for a pause."""
        operator._see = seeing  # type: ignore[method-assign]
        baking.operator("bob").request(Request.PAUSE)
        return seeing(*arguments, **options)

    operator._see = see  # type: ignore[method-assign]

    assert operator.tick().decision.state is State.PAUSED
    assert baking.events[-2:] == [("pause", 0), ("paused", 0)]
    assert baking.engine.updates == [(10, False)]


def test_a_start_by_a_clock_that_is_behind_is_still_the_newest(world: LiveWorld) -> None:
    world.alarm("rust-scorer-health", "ALARM")
    first = world.start()
    world.alarm("rust-scorer-health", "OK")
    engine = world.engine
    engine.clock = lambda: world.time - 120

    second = world.start()

    newest = world.ledger().newest()
    assert newest is not None
    assert newest.id == second.rollout.id > first.rollout.id


def test_a_plan_that_cannot_be_read_is_said_and_stops_no_abort(baking: LiveWorld) -> None:
    newest = baking.ledger().newest()
    assert newest is not None
    baking.aws.dynamodb.put_item(
        TableName="scorer-rollout",
        Item={
            "stack": {"S": "staging"},
            "item": {"S": f"plan#{newest.id}"},
            "by": {"S": "alice"},
            "body": {"S": '{"stack": "staging", "unheard-of": 1}'},
        },
    )

    with pytest.raises(LedgerUnreadable, match="cannot be read"):
        baking.operator().tick()
    baking.operator().abort()

    assert baking.stack.plain() == DUAL
    assert baking.engine.share == 0
