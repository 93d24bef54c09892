# The operator's image: the wheel and its requirements, by their hashes, in an environment of their own; it runs as
# nobody, needs no shell, and writes nothing to its root. BASE is any image with a Python 3.11 or newer, its venv module
# and a certificate store; with the Python of the requirements' hashes (make lock) all wheels are found.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python3 -m venv /opt/jitops && python3 -m venv /opt/build
COPY requirements-otel.txt requirements-build.txt ./
RUN /opt/jitops/bin/pip install --require-hashes --no-deps --requirement requirements-otel.txt \
 && /opt/build/bin/pip install --require-hashes --no-deps --requirement requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator/jitops operator/jitops
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/jitops/bin/pip install --no-deps --no-index /dist/*.whl \
 && /opt/jitops/bin/pip uninstall --yes pip setuptools

FROM ${BASE}
LABEL org.opencontainers.image.title=jitops \
      org.opencontainers.image.description="A Kubernetes operator for Jitterbit Harmony and Jitsu" \
      org.opencontainers.image.licenses=Apache-2.0
# 65532 has no entry in /etc/passwd: libraries that ask for a home and a name are told these, whatever user is set.
ENV PATH=/opt/jitops/bin:$PATH HOME=/ USER=jitops PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build /opt/jitops /opt/jitops
USER 65532:65532
ENTRYPOINT ["jitops"]
CMD ["run"]
