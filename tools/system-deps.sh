#!/bin/sh
# Install what the slow tests use and a bare Debian machine lacks. Needs root.
set -eu
packages="ca-certificates chromium curl git make nginx-light nodejs npm openssh-client postgresql postgresql-client python3 python3-venv redis-server wrk"
if ! command -v apt-get >/dev/null; then
  echo "system-deps: this needs Debian's or Ubuntu's apt-get; elsewhere install: chromium, curl, openssh, postgresql, npm, nginx, redis, wrk" >&2
  exit 2
fi
if [ "$(id -u)" != 0 ]; then
  echo "system-deps: needs root; run: sudo make system-deps" >&2
  exit 2
fi
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
# A machine may have its own npm and node instead of Debian's.
command -v npm >/dev/null && missing=$(echo "$missing" | sed -e 's/ nodejs//' -e 's/ npm//')
[ -z "$missing" ] && { echo "system-deps: nothing missing"; exit 0; }
# Packages must not start services on a machine that only runs tests.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy
  trap 'rm -f $policy' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
