# The service without a database: it needs SITEWATT_MONGODB_URI (MongoDB 6.0+, a replica set) and
# SITEWATT_ADMIN_KEY_FILE, because it listens on every address. It writes nothing to its own file
# system but under /tmp: run it with --read-only --tmpfs /tmp.
#
# This file was linted and its steps were run outside a container, the service on a read-only file
# system; no container engine has built it yet.
FROM python:3.12-slim-bookworm AS builder

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source

# Only wheels: nothing is compiled, so neither stage needs a compiler.
# `--build-arg REQUIREMENTS=otel` adds what traces need.
ARG REQUIREMENTS=runtime
COPY requirements/build.txt requirements/runtime.txt requirements/otel.txt requirements/
RUN python -m venv /opt/sitewatt \
    && /opt/sitewatt/bin/pip install --require-hashes --only-binary :all: -r requirements/${REQUIREMENTS}.txt \
    && python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt

COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY openapi openapi
COPY handlers handlers
COPY storage storage
COPY sitewatt sitewatt
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/sitewatt/bin/pip install --no-deps --no-index dist/*.whl \
    && /opt/sitewatt/bin/pip uninstall --yes pip

FROM python:3.12-slim-bookworm

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin sitewatt
COPY --from=builder /opt/sitewatt /opt/sitewatt

ENV PATH=/opt/sitewatt/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/livez', timeout=4)"]
ENTRYPOINT ["sitewatt", "serve", "--host", "0.0.0.0", "--port", "8080"]
