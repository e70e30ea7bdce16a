"""The WSGI application that Gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isp_billing.settings")

application = get_wsgi_application()
