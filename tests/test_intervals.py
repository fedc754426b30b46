"""Time intervals against a model that looks at every minute, around both daylight-saving edges and far ahead."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import attrs
import cattrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import ConfigurationError
from tocsin.model.interval import TimeInterval, TimeRange, active, next_edge

DAYS: Final = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
MONTHS: Final = [name.lower() for name in calendar.month_name][1:]


# The model: plain, slow, and obviously right.


def _any_range(texts: Iterable[str], number: int, read: Callable[[str], int]) -> bool:
    return any(read(text.split(":")[0]) <= number <= read(text.split(":")[-1]) for text in texts)


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _month(text: str) -> int:
    return int(text) if text.isdigit() else MONTHS.index(text) + 1


def _both_ends(text: str) -> tuple[int, int]:
    return int(text.split(":")[0]), int(text.split(":")[-1])


def _day_in(texts: Iterable[str], local: datetime) -> bool:
    length = calendar.monthrange(local.year, local.month)[1]
    for text in texts:
        begin, end = (number if number > 0 else length + 1 + number for number in _both_ends(text))
        if local.day in range(begin, end + 1):
            return True
    return False


def holds(fields: dict[str, Any], instant: float) -> bool:
    """Whether the instant is in the interval, read off the wall clock of the place."""
    local = datetime.fromtimestamp(instant, ZoneInfo(fields.get("location", "UTC")))
    now = local.hour * 60 + local.minute
    return all(
        (
            not fields.get("times")
            or any(_minute(one["start_time"]) <= now < _minute(one["end_time"]) for one in fields["times"]),
            not fields.get("weekdays") or _any_range(fields["weekdays"], local.isoweekday() % 7, DAYS.index),
            not fields.get("days_of_month") or _day_in(fields["days_of_month"], local),
            not fields.get("months") or _any_range(fields["months"], local.month, _month),
            not fields.get("years") or _any_range(fields["years"], local.year, int),
        )
    )


def edges(fields: dict[str, Any], begin: int, end: int, step: int = 60) -> list[float]:
    """Every instant after *begin* and before *end*, a multiple of *step* away, at which the model changes its mind."""
    found = []
    before = holds(fields, begin)
    for instant in range(begin + step, end, step):
        now = holds(fields, instant)
        if now != before:
            found.append(float(instant))
        before = now
    return found


def told_edges(interval: TimeInterval, begin: float, end: float) -> list[float]:
    """The same, as the interval says it."""
    found = []
    edge = interval.next_edge(begin)
    while edge is not None and edge < end:
        found.append(edge)
        edge = interval.next_edge(edge)
    return found


# Strategies: what can be written, and places and instants at which clocks are changed.


def at(text: str, zone: str = "UTC") -> int:
    """The instant of a local time, as in ``2026-03-29 01:59`` (the first one, where there are two)."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


CLOCK_CHANGES: Final = [
    ("Europe/Berlin", at("2026-03-29 01:00")),
    ("Europe/Berlin", at("2026-10-25 01:00")),
    ("America/New_York", at("2027-03-14 07:00")),
    ("America/New_York", at("2027-11-07 06:00")),
    ("Australia/Lord_Howe", at("2026-04-04 15:00")),  # by half an hour
    ("Australia/Lord_Howe", at("2026-10-03 15:30")),
    ("Antarctica/Troll", at("2026-03-29 01:00")),  # by two hours
    ("America/Havana", at("2026-03-08 05:00")),  # at midnight: the day starts at 01:00
    ("America/Havana", at("2026-11-01 05:00")),
    ("America/Sao_Paulo", at("2018-02-18 02:00")),  # at midnight, back to the day before
    ("America/St_Johns", at("2005-10-30 02:31")),  # at 00:01, back to the day before, which the clocks had left
    ("Pacific/Apia", at("2011-12-30 10:00")),  # a day that never was
    ("Pacific/Kwajalein", at("1993-08-21 12:00")),
    ("Africa/Casablanca", at("2026-02-15 02:00")),  # back for a month
    ("Asia/Pyongyang", at("2018-05-04 15:00")),
    ("UTC", at("2028-02-29 12:00")),
]

