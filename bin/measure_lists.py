"""Open the panel's pages over HTTP and run the same by hand, and tell what it took; for bin/bench."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from flask import Flask
from sqlalchemy import select

from app import create_app
from jobs.exports import make_export
from measure_due import logged_in
from models import ExportRun, Region, Staff, acting_as, db, system_actor
from models.exporting import ExportFormat
from models.organisation import Role

CLIENTS = 8
# As on a server that has run for a while: a connection keeps a statement from its fifth time on, and its
# plan from the tenth. In brief only to see that everything opens.
WARM_UP, TIMES, TIMES_OF_EIGHT = (1, 3, 1) if os.environ.get("IN_BRIEF") else (10, 25, 20)
# In milliseconds, of the median; None where nothing is wanted.
PAGE_GOAL, FORM_GOAL = 30.0, 25.0
LIST = "/complaint/"
COLUMNS = (
    "number, registered_at, customer_name, subject_id, description, severity, step, responsible_id, region_id"
)
NEWEST = "ORDER BY registered_at DESC, id DESC LIMIT 25"
PAGE_SIZE = 25
# Counted from 1.
DEEP = 10_000
OPEN_STEPS = ("registered", "verified", "analysed", "proposed", "agreed", "carried_out")


@dataclass(frozen=True)
class Page:
    """A page to open, what answers it by hand, and the milliseconds that its median may take."""

    name: str
    path: str
    by_hand: str
    goal: float = PAGE_GOAL
    values: tuple[Any, ...] = ()


@dataclass
class Browser:
    """One persistent connection with a login; the cookie that an answer sets goes with the next request."""

    port: int
    headers: dict[str, str]
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def get(self, path: str) -> str:
        """Open a page; one that can't be opened is an error."""
        status, text = self._send("GET", path)
        assert status == 200, (path, status, text[:300])
        return text

    def save(self, path: str, fields: Mapping[str, str]) -> None:
        """Send a form; one that is not saved is an error."""
        status, text = self._send("POST", path, fields)
        assert status == 302, (path, status, text[:300])

    def _send(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> tuple[int, str]:
        headers, body = dict(self.headers), None
        if fields is not None:
            headers["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(fields).encode()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if cookie := answer.headers.get("Set-Cookie"):
            self.headers = {**self.headers, "Cookie": cookie.partition(";")[0]}
        return answer.status, text


class FormFields(HTMLParser):
    """The fields of the record form on a page, with what stands in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._is_inside = False
        self._select: str | None = None
        self._area: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note a field."""
        own = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._is_inside = "record-form" in own.get("class", "")
        elif not self._is_inside:
            return
        elif (
            tag == "input"
            and own.get("name")
            and (own.get("type") not in {"checkbox", "radio"} or "checked" in own)
        ):
            self.found.append((own["name"], own.get("value", "")))
        elif tag == "select":
            self._select = own.get("name")
        elif tag == "option" and self._select and "selected" in own:
            self.found.append((self._select, own.get("value", "")))
        elif tag == "textarea":
            self._area = own.get("name")
            self.found.append((self._area or "", ""))

    def handle_data(self, data: str) -> None:
        """Note what stands in a text."""
        if self._area is not None:
            name, before = self.found[-1]
            self.found[-1] = (name, before + data)

    def handle_endtag(self, tag: str) -> None:
        """Leave a field or the form."""
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._is_inside = False


def main() -> None:
    """Print the figures as JSON."""
    app = create_app()
    settings = app.extensions["settings"]
    port, pid = int(os.environ["PORT"]), int(os.environ["WEB_PID"])
    # The owner's connection stands for the best that a program of one's own could do.
    with psycopg.connect(
        settings.migration_database_url.replace("+psycopg", "", 1), autocommit=True
    ) as by_hand:
        print(json.dumps(measure(app, port, pid, by_hand), ensure_ascii=False))


def measure(app: Flask, port: int, pid: int, by_hand: psycopg.Connection[Any]) -> dict[str, Any]:
    """Return what each page takes an administrator and a clerk who may see a thousandth of all."""
    found: dict[str, Any] = {}
    missed: list[str] = []
    who = people(app)
    for name, headers, region in who:
        for page in pages_of(by_hand, region):
            figures = measure_page(page, port, headers, by_hand)
            found[f"{name}: {page.name}"] = figures
            if figures["median"] > page.goal:
                missed.append(f"{name}: {page.name}, {figures['median']:.0f} ms of {page.goal:.0f}")
            if figures["slowest"] > 1000:
                missed.append(f"{name}: {page.name}, once {figures['slowest']:.0f} ms")
            if figures["p95_of_eight"] > 8 * figures["median"]:
                missed.append(f"{name}: {page.name}, eight at once {figures['p95_of_eight']:.0f} ms")
    exports = {"CSV": measure_export(app, port, who[0][1], pid, by_hand)}
    return {"pages": found, "exports": exports, "worker_megabytes": peak_megabytes(pid), "missed": missed}


def people(app: Flask) -> list[tuple[str, dict[str, str], int | None]]:
    """Return an administrator and a clerk of the last region: name, headers, and the region's id."""
    with app.app_context(), acting_as(system_actor("command:bench")):
        region = db.session.scalars(select(Region.id).order_by(Region.id.desc()).limit(1)).one()
        host = app.extensions["settings"].public_host
        found = []
        # New people: what somebody answers for is seen beside the region.
        for role, place in ((Role.ADMINISTRATOR, None), (Role.CLERK, region)):
            person = Staff(name=role.value, email=f"{role.value}@example.com", region_id=place)
            person.role_names, person.fs_uniquifier = [role.value], f"bench {role.value}"
            db.session.add(person)
            db.session.commit()
            client = logged_in(app, person)
            name = app.config["SESSION_COOKIE_NAME"]
            cookie = client.get_cookie(name)
            assert cookie is not None
            headers = {"Host": host, "Cookie": f"{name}={cookie.value}", "Accept": "text/html"}
            found.append((role.value, headers, place))
        return found


def pages_of(by_hand: psycopg.Connection[Any], region: int | None) -> list[Page]:
    """Return what is opened; by hand it is limited to the region that the clerk sees."""
    where = "deleted_at IS NULL" + ("" if region is None else f" AND region_id = {region}")
    chosen = f"SELECT {COLUMNS} FROM complaint WHERE {where}"  # noqa: S608 - of constants and a number

    def row(statement: str) -> tuple[Any, ...]:
        found = by_hand.execute(statement.encode()).fetchone()
        assert found is not None
        return tuple(found)

    key, number, phone = row(
        f"SELECT id, number, phone FROM complaint WHERE {where} AND step = 'registered'"  # noqa: S608 - as above
        " ORDER BY registered_at LIMIT 1"
    )
    (customer,) = row(f"SELECT id FROM customer WHERE {where} ORDER BY id LIMIT 1")  # noqa: S608 - as above
    (count,) = row(f"SELECT count(*) FROM complaint WHERE {where}")  # noqa: S608 - as above
    deep = max(0, min(DEEP * PAGE_SIZE, count - PAGE_SIZE) - 1)
    before, at = row(
        f"SELECT id, registered_at FROM complaint WHERE {where}"  # noqa: S608 - as above
        f" ORDER BY registered_at DESC, id DESC OFFSET {deep} LIMIT 1"
    )
    steps = "".join(f"&flt_step={step}" for step in OPEN_STEPS)
    return [
        Page("first page", LIST, f"{chosen} {NEWEST}"),
        Page(
            f"page {DEEP:,}, or the last",
            f"{LIST}?after={before}&page={DEEP - 1}",
            f"{chosen} AND (registered_at, id) < (%s, %s) {NEWEST}",
            values=(at, before),
        ),
        Page(
            "open and severe, by date",
            f"{LIST}?flt_severity=severe{steps}",
            f"{chosen} AND severity = 'severe' AND step <> 'confirmed' {NEWEST}",
        ),
        *(
            Page(
                f"search {word}",
                f"{LIST}?search={quote(word)}",
                f"{chosen} AND description ILIKE %s {NEWEST}",
                values=(f"%{word}%",),
            )
            for word in ("电机", "差速器")
        ),
        Page("search a number", f"{LIST}?search={number}", f"{chosen} AND number = %s", values=(number,)),
        Page(
            "search the end of a phone",
            f"{LIST}?search={phone[-4:]}",
            f"{chosen} AND phone LIKE %s {NEWEST}",
            values=(f"%{phone[-4:]}",),
        ),
        *forms_of(key, customer),
    ]


def forms_of(key: int, customer: int) -> list[Page]:
    """Return the pages of one complaint and of one customer."""
    form = f"{LIST}edit/?id={key}"
    return [
        Page("edit form", form, "SELECT * FROM complaint WHERE id = %s", FORM_GOAL, (key,)),
        Page(
            "save",
            form,
            "UPDATE complaint SET description = description || '', version = version + 1 WHERE id = %s",
            FORM_GOAL,
            (key,),
        ),
        Page(
            "customer's page",
            f"/customer/details/?id={customer}",
            "SELECT * FROM complaint WHERE customer_id = %s ORDER BY registered_at DESC LIMIT 10",
            FORM_GOAL,
            (customer,),
        ),
    ]


def measure_page(
    page: Page, port: int, headers: dict[str, str], by_hand: psycopg.Connection[Any]
) -> dict[str, float]:
    """Return milliseconds: one client's median, p95 and slowest, p95 of eight at once, and by hand."""
    single = times_of(page, Browser(port, headers), TIMES)
    with ThreadPoolExecutor(CLIENTS) as pool:
        shares = [
            pool.submit(times_of, page, Browser(port, headers), TIMES_OF_EIGHT) for _each in range(CLIENTS)
        ]
        of_eight = [] if page.name == "save" else [each for share in shares for each in share.result()]
    return {
        "median": statistics.median(single),
        "p95": p95(single),
        "slowest": max(single + of_eight),
        "p95_of_eight": p95(of_eight or single),
        "by_hand": statistics.median(timed(partial(run_by_hand, page, by_hand)) for _each in range(TIMES)),
    }


def run_by_hand(page: Page, by_hand: psycopg.Connection[Any]) -> None:
    """Run the statement that answers a page, to its last row."""
    done = by_hand.execute(page.by_hand.encode(), page.values or None)
    if done.description is not None:
        done.fetchall()


def times_of(page: Page, browser: Browser, times: int) -> list[float]:
    """Open the page WARM_UP times for nothing, then so many times; return the milliseconds."""
    if page.name == "save":
        return [time_of_save(page, browser, at) for at in range(times)]
    open_it = partial(browser.get, page.path)
    for _each in range(WARM_UP):
        open_it()
    return [timed(open_it) for _each in range(times)]


def time_of_save(page: Page, browser: Browser, at: int) -> float:
    """Open the form and return how many milliseconds its saving takes."""
    fields = dict(FormFields(browser.get(page.path)).found)
    fields["description"] = f"改过 {at} 次：{fields['description'][:80]}"
    return timed(partial(browser.save, page.path, fields))


def timed(do: Callable[[], object]) -> float:
    """Do it, and return the milliseconds that it took."""
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1000


def p95(times: list[float]) -> float:
    """Return what 95 of 100 stay under."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def make_file(app: Flask) -> tuple[int, float]:
    """Make the export of the whole list as a worker does; return its key and the seconds it took."""
    with app.app_context(), acting_as(system_actor("command:bench")):
        administrator = select(Staff.id).where(Staff.email == f"{Role.ADMINISTRATOR.value}@example.com")
        run = ExportRun(
            staff_id=db.session.scalars(administrator).one(),
            table_name="complaint",
            format=ExportFormat.CSV,
            is_whole=False,
            rows_expected=0,
        )
        db.session.add(run)
        db.session.commit()
        key = run.id
        began = time.perf_counter()
        make_export(key)
        return key, time.perf_counter() - began


def measure_export(
    app: Flask, port: int, headers: dict[str, str], pid: int, by_hand: psycopg.Connection[Any]
) -> dict[str, Any]:
    """Export a long list, and return its rows, the seconds to make and fetch it, and the server's memory."""
    key, made = make_file(app)
    idle = forget_peaks(pid)
    browser = Browser(port, headers)
    began = time.perf_counter()
    browser.connection.request("GET", f"/exports/download?id={key}", headers=dict(headers))
    answer = browser.connection.getresponse()
    first, rows = time.perf_counter() - began, 0
    while chunk := answer.read(1 << 16):
        rows += chunk.count(b"\n")
    seconds = made + time.perf_counter() - began
    newest = (
        f"SELECT {COLUMNS} FROM complaint"  # noqa: S608 - of constants and a number
        f" ORDER BY registered_at DESC, id DESC LIMIT {max(rows, 1)}"
    )
    copy = f"COPY ({newest}) TO STDOUT (FORMAT csv)"
    began = time.perf_counter()
    with by_hand.cursor() as cursor, cursor.copy(copy.encode()) as copied:
        for _chunk in copied:
            pass
    return {
        "rows": rows,
        "first_byte": first,
        "seconds": seconds,
        "by_hand": time.perf_counter() - began,
        "megabytes_above": peak_megabytes(pid) - idle,
    }


def workers_of(pid: int) -> list[int]:
    """Return the processes that a web server answers with."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(each) for each in children.split()]


def peak_megabytes(pid: int) -> float:
    """Return the most memory that one worker had at any time since it was last forgotten."""
    return max(_status(worker, "VmHWM") for worker in workers_of(pid))


def forget_peaks(pid: int) -> float:
    """Let each worker's peak begin anew; return what the largest has now, in megabytes."""
    for worker in workers_of(pid):
        Path(f"/proc/{worker}/clear_refs").write_text("5", encoding="ascii")
    return max(_status(worker, "VmRSS") for worker in workers_of(pid))


def _status(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    line = next(line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
