"""What device a login comes from, in words, out of what its browser says of itself."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

# In this order: most browsers also claim to be those further down.
_BROWSERS: tuple[tuple[str, str | LazyString], ...] = (
    ("MicroMessenger", _l("WeChat")),
    ("DingTalk", _l("DingTalk")),
    ("Lark", _l("Feishu")),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("HuaweiBrowser", _l("Huawei browser")),
    ("MiuiBrowser", _l("Xiaomi browser")),
    ("QQBrowser", _l("QQ browser")),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str | None) -> str:
    """Return browser and system, as far as they are known."""
    said = user_agent or ""
    browser = next((str(name) for mark, name in _BROWSERS if mark in said), "")
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("Unknown device"))
