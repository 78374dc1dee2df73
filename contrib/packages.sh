# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# packages.sh - read by quickstart and check: installs Debian packages that
# are missing, and leaves no service behind that was not there before.

# shellcheck disable=SC2034
build_packages="gcc libc6-dev make autoconf automake pkg-config \
liblua5.3-dev libcurl4-openssl-dev libjson-c-dev libyaml-dev \
libseccomp-dev libcap-dev nettle-dev libssl-dev libpsl-dev ca-certificates"
policy=/usr/sbin/policy-rc.d
policy_is_ours=no

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# Runs a command as root.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "packages are missing and only root can install them:" \
		    "run this as root, or install sudo"
	fi
}

have_package() {
	dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null |
	    grep -q '^install ok installed$'
}

# While packages are being installed, none of them starts a service.
hold_services() {
	[ -e $policy ] && return 0
	policy_is_ours=yes
	printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
	as_root chmod 755 $policy
}

release_services() {
	[ $policy_is_ours = yes ] || return 0
	policy_is_ours=no
	as_root rm -f $policy
}

# docker-registry's package enables a service on all interfaces; only its
# program is needed here.
disable_registry_service() {
	if [ -d /run/systemd/system ]; then
		as_root systemctl --quiet disable --now docker-registry || :
	elif command -v systemctl >/dev/null 2>&1; then
		as_root systemctl --quiet disable docker-registry || :
	else
		as_root rm -f /etc/systemd/system/*.wants/docker-registry.service
	fi >/dev/null 2>&1
	as_root update-rc.d docker-registry disable >/dev/null 2>&1 || :
}

# Installs those of the named packages that are missing.
install_packages() {
	missing=
	for package; do
		have_package "$package" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null 2>&1 ||
	    die "these packages are missing, and there is no apt-get:$missing"
	echo "Installing:$missing"
	case "$missing " in
	*" docker-registry "*) fresh_registry=yes ;;
	*) fresh_registry=no ;;
	esac
	hold_services
	as_root apt-get -qq update || die "apt-get update failed"
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
	    --no-install-recommends install $missing >/dev/null ||
	    die "apt-get could not install:$missing"
	[ $fresh_registry = no ] || disable_registry_service
	release_services
}
