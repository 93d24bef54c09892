# The operator's image: built from hashed requirements, with the Python that they were resolved for; runs as nobody.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/jitops && python -m venv /opt/build
COPY requirements.txt requirements-dev.txt ./
RUN /opt/jitops/bin/pip install --require-hashes --no-deps -r requirements.txt \
 && /opt/build/bin/pip install --require-hashes --no-deps -r requirements-dev.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
COPY examples examples
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/jitops/bin/pip install --no-deps --no-index /dist/*.whl \
 && /opt/jitops/bin/pip uninstall --yes pip

FROM python:3.11-slim
ENV PATH=/opt/jitops/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build /opt/jitops /opt/jitops
USER 65532:65532
ENTRYPOINT ["jitops"]
CMD ["run"]
