"""Klaviyo's API revisions live for two years."""

from __future__ import annotations

from datetime import date, timedelta

from tap_klaviyo import contract

_NOTICE = timedelta(days=90)


def revision_warning(revision: str, today: date) -> str | None:
    """What a user should know about the revision set: it is not the contract's, or its end is near; None otherwise."""
    warnings = []
    if revision != contract.newest().revision:
        warnings.append(
            f"setting 'revision' is {revision}: it applies to custom_streams only; other streams use their own"
        )
    end = removal(revision)
    if end is not None and today >= end - _NOTICE:
        verb = "was due to remove" if today >= end else "removes"
        warnings.append(f"Klaviyo {verb} revision {revision} on {end}")
    return "; ".join(warnings) or None


def own_revision_warnings(today: date) -> list[str]:
    """What a user should know about the older revisions that some streams ask, whatever is set."""
    ends = {name: removal(name) for name in contract.revisions() if name != contract.newest().revision}
    return [
        f"Klaviyo ends revision {name} on {end}, which some streams ask; upgrade the tap before"
        for name, end in ends.items()
        if end is not None and today >= end - _NOTICE
    ]


def removal(revision: str) -> date | None:
    """The day two years after the revision's; None if it does not begin with a date (a beta ends in `.pre`)."""
    try:
        begin = date.fromisoformat(revision[:10])
        return begin.replace(year=begin.year + 2)
    except ValueError:
        pass
    try:  # 29 February
        return date.fromisoformat(revision[:10]) + timedelta(days=731)
    except (ValueError, OverflowError):
        return None
