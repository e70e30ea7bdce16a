# Stands in for freeradius/freeradius-server:3.2.7 where no registry can be reached: Debian's package of that version.
ARG ROOTFS
FROM ${ROOTFS}
COPY ca-certificates.crt /etc/ssl/certs/
ENV LANG=C.UTF-8
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
    && apt-get update --quiet --quiet \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends \
        freeradius freeradius-postgresql freeradius-utils
EXPOSE 1812/udp 1813/udp
CMD ["freeradius", "-f"]
