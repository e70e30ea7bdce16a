import pytest
from django.db.migrations.recorder import MigrationRecorder


@pytest.mark.parametrize("page", ["/livez", "/readyz", "/healthz"])
def test_the_health_pages_answer_without_a_sign_in(client, page):
    response = client.get(page)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-cache" in response["Cache-Control"]


@pytest.mark.parametrize("page", ["/livez", "/readyz", "/healthz"])
def test_the_health_pages_only_tell(client, page):
    assert client.post(page).status_code == 405


@pytest.mark.parametrize("page", ["/readyz", "/healthz"])
def test_a_database_that_is_not_migrated_is_not_ready_and_says_what_to_do(client, page):
    MigrationRecorder.Migration.objects.filter(app="billing").latest("pk").delete()
    response = client.get(page)
    assert response.status_code == 503
    assert "python manage.py migrate" in response.json()["reason"]


def test_the_first_address_leads_to_the_staffs_pages(client):
    assert client.get("/").url == "/admin/"
