# One image, one process group: the authorizer, the Admin API and the Manager.
FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 KONGADMIN_HOME=/var/lib/kongadmin \
    KONGADMIN_PROXY_LISTEN=0.0.0.0:8000 \
    KONGADMIN_ADMIN_LISTEN=0.0.0.0:8001 \
    KONGADMIN_ADMIN_GUI_LISTEN=0.0.0.0:8002 \
    KONGADMIN_ENFORCE_RBAC=on
WORKDIR /srv/kongadmin
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
    && useradd --system --create-home --home-dir /var/lib/kongadmin kongadmin
COPY . .
# Who serves may not write here: each start would compile everything.
RUN python -m compileall -q consumers groups kongadmin realms
USER kongadmin
VOLUME /var/lib/kongadmin
EXPOSE 8000 8001 8002
CMD ["python", "manage.py", "serve"]
