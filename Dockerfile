# The service without a database. It needs SITEWATT_MONGODB_URI_FILE (MongoDB 6.0 or newer, a replica
# set) and, because it listens on every address, SITEWATT_ADMIN_KEY_FILE. The embedded mongod is left
# out: it is under the SSPL, and a container's file system is no place for a database.
#
# It writes nothing to its file system: docker run --read-only. docs/how-to/deploy.md says what of
# this file has been run, and how.
#
# The base is pinned by its version. Add the digest that your registry shows for it
# (python:3.12.13-slim-bookworm@sha256:...) to pin its content too; it could not be looked up here.
ARG PYTHON_IMAGE=python:3.12.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS builder

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /source

# Only wheels: nothing is compiled, so neither stage needs a compiler.
# `--build-arg REQUIREMENTS=otel` adds what traces need.
ARG REQUIREMENTS=runtime
COPY requirements/build.txt requirements/runtime.txt requirements/otel.txt requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements/build.txt
RUN python -m venv /opt/sitewatt \
    && /opt/sitewatt/bin/pip install --require-hashes --only-binary :all: -r requirements/${REQUIREMENTS}.txt

COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY openapi openapi
COPY handlers handlers
COPY storage storage
COPY sitewatt sitewatt
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/sitewatt/bin/pip install --no-deps --no-index dist/*.whl \
    && /opt/sitewatt/bin/pip check \
    && /opt/sitewatt/bin/pip uninstall --yes setuptools pip

FROM ${PYTHON_IMAGE}

LABEL org.opencontainers.image.title="sitewatt" \
      org.opencontainers.image.description="The system of record for energy sites: a contract-first HTTP API on MongoDB." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="python:3.12.13-slim-bookworm"

RUN groupadd --gid 10001 sitewatt \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /nonexistent \
       --shell /usr/sbin/nologin sitewatt
COPY --from=builder /opt/sitewatt /opt/sitewatt
COPY LICENSE /usr/share/doc/sitewatt/LICENSE

ENV PATH=/opt/sitewatt/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SITEWATT_HOST=0.0.0.0 \
    SITEWATT_PORT=8080 \
    SITEWATT_LOG_FORMAT=json
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["sitewatt-health"]
# Exec form: the process is number 1 and gets SIGTERM itself.
ENTRYPOINT ["sitewatt"]
CMD ["serve"]
