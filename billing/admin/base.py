"""What all of the staff's lists and pages have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.db.models.options import Options
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import AdminForm

from billing.admin import formatting
from billing.admin.exports import Exported
from billing.admin.lists import FastList
from billing.admin.panels import Panel
from billing.models import Area, AuditEntry
from billing.rules.errors import Refused
from billing.services import areas, audit
from billing.services.wording import of_the_books

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def button(title: str, *, path: str, icon: str, permission: str = "", primary: bool = False) -> Callable[[View], View]:
    """An action at the top of a row's page, for those who may see the row and have ``permission``.

    Unfold takes the name of a method, such as ``has_receive_payment_permission`` for "receive_payment";
    of a name with a point its system check would ask the database, before there is one.
    """
    permissions = ["view", permission] if permission else ["view"]
    variant = ActionVariant.PRIMARY if primary else ActionVariant.DEFAULT
    decorator = action(description=title, url_path=path, icon=icon, variant=variant, permissions=permissions)
    return cast("Callable[[View], View]", decorator)


def asked_once(show: Callable[[Any, Any], T]) -> Callable[[Any, Any], T]:
    """A read-only field that needs queries: unfold asks for its text several times while it shows one page."""
    name = f"_{show.__name__}_shown"

    @wraps(show)
    def shown(admin: Any, row: Any) -> T:
        if name not in vars(row):
            setattr(row, name, show(admin, row))
        return cast("T", getattr(row, name))

    return shown


class NotesActions(ModelAdmin):
    """What is done with the rows that were chosen in a list is written into the audit, row by row.

    An action with ``notes_itself`` does that, for those rows with which it did something.

    Names of rows are stored in the language of the books, in the history of a row as well.
    """

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        chosen, name = request.POST.getlist(ACTION_CHECKBOX_NAME), request.POST.get("action", "")
        rows = list(queryset.filter(pk__in=chosen))
        response = super().response_action(request, queryset)
        action = self.get_actions(request).get(name)
        if response is not None and action and not getattr(action[0], "notes_itself", False):
            with of_the_books():
                for row in rows:
                    audit.note(row, action[2])
        return response

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        with of_the_books():
            return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        with of_the_books():
            return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        with of_the_books():
            return super().log_deletions(request, queryset)


class BillingAdmin(Exported, FastList, NotesActions):
    """A list that stays fast with a million rows, and a page with panels below its form."""

    actions: list[str] | None = None
    change_form_outer_after_template = "billing/panels.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return areas.seen(request.user, super().get_queryset(request))

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        related: Any = db_field.related_model
        offered = kwargs.get("queryset")
        if offered is None:
            offered = related._default_manager.all()
        formfield = super().formfield_for_foreignkey(
            db_field, request, **{**kwargs, "queryset": areas.seen(request.user, offered)}
        )
        if related is Area and areas.of(request.user):
            formfield.required = True  # without one, whoever enters the row would not see it any more
        return formfield

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        panels = self.panels(request, row) if row else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield and isinstance(formfield.widget, RelatedFieldWidgetWrapper):
            formfield.widget.can_delete_related = False
        return formfield

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The buttons of a row's page: those that can do something for the row."""
        row = self.get_object(request, unquote(str(object_id)))
        offered = super().get_actions_detail(request, object_id) if row else []
        return [offer for offer in offered if getattr(offer.method, "is_offered", _always)(request.user, row)]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit knows of the row, for those who may see it; for others what was done on the admin's pages."""
        if not request.user.has_perm("billing.view_auditentry") or areas.of(request.user):
            return super().history_view(request, object_id, extra_context)
        query = {"object_type": self.opts.label_lower, "object_id__exact": unquote(object_id)}
        return redirect(formatting.list_of(AuditEntry, f"?{urlencode(query)}"))

    def panels(self, request: HttpRequest, row: Any) -> list[Panel]:
        """The tables below the form of ``row``."""
        return []

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Options, object_id: str
    ) -> HttpResponseRedirect:
        """Who is limited to areas is not told whether a row of another area is there."""
        if areas.of(request.user):
            raise Http404
        return super()._get_obj_does_not_exist_redirect(request, opts, object_id)

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row of an action's address, or None: then ``missing`` is the answer."""
        return self.get_object(request, unquote(object_id))

    def missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tell that there is no such row, and go to the first page."""
        return self._get_obj_does_not_exist_redirect(request, self.opts, unquote(object_id))


class ReadOnlyAdmin(BillingAdmin):
    """Facts and documents: staff look at them; only services write them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AddedByService(BillingAdmin):
    """Adds through a service, which owns the transaction; what it refuses is shown on the form."""

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> Model:
        """The new row from the form's clean ``data``. Raises Refused."""
        raise NotImplementedError

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form_class = self.get_form(request)
        if request.method != "POST":
            return self._add_page(request, form_class(initial=self.get_changeform_initial_data(request)))
        form = form_class(request.POST)
        added = attempt(form, lambda: self.add_by_service(request, form.cleaned_data))
        if added is None:
            return self._add_page(request, form)
        self.log_addition(request, added, [{"added": {}}])
        return self.response_add(request, added)

    def response_post_save_add(self, request: HttpRequest, obj: Model) -> HttpResponse:
        return redirect(formatting.page_of(obj))

    def _add_page(self, request: HttpRequest, form: forms.ModelForm) -> HttpResponse:
        page = AdminForm(form, list(self.get_fieldsets(request)), {}, model_admin=self)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add {verbose_name}").format(verbose_name=self.opts.verbose_name),
            "subtitle": None,
            "adminform": page,
            "errors": form.errors,
            "inline_admin_formsets": [],
            "is_popup": IS_POPUP_VAR in request.GET or IS_POPUP_VAR in request.POST,
            "media": self.media + page.media,
            "preserved_filters": self.get_preserved_filters(request),
        }
        return self.render_change_form(request, context, add=True)


def _always(user: Any, row: Model) -> bool:
    return True


def attempt(form: forms.BaseForm, act: Callable[[], T]) -> T | None:
    """What ``act`` gives; None when the form is not valid or the rules refuse, with the reason on the form."""
    if not form.is_valid():
        return None
    try:
        return act()
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
