# docker build --build-arg VERSION=1.2.3 --tag tap-klaviyo .
# docker run --rm --env TAP_KLAVIYO_AUTH_TOKEN tap-klaviyo --config=ENV
FROM python:3.13-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
COPY pyproject.toml hatch_build.py uv.lock LICENSE README.md ./
COPY tap_klaviyo tap_klaviyo
# The git history stays outside of the image, so the version comes from whoever builds it.
ARG VERSION=0.0.0
ENV SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION UV_PROJECT_ENVIRONMENT=/app UV_PYTHON_DOWNLOADS=never
RUN uv sync --locked --no-dev --no-editable --compile-bytecode

FROM python:3.13-slim-bookworm
COPY --from=build /app /app
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["/app/bin/tap-klaviyo"]
