# Spark in a container: docker build -t spark .
# /data keeps the database and the files; /spark/config.yaml is the shipped config with its
# flows beside it, to be mounted over.

FROM python:3.13-slim AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# pip works on the venv from outside: the image needs none
RUN python -m venv --without-pip /opt/spark
COPY requirements.lock ./
# wheels only: there is no compiler here, and no build script runs
RUN pip --python /opt/spark/bin/python install --require-hashes --only-binary=:all: -r requirements.lock
COPY . .
RUN pip --python /opt/spark/bin/python install --no-deps --no-build-isolation .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Spark" \
      org.opencontainers.image.description="A self-hosted Telegram bot and automation runner for creators" \
      org.opencontainers.image.licenses="MIT"
# a fixed uid, so that the owner of a mounted folder can be set beforehand; the relative data/ of the settings
# comes out in the volume
RUN groupadd --gid 10001 spark \
    && useradd --uid 10001 --gid spark --no-create-home --home-dir /data --shell /usr/sbin/nologin spark \
    && install -d -o spark -g spark -m 0750 /data \
    && install -d /spark \
    && ln -s /data /spark/data
COPY --from=builder /opt/spark /opt/spark
COPY config.yaml /spark/config.yaml
COPY flows /spark/flows
# the bytecode is compiled already and the root may be read-only; log lines go out as they are written
ENV PATH="/opt/spark/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SPARK_HTTP__HOST=0.0.0.0 \
    SPARK_HTTP__PORT=8080
WORKDIR /spark
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# straight to this container, whatever proxy the environment names
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-ISc", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['SPARK_HTTP__PORT'] + '/health', timeout=4)"]
ENTRYPOINT ["spark"]
CMD ["run"]
