"""One run: the real engine and runtime through a plot, on a virtual clock, with a network and a disk that misbehave.

A crash is a service object that is abandoned as a killed process would be: nothing is drained or closed, nothing that
it still does has any effect, and a new service goes on with the same disk, network and clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import anyio
import anyio.abc
import attrs
from tests.simulation.determinism import Pace, deterministic
from tests.simulation.disk import Disk, FileDisk, Handle, Killed
from tests.simulation.ledger import Ledger, Plain
from tests.simulation.network import Network, Wire
from tests.simulation.plot import Operation, random_plot
from tests.simulation.settings import aggregation_of, changes, configure

from tocsin import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    Escalated,
    Fact,
    FederationAlertingService,
    LabelMatcher,
    Noted,
    PerformanceAlert,
    Redriven,
    Silence,
    SilenceExpired,
    SilenceSet,
    Snoozed,
    StoreError,
    create_maintenance,
)

__all__ = ["Run", "simulate"]

START: Final = 1_700_000_000.0
CALM_SECONDS: Final = 3 * 3600.0
END_SECONDS: Final = 3600.0


class Process:
    """One life of the service: from its making to its death or its end."""

    def __init__(self, run: Run) -> None:
        self.wire = Wire(run.network)
        self.handle = Handle(run.disk, self.die, blocking=run.blocking)
        self.scope = anyio.CancelScope()
        self.leaving = anyio.Event()
        self.over = False
        self.callers: anyio.abc.TaskGroup | None = None
        self._run = run
        run.lives += 1
        settings = run.settings
        self.service = FederationAlertingService(
            aggregation=aggregation_of(settings),
            catch_all_channel=settings["catch_all"],
            plugins=[self.wire],
            store=self.handle,
            clock=run.clock,
            seed=run.seed * 1000 + run.lives,  # a new process would roll its own; the one that is kept counts
        )
        configure(self.service, settings)

    async def live(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Run the service until it is left or dies."""
        with self.scope:
            try:
                async with anyio.create_task_group() as self.callers, self.service:
                    task_status.started()
                    await self.leaving.wait()
                    self.callers.cancel_scope.cancel()
            except BaseException as error:  # of a dead process nothing matters
                if not self.handle.dead or isinstance(error, anyio.get_cancelled_exc_class()):
                    raise
        self.over = True
        self.die()

    def die(self) -> None:
        """From here on, nothing that it does has any effect."""
        if not self.wire.cut:
            self._run.ledger.happened("left" if self.over else "killed")
            if not self.over:
                self._run.disk.cut_off()
        self.handle.dead = self.wire.cut = True
        self.scope.cancel()


