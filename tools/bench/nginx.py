"""nginx as it would be set up for the same work: one worker, connections kept, no access log."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

_FRAME = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  tcp_nopush on;
  types {{ }}
  default_type application/octet-stream;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=kept:10m inactive=1h use_temp_path=off;
  open_file_cache max=1000 inactive=60s;
  upstream monitor {{ server 127.0.0.1:{monitor}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location /prod/ {{
      proxy_pass http://monitor/swf-monitor/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host monitor.example;
      proxy_buffers 16 16k;
      {more}
    }}
  }}
}}
"""
_PLAIN = """
      sendfile on;"""
_CACHE = """
      proxy_cache kept;
      proxy_cache_valid 200 10s;
      proxy_cache_lock on;
      proxy_cache_use_stale updating error timeout;
      proxy_cache_background_update on;"""
# Without the first line the monitor would answer compressed, and nothing would be found. With sendfile it is ten times
# slower (measured).
_REPLACE = """
      proxy_set_header Accept-Encoding "";
      sub_filter_once off;
      sub_filter_types application/json text/css text/javascript;
      sub_filter /swf-monitor/ /prod/;"""


def configuration(folder: Path, port: int, monitor: int, *, cache: bool = False, replace: bool = False) -> str:
    """The text of its configuration file."""
    more = (_CACHE if cache else "") + (_REPLACE if replace else _PLAIN)
    # Started by root, its worker would become somebody who may not read the folder.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
    return _FRAME.format(folder=folder, port=port, monitor=monitor, more=more.strip(), user=user)