_minutes: Final = st.sampled_from([0, 1, 15, 30, 60, 90, 120, 135, 150, 180, 720, 1380, 1410, 1439]) | st.integers(
    0, 1439
)


def _hh_mm(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def _time_ranges(draw: st.DrawFn) -> dict[str, str]:
    start = draw(_minutes)
    end = draw(st.sampled_from([1, 15, 60, 120, 1440]) | st.integers(1, 1440))
    return {"start_time": _hh_mm(start), "end_time": _hh_mm(min(start + end, 1440))}


def _ranges(least: int, most: int, name: Callable[[int], str] = str) -> st.SearchStrategy[str]:
    pairs = st.tuples(st.integers(least, most), st.integers(least, most)).map(sorted)
    return pairs.map(lambda pair: name(pair[0]) if pair[0] == pair[1] else f"{name(pair[0])}:{name(pair[1])}")


_days_of_month: Final = st.one_of(
    _ranges(1, 31), _ranges(-31, -1), st.sampled_from(["28:-1", "29:31", "1:-1", "31", "-31", "15:-15", "3:-27"])
)


def _listed(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=1, max_size=3)


def _fields(years: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "times": _listed(_time_ranges()),
            "weekdays": _listed(_ranges(0, 6, DAYS.__getitem__)),
            "days_of_month": _listed(_days_of_month),
            "months": _listed(_ranges(1, 12, lambda number: MONTHS[number - 1]) | _ranges(1, 12)),
            "years": _listed(years),
        },
    )


