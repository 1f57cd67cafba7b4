"""Backups that have been restored once before anybody relies on them, and the way back from one."""
