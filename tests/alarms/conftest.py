import pytest

from tests.alarms.receivers import MailServer, WebServer
from tests.jobs.conftest import notes, start  # noqa: F401  (fixtures)


@pytest.fixture
def mail(settings):
    """A mail server that the settings name."""
    server = MailServer().start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
    settings.ALARM_EMAILS, settings.DEFAULT_FROM_EMAIL = ["ops@example.net", "boss@example.net"], "isp@example.net"
    yield server
    server.stop()


@pytest.fixture
def webhook(settings):
    """A web server that the settings name as the webhook."""
    server = WebServer().start()
    settings.ALARM_WEBHOOK_URL = f"{server.url}/hook?key=secret"
    yield server
    server.stop()
