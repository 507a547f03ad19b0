"""gunicorn 设置: read by gunicorn itself (`gunicorn -c config/gunicorn.py wsgi:app`)."""

import ctypes
import os
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
_REQUESTS_A_CONNECTION = 128

bind = os.environ.get("ANJU_WEB_BIND", "127.0.0.1:8600")
worker_class = "gthread"
workers = int(os.environ.get("ANJU_WEB_WORKERS", "2"))
threads = int(os.environ.get("ANJU_WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 25  # longer than a long poll's 20 s
keepalive = 30
backlog = 1024
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # heartbeats must not wait for a disk
control_socket_disable = True  # no side door into the server
forwarded_allow_ips = "127.0.0.1"
limit_request_line = 4094
limit_request_fields = 60
errorlog = "-"
accesslog = None  # paths carry secrets and numbers of documents; the application logs its routes itself


def pre_request(worker: object, request: Any) -> None:
    """A connection that had its share is closed after the answer, and the next one goes to whoever is free first.

    Kept for good, connections gather at one worker, which then carries three quarters of everything. gunicorn waits
    for the other side to close as well: not to be done often.
    """
    if request.req_number >= _REQUESTS_A_CONNECTION:
        request.force_close()


def post_fork(server: object, worker: object) -> None:
    """A worker does not outlive its master: it would go on holding the port of the next one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