@st.composite
def _near_a_clock_change(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    zone, instant = draw(st.sampled_from(CLOCK_CHANGES))
    year = datetime.fromtimestamp(instant, UTC).year
    fields = draw(_fields(_ranges(year - 1, year + 1)))
    return {**fields, "location": zone}, instant


# Against the model.


@given(drawn=_near_a_clock_change())
@settings(max_examples=80, deadline=None)
def test_it_is_what_the_clocks_on_the_wall_say_minute_by_minute(drawn: tuple[dict[str, Any], int]) -> None:
    """Two days around a change of the clocks: every minute, and every edge at its exact instant."""
    fields, change = drawn
    begin, end = change - 86_400, change + 86_400
    interval = TimeInterval(**fields)
    assert [interval.contains(now) for now in range(begin, end, 60)] == [
        holds(fields, now) for now in range(begin, end, 60)
    ]
    assert told_edges(interval, begin, end) == edges(fields, begin, end)


_half_days: Final = st.sampled_from([("00:00", "12:00"), ("12:00", "24:00"), ("00:00", "24:00")])


@given(fields=_fields(_ranges(2027, 2042)), halves=st.lists(_half_days, max_size=2))
@settings(max_examples=40, deadline=None)
def test_edges_years_ahead_are_where_a_search_by_half_days_finds_them(
    fields: dict[str, Any], halves: list[tuple[str, str]]
) -> None:
    """Twelve years in UTC, with times that change at noon and midnight only."""
    fields["times"] = [{"start_time": start, "end_time": end} for start, end in halves]
    begin, end = at("2026-12-20 00:00"), at("2039-01-10 00:00")
    assert told_edges(TimeInterval(**fields), begin, end) == edges(fields, begin, end, 43_200)


@given(drawn=_near_a_clock_change(), into=st.floats(0, 59.999))
@settings(max_examples=100, deadline=None)
def test_parts_of_a_minute_change_nothing_and_an_edge_is_strictly_later(
    drawn: tuple[dict[str, Any], int], into: float
) -> None:
    fields, change = drawn
    interval = TimeInterval(**fields)
    assert interval.contains(change + into) == interval.contains(change)
    edge = interval.next_edge(change + into)
    if edge is not None:
        assert edge > change + into
        assert interval.contains(edge) != interval.contains(change)
        assert interval.contains(edge - 0.001) == interval.contains(change)
        assert interval.next_edge(edge - 0.001) == edge
        assert interval.next_edge(edge) != edge


@given(
    drawn=st.lists(_near_a_clock_change(), max_size=3), wall=st.sampled_from([change for _, change in CLOCK_CHANGES])
)
@settings(max_examples=50, deadline=None)
def test_of_several_any_is_enough_and_the_first_edge_counts(drawn: list[tuple[dict[str, Any], int]], wall: int) -> None:
    intervals = [TimeInterval(**fields) for fields, _ in drawn]
    assert active(intervals, wall) == any(holds(fields, wall) for fields, _ in drawn)
    found = [edge for interval in intervals if (edge := interval.next_edge(wall)) is not None]
    assert next_edge(intervals, wall) == (min(found) if found else None)


# By example.


def test_a_local_time_that_happens_twice_is_meant_both_times() -> None:
    """Berlin, 25 October 2026: from 02:00 to 03:00 the hands go round twice."""
    interval = TimeInterval(times=[{"start_time": "02:15", "end_time": "02:45"}], location="Europe/Berlin")
    first, second = at("2026-10-25 00:15"), at("2026-10-25 01:15")
    assert told_edges(interval, first - 3600, second + 3600) == [first, first + 1800, second, second + 1800]


def test_a_range_over_the_hour_that_happens_twice_lasts_an_hour_longer() -> None:
    interval = TimeInterval(times=[{"start_time": "01:00", "end_time": "04:00"}], location="Europe/Berlin")
    start = at("2026-10-24 23:00")
    assert told_edges(interval, start - 1, start + 86_400) == [start, start + 4 * 3600]


def test_a_range_that_ends_in_the_hour_that_happens_twice_begins_again_with_it() -> None:
    """01:00 to 02:30: it ends at the first 02:30, and holds again from the second 02:00 to the second 02:30."""
    interval = TimeInterval(times=[{"start_time": "01:00", "end_time": "02:30"}], location="Europe/Berlin")
    start, back = at("2026-10-24 23:00"), at("2026-10-25 01:00")
    assert told_edges(interval, start - 1, start + 80_000) == [start, start + 5400, back, back + 1800]


def test_a_day_that_the_clocks_leave_and_come_back_to_is_gone_through_in_order_of_time() -> None:
    """St. John's, 30 October 2005: from 00:01 on Sunday back to 23:01 on Saturday."""
    zone = "America/St_Johns"
    times = [{"start_time": "23:30", "end_time": "23:45"}, {"start_time": "00:00", "end_time": "00:01"}]
    evening = at("2005-10-29 23:30", zone)
    hour = [evening, evening + 15 * 60, evening + 30 * 60, evening + 31 * 60]
    again = [instant + 3600 for instant in hour]
    assert told_edges(TimeInterval(times=times, location=zone), evening - 1, evening + 30_000) == [*hour, *again]


def test_a_local_time_that_is_skipped_does_not_happen() -> None:
    """Berlin, 29 March 2026: after 01:59 comes 03:00."""
    interval = TimeInterval(times=[{"start_time": "02:15", "end_time": "02:45"}], location="Europe/Berlin")
    before, after = at("2026-03-28 01:45"), at("2026-03-30 00:15")
    assert interval.next_edge(before) == after


@pytest.mark.parametrize(("start", "end", "lasts"), [("01:00", "02:30", 3600), ("02:30", "04:00", 3600)])
def test_a_range_that_reaches_into_the_skipped_hour_begins_or_ends_with_the_change(
    start: str, end: str, lasts: int
) -> None:
    interval = TimeInterval(times=[{"start_time": start, "end_time": end}], location="Europe/Berlin")
    found = told_edges(interval, at("2026-03-28 23:00"), at("2026-03-29 12:00"))
    assert at("2026-03-29 01:00") in found
    assert found[1] - found[0] == lasts


def test_the_29th_of_february_is_found_over_the_year_2100() -> None:
    interval = TimeInterval(days_of_month=["29"], months=["february"])
    assert interval.next_edge(at("2096-03-01 00:00")) == at("2104-02-29 00:00")


def test_of_listed_years_only_leap_years_have_a_29th_of_february() -> None:
    interval = TimeInterval(days_of_month=["29"], months=["2"], years=["2026", "2028:2031", "2036"])
    found = told_edges(interval, at("2026-01-01 00:00"), at("2100-01-01 00:00"))
    assert found == [at("2028-02-29"), at("2028-03-01"), at("2036-02-29"), at("2036-03-01")]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"times": [{"start_time": "00:00", "end_time": "12:00"}, {"start_time": "12:00", "end_time": "24:00"}]},
        {"weekdays": ["monday:saturday", "sunday"], "location": "Europe/Berlin"},
        {"days_of_month": ["1:31"], "months": ["1:12"]},
        {"days_of_month": ["31"], "months": ["february", "april", "june"]},
        {"years": ["2001:2020"]},
        {"days_of_month": ["30"], "months": ["february"], "years": ["1:9999"]},
    ],
    ids=str,
)
def test_what_always_or_never_holds_has_no_edge(fields: dict[str, Any]) -> None:
    assert TimeInterval(**fields).next_edge(at("2026-06-01 00:00")) is None


