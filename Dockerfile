# One image for the web, the scheduler, the migration and the secrets.
# Base: any Python 3.11 to 3.13 image of the Debian family.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

# --- Stage 1: the virtual environment ------------------------------------------------------
FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --require-hashes --only-binary :all: -r requirements.txt

# --- Stage 2: what runs --------------------------------------------------------------------
FROM ${PYTHON_IMAGE}
# What makes PDF of documents, and letters of every script but Chinese, Japanese and Korean (fonts-noto-cjk).
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core \
    && rm -rf /var/lib/apt/lists/*
# The ids are fixed so that files in volumes keep their owner when the image is rebuilt.
RUN groupadd --gid 10001 isp \
    && useradd --uid 10001 --gid isp --no-create-home --home-dir /tmp --shell /usr/sbin/nologin isp
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/app/static \
    WEB_BIND=0.0.0.0:8000
WORKDIR /app
COPY . .
# Collecting static files needs neither a database nor a real key: both values below are unused.
RUN DATABASE_URL=postgresql://unused@unused/unused DJANGO_SECRET_KEY=unused \
    python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q .
USER isp
EXPOSE 8000
ENTRYPOINT ["/app/docker-entrypoint.sh"]
CMD ["gunicorn", "--config", "gunicorn.conf.py", "isp_billing.wsgi:application"]
