#!/usr/bin/env bash
# Installs what Kumiko needs and is missing, from Debian or Ubuntu: `scripts/setup.sh run` for the
# demonstration, `scripts/setup.sh test` for the tests too. Does nothing where all is there.
set -euo pipefail

# SQLite is linked; python3 makes the base map, with pip from python3-venv where there is no other.
run_packages=(libsqlite3-dev zlib1g-dev python3 python3-venv ca-certificates)
# Programs that nobody here wrote, to test against.
test_packages=(tshark chromium curl nodejs)

want=("${run_packages[@]}")
if [ "${1:-run}" = test ]; then want+=("${test_packages[@]}"); fi

if ! command -v swift >/dev/null; then
    echo "Kumiko needs Swift 6.3 or later (https://www.swift.org/install/linux/); then run this again." >&2
    exit 1
fi

missing=()
for package in "${want[@]}"; do
    # Ubuntu's Chromium is a snap behind another name.
    if [ "$package" = chromium ] && { command -v chromium || command -v chromium-browser; } >/dev/null; then continue; fi
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "Missing Debian packages: ${missing[*]}. Install them as root, then run this again." >&2
        exit 1
    }
    sudo=(sudo)
fi
echo "Installing ${missing[*]}"
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
for index in "${!missing[@]}"; do
    if [ "${missing[$index]}" = chromium ] && ! apt-cache show chromium >/dev/null 2>&1; then
        missing[index]=chromium-browser
    fi
done
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