def test_always_ends_only_with_its_years() -> None:
    interval = TimeInterval(years=["2026:2028", "2028:2035"], location="Asia/Kolkata")
    assert interval.next_edge(at("2026-01-01 00:00")) == at("2036-01-01 00:00", "Asia/Kolkata")
    assert interval.next_edge(at("2036-01-01 00:00", "Asia/Kolkata")) is None


@pytest.mark.parametrize(
    ("text", "month", "days"),
    [
        ("31", "2026-04", []),
        ("29:31", "2026-02", []),
        ("28:31", "2026-02", [28]),
        ("-31:-28", "2026-02", [1]),
        ("-3:-1", "2028-02", [27, 28, 29]),
        ("1:5", "2026-01", [1, 2, 3, 4, 5]),
        ("28:-1", "2026-02", [28]),
        ("28:-1", "2026-03", [28, 29, 30, 31]),
        ("3:-27", "2026-02", []),
        ("3:-27", "2026-01", [3, 4, 5]),
    ],
)
def test_days_of_the_month_are_clamped_to_its_length(text: str, month: str, days: list[int]) -> None:
    """As in Alertmanager: a begin after the month's end is skipped, an end after it is cut."""
    interval = TimeInterval(days_of_month=[text], location="Europe/Berlin")
    length = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    found = [day for day in range(1, length + 1) if interval.contains(at(f"{month}-{day:02} 12:00"))]
    assert found == days


@pytest.mark.parametrize("wall", [-1e18, -62_135_596_800.0, 253_402_300_799.0, 1e18])
def test_instants_beyond_the_calendar_are_no_errors(wall: float) -> None:
    interval = TimeInterval(weekdays=["monday"], location="Pacific/Kiritimati")
    assert interval.contains(wall) in (True, False)
    edge = interval.next_edge(wall)
    assert edge is None if wall > 0 else edge is not None


def test_every_zone_of_the_database_is_taken() -> None:
    for name in sorted(available_timezones() - {"localtime"}):
        assert TimeInterval(location=name).contains(0.0)


