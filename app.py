"""The panel: wiring only. `flask --app app` and gunicorn find `create_app` here."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

import views
import views.answer
import views.auth
import views.invitation
import views.metrics
import views.no_room
import views.point
import views.probes
import views.request_log
import views.second_factor
import views.security
import views.throttle
import views.time_limit
import views.too_large
import views.translation
import views.unsubscribe
from config import Settings, read_settings
from jobs.commands import COMMANDS
from jobs.logs import configure_logging
from jobs.parent_death import die_with_parent
from models import db
from models.reading import end_reading

POOL_WAIT_SECONDS = 5


def create_app(settings: Settings | None = None) -> Flask:
    """Return the panel, set up from `settings`; None reads them from the environment.

    Raises:
        SettingError: when a setting is missing or wrong.
    """
    if os.environ.get("HUISHENG_SUPERVISED"):
        die_with_parent()
    settings = settings or read_settings()
    configure_logging(settings.log_format)
    app = Flask("app", template_folder="views/templates", static_folder="views/static")
    app.extensions["settings"] = settings
    app.config.from_mapping(flask_config(settings))
    db.init_app(app)
    # Whole: a command runs in the folder of who calls it.
    Migrate(app, db, directory=str(Path(__file__).parent / "models" / "migrations"))
    CSRFProtect(app)
    views.no_room.register(app)
    views.security.register(app)
    views.translation.register(app)
    views.auth.register(app)
    views.throttle.register(app)
    views.second_factor.register(app)
    views.unsubscribe.register(app)
    views.invitation.register(app)
    views.answer.register(app)
    views.point.register(app)
    views.register(app)
    views.probes.register(app)
    views.metrics.register(app)
    views.request_log.register(app)
    views.time_limit.register(app)
    app.teardown_request(end_reading)
    for command in COMMANDS:
        app.cli.add_command(command)
    return app


def create_shared_app() -> Flask:
    """Return the panel for a web server that loads it once and forks workers, which share its memory.

    What is frozen the garbage collector no longer visits: a visit alone copies the page, of nearly all of it.
    """
    app = create_app()
    gc.collect()
    gc.freeze()
    return app


def flask_config(settings: Settings) -> dict[str, Any]:
    """Return what Flask and its extensions are told; nothing here comes from anywhere but `settings`."""
    return {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "TRUSTED_HOSTS": views.security.trusted_hosts(settings),
        "SESSION_COOKIE_NAME": "__Host-huisheng" if settings.is_https else "huisheng",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": settings.login_lasts,
        # What changed nothing sets no cookie: late, it would take back the message of another answer.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "MAX_CONTENT_LENGTH": views.too_large.REQUEST_MOST,
        "MAX_FORM_MEMORY_SIZE": views.too_large.TEXT_MOST,
        "MAX_FORM_PARTS": views.too_large.PARTS_MOST,
        # A token as old as its login: a form left open for a day can still be saved.
        "WTF_CSRF_TIME_LIMIT": None,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            # The connection that was used last has prepared what pages ask.
            "pool_use_lifo": True,
            "pool_size": min(5, settings.database_connections),
            "max_overflow": max(0, settings.database_connections - 5),
            # Who waits longer is told so, with the draft, rather than kept waiting.
            "pool_timeout": POOL_WAIT_SECONDS,
            # Names and phones stand in parameters: no error message may carry them into a log.
            "hide_parameters": True,
            # Numbers carry the year of the site's own calendar.
            "connect_args": {"options": f"-c huisheng.timezone={settings.timezone.key}"},
        },
        "BABEL_DEFAULT_LOCALE": "zh_Hans_CN",
        "BABEL_DEFAULT_TIMEZONE": settings.timezone.key,
        **views.auth.flask_security_config(settings),
    }