class Run:
    """The world around the processes, and the operations that befall them."""

    def __init__(self, seed: int, settings: Plain, files: Path | None) -> None:
        self.seed = seed
        self.settings = settings
        self.clock = Pace(START)
        self.ledger = Ledger(self.clock)
        self.network = Network(self.clock, self.ledger, seed)
        self.disk = Disk(self.ledger, seed) if files is None else FileDisk(files, self.ledger, seed)
        self.blocking = Random(f"store {seed}").random() < 0.4
        self.lives = 0
        self.process: Process | None = None
        self._tasks: anyio.abc.TaskGroup | None = None
        self._gone: Plain = {}
        self._chance = Random(f"people {seed}")
        self._reports: dict[str, PerformanceAlert] = {}
        self._silences: set[str] = set()
        self._down = 0.0
        self._jump = 0.0
        self._next_life: Plain | None = None

    async def play(self, operations: Sequence[Operation]) -> None:
        """Let everything happen, then let it calm down and come to an end."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            self.ledger.happened("configured", settings=self.settings)
            await self._start()
            for name, arguments in operations:
                self.ledger.happened("operation", name=name, arguments=arguments if name != "reload" else {})
                await getattr(self, f"do_{name}")(**arguments)
                await self._revive()
            await self._calm_down()
            await self._end()
            await self._leave()

    # -- processes --------------------------------------------------------------------------------------------------

    @property
    def service(self) -> FederationAlertingService:
        """The service that runs now."""
        assert self.process is not None
        return self.process.service

    async def _start(self) -> None:
        """Start a process, again and again if the disk kills it."""
        assert self._tasks is not None
        while True:
            self.process = None
            try:
                process = Process(self)
                self.process = process
                await self._tasks.start(process.live)
            except Killed:
                self.ledger.happened("killed")
            except (StoreError, OSError):
                await self._sleep(1.0)
            except RuntimeError as error:
                if "started" not in str(error):  # it died before it had started
                    raise
            else:
                self.ledger.happened("started")
                return

    async def _revive(self) -> None:
        """Start a new process in the place of a dead one, after a while."""
        await self.clock.settle()
        while self.process is not None and self.process.handle.dead:
            down, self._down = self._down, 0.0
            jump, self._jump = self._jump, 0.0
            self.process = None
            self.settings, self._next_life = self._next_life or self.settings, None
            if jump:
                self.clock.jump_wall(jump)
                self.ledger.happened("jumped", seconds=jump)
            await self._sleep(down)
            self.ledger.happened("configured", settings=self.settings)
            await self._start()
            await self.clock.settle()

    async def _sleep(self, seconds: float) -> None:
        """Let time pass, deadline by deadline; a process that dies on the way is replaced."""
        until = self.clock.now() + seconds
        while (at := self.clock.next_deadline()) is not None and at < until:
            await self.clock.advance(max(0.0, at - self.clock.now()))
            await self._revive()
        await self.clock.advance(max(0.0, until - self.clock.now()))
        await self._revive()

    async def _leave(self) -> None:
        process = self.process
        if process is not None:
            process.leaving.set()
            await self.clock.settle()
            while not process.handle.dead and (at := self.clock.next_deadline()) is not None:
                await self.clock.advance(max(0.0, at - self.clock.now()))

    # -- facts ------------------------------------------------------------------------------------------------------

    async def _submit(self, *facts: Fact) -> bool:
        """Hand facts in; return whether they were accepted."""
        before = self.ledger.next()
        try:
            answers = await self.service.submit(*facts)
        except (StoreError, Killed):
            return False
        self._accepted(before, facts, answers)
        return True

    def _accepted(self, before: int, facts: Sequence[Fact], answers: Sequence[bool]) -> None:
        self.ledger.happened("accepted", since=before, facts=[_plain(fact) for fact in facts], answers=list(answers))

    def _commit(self, fact: Fact, call: Callable[[], bool]) -> None:
        before = self.ledger.next()
        try:
            answer = call()
        except (StoreError, Killed):
            return
        self._accepted(before, [fact], [answer])

    async def _fire(self, *alerts: PerformanceAlert) -> None:
        for alert in alerts:
            self._reports[alert.alert_id] = alert
        await self._submit(*map(AlertFired, alerts))

    async def _process(self, service: FederationAlertingService, alert: PerformanceAlert) -> None:
        """As somebody does who waits for the first attempts, beside everything else."""
        before = self.ledger.next()
        try:
            answer = await service.process_alert(alert)
        except (StoreError, Killed):
            return
        self._accepted(before, [AlertFired(alert)], [answer])

    # -- operations -------------------------------------------------------------------------------------------------

    async def do_wait(self, seconds: float) -> None:
        """Time passes."""
        await self._sleep(seconds)

    async def do_fire(self, alerts: list[Plain], waits: bool) -> None:
        """Alerts are reported."""
        made = [PerformanceAlert(**alert) for alert in alerts]
        callers = self.process.callers if self.process else None
        if not waits or callers is None:
            await self._fire(*made)
            return
        for alert in made:
            self._reports[alert.alert_id] = alert
            callers.start_soon(self._process, self.service, alert)
        await self.clock.settle()

    async def do_storm(self, alerts: list[Plain], together: bool) -> None:
        """Many alerts are reported, in one batch or one by one."""
        made = [PerformanceAlert(**alert) for alert in alerts]
        if together:
            await self._fire(*made)
            return
        for alert in made:
            await self._fire(alert)
            await self._revive()

    async def do_refresh(self, alert_id: str) -> None:
        """A source repeats itself."""
        if alert_id in self._reports:
            await self._fire(self._reports[alert_id])

    async def do_change(self, alert_id: str, severity: str) -> None:
        """An alert grows worse or better."""
        known = self._reports.get(alert_id)
        if known is not None:
            await self._fire(PerformanceAlert(**{**_fields(known), "severity": severity}))

    async def do_resolve(self, alert_ids: list[str], together: bool) -> None:
        """Alerts are well again."""
        if together:
            await self._submit(*map(AlertResolved, alert_ids))
            return
        for alert_id in alert_ids:
            self._commit(AlertResolved(alert_id), partial(self.service.resolve_alert, alert_id))
            await self._revive()

    async def do_flap(self, alert_id: str) -> None:
        """An alert resolves and fires again in one batch."""
        known = self._reports.get(alert_id)
        if known is not None:
            await self._submit(AlertResolved(alert_id), AlertFired(known))

    def _somebody(self) -> str:
        """Whoever does the next thing."""
        return self._chance.choice(("ann", "bob", "eve"))

    def _target(self, alert_id: str, incident: bool) -> str:
        if incident:
            for name, view in self.service.aggregated_alerts.items():
                if alert_id in (view.first_alert.alert_id, view.last_alert.alert_id):
                    return name
        return alert_id

    async def do_acknowledge(self, alert_id: str, incident: bool, seconds: float | None) -> None:
        """Somebody takes an alert or an incident."""
        target = self._target(alert_id, incident)
        who, comment = self._somebody(), self._chance.choice(("", "on it"))
        fact = Acknowledged(target, who, comment, seconds)
        self._commit(fact, partial(self.service.acknowledge_alert, target, who, comment, seconds))

    async def do_snooze(self, alert_id: str, incident: bool, seconds: float) -> None:
        """Somebody puts an alert or an incident off."""
        target = self._target(alert_id, incident)
        who = self._somebody()
        self._commit(Snoozed(target, seconds, who), partial(self.service.snooze_alert, target, seconds, who))

    async def do_silence(self, silence_id: str, matcher: list[str], after: float, lasts: float) -> None:
        """A silence is added or replaced."""
        starts = self.clock.wall() + after
        name, operator, value = matcher
        who = self._somebody()
        silence = Silence(silence_id, (LabelMatcher(name, operator, value),), starts, starts + lasts, created_by=who)
        self._silences.add(silence_id)
        await self._submit(SilenceSet(silence))

    async def do_unsilence(self, silence_id: str) -> None:
        """A silence is ended early."""
        await self._submit(SilenceExpired(silence_id, self._somebody()))

    async def do_maintain(self, silence_id: str, cluster_id: str, after: float, lasts: float) -> None:
        """A cluster is going to be worked on."""
        starts = self.clock.wall() + after
        silence = create_maintenance(silence_id, cluster_id, starts, starts + lasts, self._somebody())
        self._silences.add(silence_id)
        await self._submit(SilenceSet(silence))

    async def do_redrive(self, place: float) -> None:
        """Somebody has a notification that was given up sent again."""
        kept = self.service.undelivered
        if kept:
            name, who = kept[int(place * len(kept))].notification_id, self._somebody()
            self._commit(Redriven(name, who), partial(self.service.redrive, name, who))

    async def do_escalate(self, alert_id: str, incident: bool) -> None:
        """Somebody wants the next level of an alert or an incident now."""
        target, who = self._target(alert_id, incident), self._somebody()
        self._commit(Escalated(target, who, "now"), partial(self.service.escalate_alert, target, who, "now"))

    async def do_note(self, alert_id: str, incident: bool) -> None:
        """Somebody writes something down."""
        target, who = self._target(alert_id, incident), self._somebody()
        self._commit(Noted(target, who, "seen"), partial(self.service.note, target, who, "seen"))

    async def do_receiver(self, channel_id: str, mode: str) -> None:
        """A receiver changes its behaviour."""
        self.network.modes[channel_id] = mode
        self.ledger.happened("receiver", channel=channel_id, mode=mode)

    async def do_jump(self, seconds: float) -> None:
        """The wall clock jumps, and something happens at once that is written down: the journal has no other sign."""
        self.clock.jump_wall(seconds)
        self.ledger.happened("jumped", seconds=seconds)
        now = self.clock.wall()
        nobody = Silence("clock", (LabelMatcher("alert_id", "=", "nobody"),), now - 2.0, now - 1.0)
        while self.process is not None and not self.process.handle.dead:
            if await self._submit(SilenceSet(nobody)):
                return

    async def do_freeze(self, seconds: float) -> None:
        """The machine is suspended for a while."""
        self.ledger.happened("frozen", seconds=seconds)
        await self.clock.freeze(seconds)
        self.ledger.happened("thawed")

    async def do_reload(self, settings: Plain) -> None:
        """The configuration changes."""
        for after, change in changes(self.settings, settings):
            self.ledger.happened("configured", settings=after)
            try:
                change(self.service)
            except StoreError:
                self.ledger.happened("configured", settings=self.settings)
                return
            except Killed:
                self.settings = after
                return
            self.settings = after

    async def do_vanish(self, channel_id: str) -> None:
        """A channel is taken away, until it returns."""
        channels = self.settings["channels"]
        if channel_id in channels and len(channels) > 1:
            self._gone = {channel_id: channels[channel_id]}
            left = {name: channel for name, channel in channels.items() if name != channel_id}
            await self.do_reload({**self.settings, "channels": left})

    async def do_reappear(self) -> None:
        """The channel that was taken away last is as it was."""
        await self.do_reload({**self.settings, "channels": {**self._gone, **self.settings["channels"]}})

    async def do_explain(self, alert: Plain) -> None:
        """Somebody asks what would happen to an alert, and then it fires."""
        made = PerformanceAlert(**alert)
        try:
            told = self.service.explain(made)
        except (StoreError, Killed):
            return
        channels = {one.channel_id: [one.action.value, one.reason.value] for one in told.channels}
        self.ledger.happened("explained", alert=alert["alert_id"], incident=told.incident_id, channels=channels)
        await self._fire(made)

    def _going_down(self, down: float, jump: float, settings: Plain | None) -> None:
        """When the process is gone, it stays so for a while; the clock may be set, and the configuration changed."""
        if settings is not None:
            self.settings = settings
        self._down, self._jump = down, jump

    async def do_kill(self, down: float, jump: float = 0.0, settings: Plain | None = None) -> None:
        """The process is killed, between two commits."""
        self._going_down(down, jump, settings)
        if self.process is not None:
            self.process.die()

    async def do_crash(
        self, where: str, commits: int, down: float, jump: float = 0.0, settings: Plain | None = None
    ) -> None:
        """One of the next commits will kill the process."""
        self._next_life = settings
        self._down, self._jump = down, jump
        self.disk.faults.extend(["fine"] * commits + [where])

    async def do_leave(self, down: float, jump: float = 0.0, settings: Plain | None = None) -> None:
        """The service is left as it should be, and started anew."""
        self._going_down(down, jump, settings)
        await self._leave()

    async def do_store_fails(self, commits: int) -> None:
        """The next commits fail."""
        self.disk.faults.extend(["error"] * commits)

    # -- the end ----------------------------------------------------------------------------------------------------

    async def _calm_down(self) -> None:
        """All receivers are well, nothing is silenced, and nobody does anything for a while."""
        self.disk.faults.clear()
        self.network.modes.clear()
        self.ledger.happened("receivers well")
        await self._submit(*[SilenceExpired(name) for name in sorted(self._silences)])
        await self._sleep(CALM_SECONDS)
        self.ledger.happened("calm")

    async def _end(self) -> None:
        """Everything resolves."""
        active = [alert.alert_id for alert in self.service.get_active_alerts()]
        firing = [alert_id for alert_id in active if not alert_id.startswith("tocsin:")]  # those end by themselves
        await self._submit(*map(AlertResolved, firing))
        await self._sleep(END_SECONDS)
        self.ledger.happened("end")


def _fields(alert: PerformanceAlert) -> Plain:
    names = ("alert_id", "cluster_id", "severity", "metric_name", "labels", "message")
    return {name: getattr(alert, name) for name in names}


def _plain(fact: Fact) -> Plain:
    """A fact as far as the checker compares it."""
    plain: Plain = {"type": type(fact).__name__}
    match fact:
        case AlertFired(alert):
            fields = _fields(alert)
            plain["alert"] = {**fields, "severity": alert.severity.value, "labels": dict(alert.labels)}
        case AlertResolved(alert_id):
            plain["alert_id"] = alert_id
        case Acknowledged() | Snoozed() | Escalated() | Noted() | Redriven() | SilenceExpired():
            plain.update(attrs.asdict(fact))
        case SilenceSet(silence):
            names = ("silence_id", "created_by", "maintenance")
            plain["silence"] = {name: getattr(silence, name) for name in names}
        case _:
            raise AssertionError(f"nobody submits a {plain['type']} here")
    return plain


def simulate(seed: int, hours: float, folder: Path, *, operations: int | None = None, backend: str = "asyncio") -> Run:
    """Run *seed* for so many hours of virtual time, and write its three files into *folder*.

    A third of all seeds have their store in an SQLite file there, the others in memory.

    :param operations: only so many of the plot's operations.
    :param backend: asyncio or trio.
    """
    settings, plot = random_plot(seed, hours)
    run = Run(seed, settings, folder / "store" if seed % 3 == 1 else None)
    try:
        with deterministic(seed):
            anyio.run(run.play, plot[:operations], backend=backend)
    finally:
        run.disk.put_away()
    run.ledger.write(folder)
    return run