def test_the_spelling_is_kept_in_lower_case_and_equal_intervals_are_equal() -> None:
    interval = TimeInterval(weekdays=["Monday:FRIDAY"], months=[12, "January:March"], years=(2026,), days_of_month=[-1])
    assert interval.weekdays == ("monday:friday",)
    assert interval.months == ("12", "january:march")
    assert interval == TimeInterval.parse(attrs.asdict(interval))
    assert hash(interval) == hash(attrs.evolve(interval))
    assert interval != attrs.evolve(interval, years=[])


def test_it_survives_the_way_through_plain_data() -> None:
    interval = TimeInterval(
        times=[{"start_time": "22:00", "end_time": "24:00"}],
        weekdays=["monday:friday", "sunday"],
        days_of_month=["1:5", "-3:-1"],
        months=["january:march", "12"],
        years=["2026:2028"],
        location="Europe/Berlin",
    )
    converter = cattrs.Converter()
    plain = converter.unstructure(interval)
    assert list(plain["times"]) == [{"start_time": "22:00", "end_time": "24:00"}]
    assert converter.structure(plain, TimeInterval) == interval
    assert TimeInterval.parse(plain) == interval


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_a_field_without_items_is_as_one_left_out(nothing: Any) -> None:
    empty = TimeInterval(times=nothing, weekdays=nothing, days_of_month=nothing, months=nothing, years=nothing)
    assert empty == TimeInterval()
    assert empty.contains(0.0)


# Mistakes.


def _times(**changed: Any) -> dict[str, Any]:
    return {"start_time": "08:00", "end_time": "17:00", **changed}


