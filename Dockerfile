# The device runtime alone: no torch, and no source beside what is installed.
FROM python:3.11-slim AS wheel
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY lab lab
COPY fleet fleet
COPY device_sim device_sim
COPY model_store model_store
COPY toolchain toolchain
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
COPY constraints.txt /tmp/
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir -c /tmp/constraints.txt /wheels/attune-*.whl \
    && rm -r /wheels /tmp/constraints.txt \
    && useradd --system --create-home --uid 10001 attune \
    && install -d -o attune -g attune -m 0700 /var/lib/attune

USER attune
# Inside a container loopback reaches nobody, so it listens on every address and therefore demands ATTUNE_TOKEN.
ENV ATTUNE_HOST=0.0.0.0 \
    ATTUNE_PORT=8000 \
    ATTUNE_STATE_DIR=/var/lib/attune \
    PYTHONUNBUFFERED=1
VOLUME /var/lib/attune
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['ATTUNE_PORT'] + '/healthz', timeout=2)"]
CMD ["attune", "serve"]
