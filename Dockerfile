# syntax=docker/dockerfile:1
# Headroom's proxy for many clients. See docs/fleet.md.

FROM python:3.12-slim AS build
COPY . /source
RUN pip wheel --no-cache-dir --wheel-dir /wheels "/source[code,fleet]"

FROM python:3.12-slim
RUN groupadd --system --gid 10001 headroom \
    && useradd --system --uid 10001 --gid headroom --no-create-home --shell /usr/sbin/nologin headroom \
    && install -d -m 0700 -o headroom -g headroom /var/lib/headroom
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels "headroom-ai[code,fleet]"
# Settings come from HEADROOM_… variables, or from a config.toml that is mounted into /etc/headroom.
ENV PYTHONUNBUFFERED=1 XDG_CONFIG_HOME=/etc HEADROOM_STATE=/var/lib/headroom HEADROOM_PROXY_HOST=0.0.0.0 HEADROOM_PROXY_PORT=8787
USER 10001:10001
VOLUME /var/lib/headroom
EXPOSE 8787
# Whoever asks without the token is answered 401: then it lives, and the check needs no secret.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['HEADROOM_PROXY_PORT']), timeout=4); c.request('GET', '/livez'); raise SystemExit(c.getresponse().status not in (200, 401))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["headroom"]
CMD ["proxy"]
