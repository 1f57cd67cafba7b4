"""One-time and recovery codes: when they count, that they count once, and how they are kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from config import Environment, Settings
from factories import Factory
from models import AuditEntry, RecoveryCode, SecondFactor, Staff, acting_as, db, second_factor, system_actor
from models.base import now
from models.organisation import Role
from models.second_factor import Proof, make_recovery_codes, matching_step, must_have_second_factor, use_code


@pytest.fixture
def person(in_app: Flask) -> Staff:
    return Factory(db.session()).staff()


def code_at(settings: Settings, secret: str, seconds: int = 0) -> str:
    at = now() + timedelta(seconds=seconds)
    return str(second_factor._totp(settings, secret).generate(time=at).token)


@pytest.fixture
def secret(settings: Settings) -> str:
    return second_factor.new_secret(settings)


@pytest.mark.parametrize(
    ("seconds", "counts"), [(0, True), (-30, True), (30, True), (-90, False), (90, False)]
)
def test_a_code_counts_within_one_step_of_the_clock(
    settings: Settings, secret: str, seconds: int, counts: bool
) -> None:
    assert (matching_step(settings, secret, code_at(settings, secret, seconds)) is not None) is counts


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\0", "😀" * 6, "-1", "1e5", "9" * 5000])
def test_what_is_no_code_is_wrong_and_no_fault(settings: Settings, secret: str, code: str) -> None:
    assert matching_step(settings, secret, code) is None


def test_a_code_may_be_typed_with_blanks_and_full_width_digits(settings: Settings, secret: str) -> None:
    code = code_at(settings, secret)
    wide = code.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for typed in (f" {code[:3]} {code[3:]} ", wide, f"{wide[:3]}　{wide[3:]}", f"{code[:3]}-{code[3:]}"):
        assert matching_step(settings, secret, typed) is not None


def test_a_code_works_once_and_no_earlier_one_after_it(
    settings: Settings, secret: str, person: Staff
) -> None:
    second_factor.set_up(settings, person.id, secret, 0)
    code, earlier = code_at(settings, secret), code_at(settings, secret, -30)
    assert use_code(settings, person.id, code) is Proof.ONE_TIME_CODE
    assert use_code(settings, person.id, code) is None
    assert use_code(settings, person.id, earlier) is None


def test_the_code_that_proved_a_new_key_opens_no_login(
    settings: Settings, secret: str, person: Staff
) -> None:
    code = code_at(settings, secret)
    step = matching_step(settings, secret, code)
    assert step is not None
    second_factor.set_up(settings, person.id, secret, step)
    assert use_code(settings, person.id, code) is None


def test_of_two_requests_at_once_with_one_code_one_is_let_in(fresh_app: Flask) -> None:
    settings: Settings = fresh_app.extensions["settings"]
    with fresh_app.app_context():
        staff_id = Factory(db.session()).staff().id
        secret = second_factor.new_secret(settings)
        recovery = second_factor.set_up(settings, staff_id, secret, 0)[0]
        db.session.commit()

    def attempt(code: str) -> Proof | None:
        with fresh_app.app_context(), acting_as(system_actor("test")):
            proof = use_code(settings, staff_id, code)
            db.session.commit()
            db.session.remove()
            return proof

    with ThreadPoolExecutor(8) as threads:
        for code in (code_at(settings, secret), recovery):
            proofs = list(threads.map(attempt, [code] * 8))
            assert sum(proof is not None for proof in proofs) == 1, proofs


def test_each_recovery_code_works_once_however_it_is_typed(
    settings: Settings, secret: str, person: Staff
) -> None:
    codes = second_factor.set_up(settings, person.id, secret, 0)
    assert len(set(codes)) == 10
    assert use_code(settings, person.id, codes[0]) is Proof.RECOVERY_CODE
    assert use_code(settings, person.id, codes[0]) is None
    typed = codes[1].upper().replace("-", " ")
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign != " " else "　" for sign in typed)
    assert use_code(settings, person.id, wide) is Proof.RECOVERY_CODE
    assert second_factor.recovery_codes_left(person.id) == 8


def test_new_recovery_codes_take_the_place_of_the_old_ones(
    settings: Settings, secret: str, person: Staff
) -> None:
    old = second_factor.set_up(settings, person.id, secret, 0)
    new = make_recovery_codes(settings, person.id)
    assert use_code(settings, person.id, old[0]) is None
    assert use_code(settings, person.id, new[0]) is Proof.RECOVERY_CODE


def test_a_code_of_another_person_opens_nothing(settings: Settings, secret: str, person: Staff) -> None:
    other = Factory(db.session()).staff()
    codes = second_factor.set_up(settings, other.id, secret, 0)
    second_factor.set_up(settings, person.id, second_factor.new_secret(settings), 0)
    assert use_code(settings, person.id, codes[0]) is None
    assert use_code(settings, person.id, code_at(settings, secret)) is None


def test_neither_key_nor_codes_stand_readable_in_the_database(
    settings: Settings, secret: str, person: Staff
) -> None:
    codes = second_factor.set_up(settings, person.id, secret, 0)
    key = second_factor.key_text(settings, secret).replace(" ", "")
    kept = db.session.get_one(SecondFactor, person.id).secret
    hashes = set(db.session.scalars(select(RecoveryCode.code_hash)))
    assert key not in kept
    assert not any(second_factor.plain_code(code) in kept for code in hashes)
    assert not hashes & {second_factor.plain_code(code) for code in codes}
    # With another secret of the environment a copy of the database makes no codes, and breaks nothing.
    elsewhere = replace(settings, second_factor_secret="another secret of thirty-two signs 01")
    assert matching_step(elsewhere, secret, code_at(settings, secret)) is None
    assert use_code(elsewhere, person.id, codes[0]) is None


def test_the_audit_log_says_that_a_key_changed_and_not_which(
    settings: Settings, secret: str, person: Staff
) -> None:
    def changes() -> list[dict[str, Any]]:
        found = select(AuditEntry).where(
            AuditEntry.table_name == "second_factor", AuditEntry.row_id == person.id
        )
        return [entry.changes for entry in db.session.scalars(found.order_by(AuditEntry.id))]

    second_factor.set_up(settings, person.id, secret, 0)
    (made,) = changes()
    assert made["secret"] == ["***", "***"]
    # A login moves the step on, which is no change to tell of.
    use_code(settings, person.id, code_at(settings, secret))
    assert len(changes()) == 1
    second_factor.set_up(settings, person.id, second_factor.new_secret(settings), 0)
    assert changes()[1]["secret"] == ["***", "***"]
    assert second_factor.remove(person.id)
    assert len(changes()) == 3
    assert not second_factor.remove(person.id)


@pytest.fixture
def local(settings: Settings) -> Settings:
    return replace(settings, environment=Environment.LOCAL, public_url="http://127.0.0.1:8000")


def test_who_administers_must_have_one_but_for_a_trial_with_invented_data(
    in_app: Flask, settings: Settings, local: Settings
) -> None:
    make = Factory(db.session())
    administrator, clerk = make.staff(Role.CLERK, Role.ADMINISTRATOR), make.staff(Role.CLERK)
    assert must_have_second_factor(administrator, settings)
    assert not must_have_second_factor(clerk, settings)
    # On one's own machine too, once the data are real.
    assert must_have_second_factor(administrator, local)
    make.demo_record()
    assert not must_have_second_factor(administrator, local)
    for change in (
        {"environment": Environment.PRODUCTION},
        {"environment": Environment.TEST},
        {"public_url": "http://192.168.1.5:8000"},
        {"public_url": "https://panel.example"},
        {"public_url": "http://127.0.0.1.evil.example"},
    ):
        assert must_have_second_factor(administrator, replace(local, **change)), change
