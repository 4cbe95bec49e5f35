# km in a container, from executables built before (dist/linux-*/km, dist/LICENSE). Two images:
#   slim  km alone: a base for images of yours, or to copy /usr/local/bin/km from; with `api serve` it is kilometers-api,
#         see compose.yaml; with `serve` km's own services, see deploy/
#   node  with Node and npx, which run most MCP servers
# docker buildx build --platform linux/amd64,linux/arm64 --target node .
# Whatever runs here runs on the building machine, so that no processor is emulated.

FROM scratch AS amd64
COPY --chmod=755 dist/linux-x64/km /usr/local/bin/km

FROM scratch AS arm64
COPY --chmod=755 dist/linux-arm64/km /usr/local/bin/km

FROM ${TARGETARCH} AS built

FROM --platform=$BUILDPLATFORM debian:trixie-slim AS common
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates \
  && mkdir /home/km /var/lib/km-api

FROM node:24-trixie-slim AS node
COPY --from=common /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=built /usr/local/bin/km /usr/local/bin/km
COPY dist/LICENSE /usr/share/licenses/km/
USER node
WORKDIR /home/node
ENTRYPOINT ["km"]

FROM debian:trixie-slim AS slim
COPY --from=common /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=common --chown=1000:1000 /home/km /home/km
# A volume that is mounted here belongs to whom the folder does.
COPY --from=common --chown=1000:1000 /var/lib/km-api /var/lib/km-api
COPY --from=built /usr/local/bin/km /usr/local/bin/km
COPY dist/LICENSE /usr/share/licenses/km/
USER 1000:1000
ENV HOME=/home/km
WORKDIR /home/km
ENTRYPOINT ["km"]
