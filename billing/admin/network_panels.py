"""How far the network has got with a subscription, its open sessions, and what was used on each day."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.admin import charts
from billing.admin.formatting import NONE, day, instant, link, list_of
from billing.admin.panels import Panel, columns
from billing.admin.session_cells import SESSION_COLUMNS, session_row, size
from billing.models import OnlineSession, Plan, SessionRecord, Subscription, UsageDay
from billing.services.network import accounts, findings, intents
from billing.services.network import usage as data_use
from billing.services.network.intents import Kind
from billing.services.wording import counted
from billing.words import gettext_lazy

SHOWN = 10
DAYS = 31  # with use
COLUMNS = (*SESSION_COLUMNS, *columns("Router"))
WORDS = {
    Kind.NONE: gettext_lazy("The network was not told anything of it yet."),
    Kind.PENDING: gettext_lazy("Pending: it waits to be applied since {since}."),
    Kind.APPLIED: gettext_lazy("Applied: the network does what is wanted since {since}."),
    Kind.FAILING: gettext_lazy("Failing since {since}: {error}"),
    Kind.HELD: gettext_lazy("Left alone since {since}: {error} “Apply again” starts anew."),
}
BEYOND: dict[str, str] = {
    Plan.OverQuota.THROTTLE: gettext_lazy("It is used up: slower until then."),
    Plan.OverQuota.GARDEN: gettext_lazy("It is used up: no access until then, but the page that says so."),
}


def panel(subscription: Subscription) -> Panel | None:
    """Nothing while there is no router and the subscription has no credentials (rule N6)."""
    account = accounts.of(subscription)
    if account is None and not accounts.is_any_router_active():
        return None
    status = intents.status_of(subscription.pk)
    state = WORDS[status.kind].format(since=instant(status.since), error=status.error or NONE)
    state = state.removesuffix("..") + "." if state.endswith("..") else state  # after “a.m.”
    if account is None:
        access = _("It has no password: nobody can sign in with its login.")
    else:
        address = account.fixed_address or _("from the pool")
        entry = _("; its entry is kept on {router}").format(router=account.router) if account.router else ""
        access = _("It has a password. Address: {address}{entry}.").format(address=address, entry=entry)
    found = OnlineSession.objects.filter(subscription=subscription).select_related("subscription", "router")
    rows = [(*session_row(session), link(session.router)) for session in found.order_by("-pk")[:SHOWN]]
    more = list_of(SessionRecord, f"?subscription__id__exact={subscription.pk}")
    told = [state, *findings.of(subscription.login), access, *_quota(subscription)]
    return Panel(_("Network"), COLUMNS, rows, empty=_("No session is open."), more=more, sentences=told)


def _quota(subscription: Subscription) -> list[str]:
    """How much of the plan's quota is used; empty when there is none."""
    use = data_use.of(subscription, now=timezone.now())
    if use is None:
        return []
    told = _("Quota: {used} of {quota} GB used since {start}; it begins anew on {end}.").format(
        used=size(use.used_bytes), quota=use.cap.quota_gb, start=day(use.start), end=day(use.end)
    )
    return [told, BEYOND[use.cap.over_quota]] if use.is_over else [told]


def usage(subscription: Subscription) -> Panel | None:
    """What was used on the last days with use, both ways, as columns."""
    found = list(UsageDay.objects.filter(subscription=subscription).order_by("-day")[:DAYS])[::-1]
    if not found:
        return None
    drawn = [charts.Column(f"{one.day:%d.%m.}", one.download_bytes + one.upload_bytes, _used(one)) for one in found]
    total = sum(one.download_bytes + one.upload_bytes for one in found)
    told = _("{size} on {counted}, {day} to {day_2}.").format(
        size=size(total), counted=counted(len(found), "day"), day=day(found[0].day), day_2=day(found[-1].day)
    )
    return Panel(_("Used per day"), (), empty="", sentences=[told], chart=charts.columns(_("Used per day"), drawn))


def _used(one: UsageDay) -> str:
    return _("{day}: {size} down, {size_2} up").format(
        day=day(one.day), size=size(one.download_bytes), size_2=size(one.upload_bytes)
    )
