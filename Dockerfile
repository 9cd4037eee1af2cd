# The device runtime alone: no torch, no toolchain.
FROM python:3.11-slim

WORKDIR /opt/attune
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY app app
COPY device_sim device_sim
COPY model_store model_store
COPY toolchain toolchain
RUN pip install --no-cache-dir -c constraints.txt . \
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
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["attune", "serve"]
