# The image of Headroom's programs. Build it with scripts/image, or: docker build -t headroom .
FROM docker.io/library/debian:trixie-slim AS build
COPY scripts/install-deps /src/scripts/install-deps
RUN /src/scripts/install-deps builder && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# scripts/image mounts a compiler cache at /ccache; without it the folder is simply empty.
ENV CCACHE_DIR=/ccache
RUN cmake --preset release \
 && ninja -C build/release headroom-extender headroom-controller rapl-agent headroom tests_http tests_wire tests_kube
# The tests that depend on the versions of HTTP, TLS and JSON libraries: this image ships other ones than Debian 12.
RUN ctest --test-dir build/release -L 'http|wire|kube' -j "$(nproc)" --output-on-failure --no-tests=error
# Programs without debug information, and the names of the packages whose libraries they load.
RUN mkdir -p /out/bin /out/share/headroom \
 && for program in headroom-extender headroom-controller rapl-agent headroom; do strip -o "/out/bin/$program" "build/release/bin/$program"; done \
 && ldd /out/bin/* | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u | xargs -n 1 readlink -f | xargs -n 1 dpkg-query -S | cut -d: -f1 | sort -u >/out/packages \
 && cp -r deploy/scheduler-config.yaml deploy/config deploy/crds deploy/examples LICENSE /out/share/headroom/ \
 && cat /out/packages

FROM docker.io/library/debian:trixie-slim AS programs
COPY --from=build /out/packages /tmp/packages
RUN apt-get update -q \
 && xargs -a /tmp/packages apt-get install -q -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/* /tmp/packages
COPY --from=build /out/bin/ /usr/bin/
COPY --from=build /out/share/headroom/ /usr/share/headroom/
USER 65532:65532
# 9876 filter, prioritize, preempt; 9877 bind (both on loopback); 9878 health and metrics. The controller has 9879, the
# node agent 9880.
EXPOSE 9878 9879 9880
CMD ["/usr/bin/headroom-extender"]

# The drop-in for powercap: docker build --target agent. Started without a command, as its DaemonSets start it, it is the
# node agent; some of them look for a process of that name with pgrep.
FROM programs AS agent
USER 0:0
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends procps \
 && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/* \
 && ln -s rapl-agent /usr/bin/powercap
ENTRYPOINT ["/usr/bin/powercap"]

# Last, so that it is what "docker build ." gives: the image of the manifests.
FROM programs
