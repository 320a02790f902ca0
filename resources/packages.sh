# SPDX-License-Identifier: GPL-3.0-or-later
# install_packages SECTION...: installs what resources/packages.txt lists under those sections and is
# missing. Sourced by app/run and tests/run; needs root or sudo only when something is missing.

# The names of the given sections; of "a | b" the first one that this suite knows.
listed_packages() {
    local wanted=" $* " section="" line name
    while IFS= read -r line; do
        case "$line" in
        "# ["*) section=${line#"# ["}; section=${section%%]*} ;;
        "#"* | "") ;;
        *) [[ $wanted == *" $section "* ]] && printf '%s\n' "$line" ;;
        esac
    done <"$root/resources/packages.txt"
}

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Lines of which no alternative is installed.
missing_packages() {
    local line name found
    while IFS= read -r line; do
        found=""
        for name in ${line//|/ }; do
            installed "$name" && found=yes && break
        done
        [[ -n $found ]] || printf '%s\n' "$line"
    done < <(listed_packages "$@")
}

first_known() {
    local name
    for name in ${1//|/ }; do
        apt-cache show "$name" >/dev/null 2>&1 && printf '%s\n' "$name" && return
    done
    printf '%s\n' "${1%% *}"
}

install_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "This script installs Debian packages, and this system has no apt-get." >&2
        echo "Install the equivalents of resources/packages.txt, then: cmake --preset release && cmake --build --preset release" >&2
        exit 1
    fi
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} == 0)) && return

    local names=() line
    name_packages() {
        names=()
        for line in "${missing[@]}"; do
            names+=("$(first_known "$line")")
        done
    }
    local as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            name_packages
            echo "${#missing[@]} packages are missing, and installing them needs root. Run this script as root, install sudo, or let an administrator run: apt-get install --no-install-recommends ${names[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "Installing ${#missing[@]} packages (resources/packages.txt) ..."
    # One broken source need not matter; apt-get would hide that none could be reached.
    local stale=""
    "${as_root[@]}" apt-get update -q -o APT::Update::Error-Mode=any || stale=yes
    name_packages
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${names[@]}"; then
        if [[ -n $stale ]]; then
            echo "The package lists could not be fetched, so nothing was installed. Check the network connection and the sources in /etc/apt, then run this script again." >&2
        else
            echo "Installing failed (see above). On another system than Debian 12 or 13 a name may differ: ${names[*]}" >&2
        fi
        exit 1
    fi
}
