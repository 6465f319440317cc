"""Why bubblewrap cannot make its namespaces here, and what mends it."""

from __future__ import annotations

from pathlib import Path

SWITCHES = (  # the setting, the value that forbids, the value that allows
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "15000"),
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
)


def why_no_namespaces(proc: Path = Path("/proc")) -> str:
    """One sentence with the kernel setting at fault and its mend, or what else it may be."""
    for setting, forbids, allows in SWITCHES:
        file = proc / "sys" / setting.replace(".", "/")
        if file.is_file() and file.read_text().strip() == forbids:
            return f"no sandbox: {setting} = {forbids} forbids user namespaces; run `sudo sysctl -w {setting}={allows}`"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            "no sandbox: this container forbids namespaces; start it with "
            "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`"
        )
    return "no sandbox: bubblewrap (0.8 or later) does not work here"
