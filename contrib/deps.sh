#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that building, running and testing jdmail need, and no others.
# Does nothing when all are there.  Needs root (or sudo) only when something is missing.
set -e
build="g++ make ccache mold pkg-config libfmt-dev libexpected-dev libssl-dev libsodium-dev libdb5.3-dev
 libunbound-dev libre2-dev libseccomp-dev libicu-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev zlib1g-dev libcurl4-openssl-dev libarchive-dev libexpat1-dev libgtest-dev"
run="poppler-utils poppler-data s6 execline openssl ca-certificates dns-root-data tzdata"
test="python3 gsasl pebble swaks msmtp curl isync mutt fetchmail offlineimap3 alpine nsd ldnsutils mandoc strace iproute2 procps libnet-ssleay-perl libio-socket-ssl-perl git-email libmailtools-perl"
missing=
for p in $build $run $test; do
  dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
# A package's own daemon must not start: the tests run their own copies on their own ports.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee /usr/sbin/policy-rc.d >/dev/null
  $sudo chmod 755 /usr/sbin/policy-rc.d
  trap '$sudo rm -f /usr/sbin/policy-rc.d' EXIT
fi
$sudo apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
