"""One list for all of the staff's lists: it stays as fast with a million rows as with a thousand.

Pages go by key (``keyset``), only what an index gives in order can be sorted by, and nothing counts a whole table.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from unfold.views import ChangeList

from billing.admin import keyset, search
from billing.services import counting
from billing.services.counting import Count

ROWS = 50


class CappedPaginator(Paginator):
    """For what a field offers while somebody types: counts no further than the cap."""

    @cached_property
    def count(self) -> int:
        return counting.count(cast("QuerySet[Any]", self.object_list)).number


class Pager:
    """What the template of the page links shows: how many rows there are, and the addresses of the pages."""

    template_name = "billing/pagination.html"

    def __init__(self, listed: BillingList, page: keyset.Page, count: Count, *, is_cut: bool) -> None:
        name = listed.opts.verbose_name if count.number == 1 else listed.opts.verbose_name_plural
        self.counted = _told(count) % {"number": f"{count.number:,}", "name": name}
        self.is_capped = count.is_capped
        self.is_cut = is_cut
        self.is_needed = not page.is_all
        self.first = listed.get_query_string() if page.previous else ""
        self.previous = self._address(listed, page.previous)
        self.next = self._address(listed, page.next)
        self.last = self._address(listed, keyset.LAST if page.next else "")

    def _address(self, listed: BillingList, place: str) -> str:
        return listed.get_query_string({PAGE_VAR: place}) if place else ""


def _told(count: Count) -> str:
    if count.is_estimate:
        return _("about %(number)s %(name)s")
    return _("more than %(number)s %(name)s") if count.is_capped else _("%(number)s %(name)s")


class BillingList(ChangeList):
    """A list in the order of one column that has an index; a filter may bring an order of its own."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        orders = [order for spec in self.filter_specs if (order := getattr(spec, "ordering", ""))]
        if orders:
            self.sortable_by = ()
        self.key = orders[0] if orders else self._sorted_by() or self._usual_key(request)
        return keyset.total_order(self.model, self.key)

    def get_ordering_field_columns(self) -> dict[int, str]:
        direction, name = ("desc", self.key[1:]) if self.key.startswith("-") else ("asc", self.key)
        places = [place for place, shown in enumerate(self.list_display) if self.get_ordering_field(shown) == name]
        return dict.fromkeys(places[:1], direction)

    def get_results(self, request: HttpRequest) -> None:
        place = request.GET.get(PAGE_VAR, "")
        page = keyset.page(self.queryset, self.key, place=place, size=self.list_per_page)
        is_counted = page.is_all and (page.rows or not place)
        count = Count(len(page.rows)) if is_counted else counting.count(self.queryset)
        self.result_list = page.rows
        self.result_count = count.number
        self.paginator = Pager(self, page, count, is_cut=vars(request).get(search.CUT, False))
        is_narrowed = bool(self.query) or self.has_active_filters
        self.full_result_count = None if is_narrowed and not count.is_capped else count.number
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False

    def _sorted_by(self) -> str:
        """The first of the columns that the address asks for, when the list may be sorted by it."""
        prefix, _sign, place = self.params.get(ORDER_VAR, "").split(".")[0].rpartition("-")
        if prefix or not place.isdecimal() or int(place) >= len(self.list_display):
            return ""
        shown = self.list_display[int(place)]
        key = self.get_ordering_field(shown) if shown in self.sortable_by else None
        return f"{_sign}{key}" if key else ""

    def _usual_key(self, request: HttpRequest) -> str:
        usual = [*self.model_admin.get_ordering(request), *self._get_default_ordering(), "pk"]
        return str(usual[0])


class FastList:
    """For the admin of a model: its list is a ``BillingList``, sorted by the columns of ``sortable_by`` alone.

    These and the first of ``ordering`` are columns without NULL that an index has together with the primary key,
    or columns of a table that stays small.
    """

    list_per_page = ROWS
    list_max_show_all = ROWS
    list_disable_select_all = True
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator: ClassVar[Any] = CappedPaginator
    sortable_by: ClassVar[tuple[str, ...]] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BillingList]:
        return BillingList
