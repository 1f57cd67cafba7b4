"""The audit of what is locked: asked for real, of a service on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import audit_packages
from server_process import free_port

HOLE = {
    "id": "PYSEC-2030-1",
    "aliases": ["CVE-2030-1"],
    "summary": "A made-up hole",
    "affected": [
        {
            "package": {"name": "flask", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """Answer as OSV does: nothing known, but for the packages in `holes`."""

    holes: tuple[str, ...] = ()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        answer = json.dumps({"vulns": [HOLE]} if name in self.holes else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def advisories(*holes: str) -> Iterator[str]:
    handler = type("Known", (Advisories,), {"holes": holes})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _one_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_packages, "SERVICES", ("osv",))
    monkeypatch.delenv("REQUIRE_AUDIT", raising=False)


def test_a_known_hole_fails_and_says_what_to_upgrade(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with advisories("flask") as url:
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", url)
        assert audit_packages.main() == 1
    told = capsys.readouterr().out
    assert "PYSEC-2030-1, CVE-2030-1; fixed in 99.1" in told
    assert "1 known holes" in told


def test_without_a_known_hole_it_passes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with advisories() as url:
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", url)
        assert audit_packages.main() == 0
    assert "0 known holes" in capsys.readouterr().out


@pytest.mark.parametrize(("required", "status"), [("", audit_packages.NOT_DONE), ("1", 1)])
def test_without_a_service_nothing_is_audited_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], required: str, status: int
) -> None:
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"http://127.0.0.1:{free_port()}/")
    monkeypatch.setenv("REQUIRE_AUDIT", required)
    assert audit_packages.main() == status
    assert "Not audited: no advisory service reachable" in capsys.readouterr().out
