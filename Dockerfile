# km in a container, from executables built before (dist/linux-*/km, dist/LICENSE). Three images:
#   slim  km alone: a base for images of yours, or to copy /usr/local/bin/km from; with `api serve` it is kilometers-api,
#         see compose.yaml; with `serve` km's own services, see deploy/
#   helm  slim with helm, for `serve helm`; fetched from get.helm.sh, and refused unless it is the very archive that is named here
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

FROM scratch AS helm-amd64
ADD --checksum=sha256:a7f81ce08007091b86d8bd696eb4d86b8d0f2e1b9f6c714be62f82f96a594496 \
  https://get.helm.sh/helm-v3.19.0-linux-amd64.tar.gz /helm.tar.gz

FROM scratch AS helm-arm64
ADD --checksum=sha256:440cf7add0aee27ebc93fada965523c1dc2e0ab340d4348da2215737fc0d76ad \
  https://get.helm.sh/helm-v3.19.0-linux-arm64.tar.gz /helm.tar.gz

FROM helm-${TARGETARCH} AS helm-archive

FROM common AS helm-unpacked
COPY --from=helm-archive /helm.tar.gz /
RUN mkdir /helm && tar -xzf /helm.tar.gz -C /helm --strip-components=1

FROM debian:trixie-slim AS alone
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

FROM alone AS helm
COPY --from=helm-unpacked /helm/helm /usr/local/bin/helm
COPY --from=helm-unpacked /helm/LICENSE /usr/share/licenses/helm/

# The last one is what is built unless a target is named.
FROM alone AS slim
