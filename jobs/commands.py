"""The commands that `flask --app app` offers."""

from __future__ import annotations

import click

from jobs.backup.commands import backup_command, restore_command
from jobs.demo.commands import demo_add_command, demo_remove_command
from jobs.digest import digest_command
from jobs.import_command import import_command
from jobs.release import demo_users_command, release_command
from jobs.schedule import clock_command
from jobs.worker import worker_command

COMMANDS: tuple[click.Command, ...] = (
    release_command,
    demo_users_command,
    demo_add_command,
    demo_remove_command,
    backup_command,
    restore_command,
    import_command,
    digest_command,
    worker_command,
    clock_command,
)
