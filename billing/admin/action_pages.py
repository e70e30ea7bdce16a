"""The page of an action: what will happen, a small form, one button."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.forms import AdminForm

from billing.admin import formatting
from billing.admin.base import BillingAdmin, attempt, button
from billing.admin.fields import typed
from billing.rules.errors import Refused
from billing.services import audit
from billing.services.wording import of_the_books

Facts = Sequence[tuple[str, Any]]
CONFIRMED, BACK = "confirmed", "back"


class ActionPage:
    """One action of staff on one row: a form below the facts, perhaps a preview, the deed, and what it did.

    A subclass says what is special; ``respond`` is the same for all. With ``has_preview`` the form
    leads to a page that tells what will happen, and only its button does it.
    """

    title: ClassVar[str]
    button: ClassVar[str]
    name: ClassVar[str]
    icon: ClassVar[str]
    permission: ClassVar[str]
    is_primary: ClassVar[bool] = False
    has_preview: ClassVar[bool] = False
    enter_confirms: ClassVar[bool] = False  # the preview's button has the focus: for what is done all day
    form_class: ClassVar[type[forms.Form]] = forms.Form
    before: Mapping[str, Any] = {}  # how things stood, for the audit
    after: Mapping[str, Any] = {}

    def __init__(self, admin: BillingAdmin, request: HttpRequest, row: Any) -> None:
        self.admin, self.request, self.row = admin, request, row
        self.now = timezone.now()

    @classmethod
    def permission_for(cls, row: Any) -> str:
        return cls.permission

    @classmethod
    def is_permitted(cls, user: Any, row: Any) -> bool:
        return bool(user.has_perm(cls.permission_for(row)))

    @classmethod
    def is_offered(cls, user: Any, row: Any) -> bool:
        """Whether the row's page shows the button."""
        return cls.is_permitted(user, row) and not cls.refusal(row)

    @classmethod
    def refusal(cls, row: Any) -> str:
        """Why there is nothing to do for ``row``, so that no button is shown; empty when there is."""
        return ""

    def facts(self) -> Facts:
        return []

    def form(self, data: Any = None, initial: Any = None) -> forms.Form:
        return self.form_class(data, initial=initial)

    def initial(self) -> dict[str, Any]:
        return {}

    def preview(self, data: dict[str, Any]) -> tuple[Facts, Sequence[str]]:
        """Facts and sentences about what ``act`` will do. Raises Refused as it does."""
        raise NotImplementedError

    def act(self, data: dict[str, Any]) -> Any:
        """Do it with the form's clean ``data``, by a service. Raises Refused; gives what ``told`` needs."""
        raise NotImplementedError

    def told(self, done: Any) -> str:
        """What was done and what comes next: for the message, and in the language of the books for the audit."""
        raise NotImplementedError

    def message(self, done: Any) -> str:
        """How the page that follows tells it: ``told``, and what only its reader needs."""
        return self.told(done)

    def page_after(self, done: Any) -> Model:
        return self.row

    def respond(self) -> HttpResponse:
        post = self.request.POST
        if self.request.method != "POST":
            return self._first_page()
        form = self.form(post)
        if BACK in post:
            return self._show(self.form(initial=post.dict()))
        if self.has_preview and CONFIRMED not in post:
            found = attempt(form, lambda: self.preview(form.cleaned_data))
            return self._show(form) if found is None else self._preview(form, *found)
        done = attempt(form, lambda: [self.act(form.cleaned_data)])
        if done is None:
            return self._show(form)
        messages.success(self.request, self.message(done[0]))
        self._note(form, done[0])
        return redirect(formatting.page_of(self._visible(self.page_after(done[0]))))

    def _first_page(self) -> HttpResponse:
        try:
            if refusal := self.refusal(self.row):
                raise Refused(refusal)
            form = self.form(initial=self.initial())
            if self.has_preview and not form.visible_fields():
                return self._preview(form, *self.preview({}))
            return self._show(form)
        except Refused as refused:
            messages.warning(self.request, str(refused))
            return redirect(formatting.page_of(self.row))

    def _preview(self, form: forms.Form, facts: Facts, sentences: Sequence[str]) -> HttpResponse:
        return self._show(form, [*typed(form), *facts], sentences, is_preview=True)

    def _note(self, form: forms.Form, done: Any) -> None:
        with of_the_books():
            entered = {"entered": dict(typed(form))} if typed(form) else {}
            said = f"{self.button}: {self.told(done)}"
            audit.note(self.row, said, before=self.before, after={**self.after, **entered})

    def _visible(self, row: Model) -> Model:
        permission = f"{row._meta.app_label}.view_{row._meta.model_name}"
        return row if self.request.user.has_perm(permission) else self.row

    def _show(
        self, form: forms.Form, more: Facts = (), sentences: Sequence[str] = (), *, is_preview: bool = False
    ) -> HttpResponse:
        return action_page(
            self.admin,
            self.request,
            row=self.row,
            title=self.title.format(self.row),
            form=form,
            button=self.button if is_preview or not self.has_preview else _("Preview"),
            facts=[*self.facts(), *more],
            sentences=sentences,
            is_preview=is_preview,
            enter_confirms=self.enter_confirms,
        )


def action_of(page: type[ActionPage]) -> Callable[..., HttpResponse]:
    """The button of ``page`` and the view behind it, to be named ``page.name`` in an admin."""

    def view(admin: BillingAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        row = admin.found(request, object_id)
        if row is None:
            return admin.missing(request, object_id)
        if not page.is_permitted(request.user, row):
            raise PermissionDenied
        return page(admin, request, row).respond()

    view.__name__ = page.name
    shown: Any = button(page.button, path=page.name.replace("_", "-"), icon=page.icon, primary=page.is_primary)(view)
    shown.is_offered = page.is_offered
    return cast("Callable[..., HttpResponse]", shown)


def action_page(
    admin: BillingAdmin,
    request: HttpRequest,
    *,
    title: str,
    form: forms.Form,
    button: str,
    row: Model | None = None,
    cancel: str = "",
    facts: Facts = (),
    sentences: Sequence[str] = (),
    is_preview: bool = False,
    enter_confirms: bool = False,
) -> HttpResponse:
    """Show ``form`` with the ``facts`` (name, value) above it; "Cancel" leads to ``row``, or to the page ``cancel``.

    A preview keeps the form's values unseen, and tells in ``sentences`` what will happen.
    """
    visible = [] if is_preview else [field.name for field in form.visible_fields()]
    page = AdminForm(form, [(None, {"fields": visible})] if visible else [], {}, model_admin=admin)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "form": form,
        "inline_admin_formsets": [],
        "adminform": page,
        "media": admin.media + form.media,
        "facts": facts,
        "sentences": sentences,
        "is_preview": is_preview,
        "enter_confirms": enter_confirms,
        "goes_back": is_preview and bool(form.visible_fields()),
        "button": button,
        "cancel": formatting.page_of(row) if row else cancel,
    }
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, "billing/action.html", context)
