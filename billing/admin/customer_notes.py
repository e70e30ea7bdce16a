"""Notes of staff about a customer: written on the customer's page, listed for all."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextareaWidget

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.base import ReadOnlyAdmin
from billing.admin.fields import OnceForm, TextField
from billing.admin.formatting import link
from billing.admin.search import SearchedByCustomer
from billing.models import CustomerNote
from billing.services import customer_notes
from billing.words import gettext_lazy


class NoteForm(OnceForm):
    text = TextField(
        label=gettext_lazy("Note"),
        max_length=customer_notes.LONGEST,
        widget=UnfoldAdminTextareaWidget({"rows": 3, "autofocus": True}),
        help_text=gettext_lazy("For your colleagues; the customer does not see it. It cannot be changed afterwards."),
    )


class WriteNote(ActionPage):
    title = gettext_lazy("Note about {}")
    button = gettext_lazy("Write note")
    name = "write_note"
    icon = "sticky_note_2"
    permission = "billing.add_customernote"
    form_class = NoteForm

    def facts(self) -> Facts:
        return [(_("Customer"), link(self.row))]

    def act(self, data: dict[str, Any]) -> CustomerNote:
        return customer_notes.write(customer=self.row, now=self.now, by=self.request.user, **data)

    def told(self, done: CustomerNote) -> str:
        return _("The note about {row} is kept.").format(row=self.row)


@admin.register(CustomerNote)
class CustomerNoteAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("customer", "text", "written_at", "written_by")
    list_select_related = ("customer", "written_by")
    fields = (("customer", "text"), ("written_at", "written_by"))
    search_fields = ("customer__code",)
    search_help_text = gettext_lazy("The customer's code, name, phone or login")
    number_fields = ()