MISTAKES: Final[list[tuple[dict[str, Any], str, str]]] = [
    ({"weekdays": ["mondya"]}, "no weekday is called 'mondya'; did you mean 'monday'?", "weekdays[0]"),
    ({"weekdays": ["sunday", "monday:fryday"]}, "did you mean 'friday'?", "weekdays[1]"),
    ({"weekdays": ["saturday:sunday"]}, "write 'saturday' and 'sunday'", "weekdays[0]"),
    ({"weekdays": ["friday:monday"]}, "write 'friday:saturday' and 'sunday:monday'", "weekdays[0]"),
    ({"weekdays": ["monday:tuesday:friday"]}, "is no range; write 'monday' or 'monday:friday'", "weekdays[0]"),
    ({"weekdays": ["monday:"]}, "is no range", "weekdays[0]"),
    ({"weekdays": [""]}, "is no range", "weekdays[0]"),
    ({"weekdays": [1]}, "no weekday is called '1'", "weekdays[0]"),
    ({"weekdays": [None]}, "expected a string, not None", "weekdays[0]"),
    ({"weekdays": "monday:friday"}, "expected a list such as ['monday:friday', 'sunday']", "weekdays"),
    ({"weekdays": 5}, "expected a list", "weekdays"),
    ({"weekdays": {"monday": True}}, "expected a list", "weekdays"),
    ({"months": ["januray"]}, "no month is called 'januray'; did you mean 'january'?", "months[0]"),
    ({"months": ["13"]}, "a month is a number from 1 to 12, not '13'", "months[0]"),
    ({"months": ["0:3"]}, "a month is a number from 1 to 12, not '0'", "months[0]"),
    ({"months": ["november:february"]}, "'november:december' and 'january:february'", "months[0]"),
    ({"months": [72]}, "a range needs quotes: YAML reads 1:5 as 65", "months[0]"),
    ({"months": [True]}, "expected a string, not True", "months[0]"),
    ({"days_of_month": ["0"]}, "a number from 1 to 31, or from -1 (the last) to -31, not '0'", "days_of_month[0]"),
    ({"days_of_month": ["1:32"]}, "not '32'", "days_of_month[0]"),
    ({"days_of_month": ["first"]}, "not 'first'", "days_of_month[0]"),
    ({"days_of_month": ["5:1"]}, "ends before it begins, in every month", "days_of_month[0]"),
    ({"days_of_month": ["-1:-3"]}, "ends before it begins, in every month", "days_of_month[0]"),
    ({"days_of_month": ["5:-28"]}, "ends before it begins, in every month", "days_of_month[0]"),
    ({"days_of_month": ["-3:3"]}, "write both days alike, as in '-3:-1'", "days_of_month[0]"),
    ({"days_of_month": [65]}, "YAML reads 1:5 as 65", "days_of_month[0]"),
    ({"days_of_month": ["١"]}, "not '١'", "days_of_month[0]"),
    ({"years": ["2028:2026"]}, "write '2026:2028'", "years[0]"),
    ({"years": ["0"]}, "a year is a number from 1 to 9999", "years[0]"),
    ({"years": ["this"]}, "a year is a number from 1 to 9999, not 'this'", "years[0]"),
    ({"years": [2026.5]}, "expected a string, not 2026.5", "years[0]"),
    ({"times": [_times(start_time="8:00")]}, 'is written "HH:MM"', "times[0].start_time"),
    ({"times": [_times(), _times(end_time="24:01")]}, 'from "00:00" to "24:00", not', "times[1].end_time"),
    ({"times": [_times(start_time=480)]}, "YAML needs the quotes", "times[0].start_time"),
    ({"times": [{"start_time": "08:00"}]}, "needs both start_time and end_time", "times[0].end_time"),
    ({"times": [_times(until="9")]}, "a range of times has no field 'until'", "times[0].until"),
    ({"times": [_times(start_tine="9")]}, "did you mean 'start_time'?", "times[0].start_tine"),
    ({"times": ["08:00-17:00"]}, 'is written {start_time: "22:00", end_time: "24:00"}', "times[0]"),
    ({"times": _times()}, "expected a list", "times"),
    (
        {"times": [_times(start_time="22:00", end_time="06:00")]},
        "22:00 to 24:00 and 00:00 to 06:00",
        "times[0].end_time",
    ),
    ({"times": [_times(end_time="00:00")]}, "write 24:00 for the midnight", "times[0].end_time"),
    ({"times": [_times(end_time="08:00")]}, "nothing lies from 08:00 until 08:00", "times[0].end_time"),
    ({"times": [_times(start_time="24:00", end_time="24:00")]}, "the whole day is 00:00 to 24:00", "times[0].end_time"),
    ({"location": "Europe/Berlim"}, "did you mean 'Europe/Berlin'?", "location"),
    ({"location": "Local"}, "means whatever the machine is set to", "location"),
    ({"location": "localtime"}, "means whatever the machine is set to", "location"),
    ({"location": "right/UTC"}, "no time zone is called 'right/UTC'", "location"),
    ({"location": "Europe"}, "no time zone is called 'Europe'", "location"),
    ({"location": "../etc/passwd"}, "no time zone is called", "location"),
    ({"location": "/etc/localtime"}, "no time zone is called", "location"),
    ({"location": ""}, "expected the name of a time zone", "location"),
    ({"location": None}, "expected the name of a time zone", "location"),
    ({"time_zone": "UTC"}, "a time interval has no field 'time_zone'", "time_zone"),
    ({"weekday": ["monday"]}, "did you mean 'weekdays'?", "weekday"),
]


@pytest.mark.parametrize(("fields", "says", "where"), MISTAKES, ids=str)
def test_a_mistake_is_named_with_its_place_and_what_would_be_right(
    fields: dict[str, Any], says: str, where: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TimeInterval.parse(fields)
    assert says in caught.value.problem
    assert caught.value.where == where


@pytest.mark.parametrize("value", [None, "monday", ["monday"]])
def test_what_is_no_mapping_is_no_interval(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="a time interval is a mapping"):
        TimeInterval.parse(value)


def test_a_range_of_times_may_be_given_as_one() -> None:
    morning = TimeRange("08:00", "12:00")
    interval = TimeInterval(times=[morning])
    assert interval.times == (morning,)
    assert interval.next_edge(0.0) == timedelta(hours=8).total_seconds()
