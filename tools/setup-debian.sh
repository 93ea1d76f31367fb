#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what the build needs, on Debian 12 and its relatives. Does nothing where everything is there.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: tools/setup-debian.sh [--build-only | --clang | --meson | --docs | --embedded | --bench | --ci]

  (nothing)      compiler, CMake, Ninja, Python, Boost 1.81, OpenSSL 3, nlohmann/json, Catch2, libcurl, and CLI11 and fmt for the tool
  --build-only   without Catch2, Python, libcurl, CLI11 and fmt
  --clang        with clang 16 as well
  --meson        with Meson and pkg-config as well
  --docs         only Doxygen
  --embedded     with what the firmware and the 32-bit tests need as well: cross compilers and emulators, some 470 MB
  --bench        what tools/bench needs: callgrind, and the libraries to measure against
  --ci           everything that .ci/run uses: all of these but the libraries to
                 measure against, clang 19 and libc++
EOF
}

set_of=test
case "${1-}" in
    '') ;;
    --build-only) set_of=build ;;
    --clang) set_of=clang ;;
    --meson) set_of=meson ;;
    --docs) set_of=docs ;;
    --embedded) set_of=embedded ;;
    --bench) set_of=bench ;;
    --ci) set_of=ci ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

at_least() { printf '%s\n%s\n' "$1" "$2" | sort -CV; }

have_gxx() { command -v g++ >/dev/null && at_least 12 "$(g++ -dumpfullversion)"; }
have_cmake() { command -v cmake >/dev/null && at_least 3.25 "$(cmake --version | sed -n '1s/[^0-9]*//p')"; }
have_python() { python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; }
# Asks the compiler, so that a library that was installed without a package counts too.
have_header() { command -v g++ >/dev/null && echo "#include <$1>" | g++ -std=c++20 -E -x c++ -o /dev/null - 2>/dev/null; }
have_boost() {
    have_header boost/beast/version.hpp &&
        at_least 108100 "$(echo 'BOOST_VERSION' | g++ -E -P -include boost/version.hpp -x c++ - | tail -n 1)"
}
have_openssl() {
    have_header openssl/ssl.h &&
        at_least 3 "$(echo 'OPENSSL_VERSION_MAJOR' | g++ -E -P -include openssl/opensslv.h -x c++ - | tail -n 1)"
}
have_catch() { have_header catch2/catch.hpp || have_header catch2/catch_all.hpp; }
have_runtime_of_clang() { compgen -G '/usr/lib/llvm-16/lib/clang/*/lib/*/libclang_rt.asan*' >/dev/null; }

missing=()
# What a release may not have; the legs that want it say that they are left out.
wished=()
if [ "$set_of" != docs ]; then
    have_gxx || missing+=(g++)
    have_cmake || missing+=(cmake)
    command -v ninja >/dev/null || missing+=(ninja-build)
    have_boost || missing+=(libboost1.81-dev)
    have_openssl || missing+=(libssl-dev)
    have_header nlohmann/json.hpp || missing+=(nlohmann-json3-dev)
fi
if [ "$set_of" != build ] && [ "$set_of" != docs ]; then
    have_python || missing+=(python3)
    have_catch || missing+=(catch2)
    have_header CLI/CLI.hpp || missing+=(libcli11-dev)
    have_header fmt/color.h || missing+=(libfmt-dev)
    have_header curl/curl.h || missing+=(libcurl4-openssl-dev)
fi
if [ "$set_of" = clang ] || [ "$set_of" = ci ]; then
    command -v clang++-16 >/dev/null || missing+=(clang-16)
    have_runtime_of_clang || missing+=(libclang-rt-16-dev)
fi
if [ "$set_of" = docs ] || [ "$set_of" = ci ]; then
    command -v doxygen >/dev/null || missing+=(doxygen)
fi
if [ "$set_of" = meson ] || [ "$set_of" = ci ]; then
    command -v meson >/dev/null || missing+=(meson)
    command -v pkg-config >/dev/null || missing+=(pkg-config)
fi
if [ "$set_of" = embedded ] || [ "$set_of" = ci ]; then
    command -v arm-none-eabi-g++ >/dev/null || missing+=(gcc-arm-none-eabi)
    compgen -G '/usr/lib/arm-none-eabi/newlib/thumb/v7-m/nofp/libstdc++.a' >/dev/null || missing+=(libstdc++-arm-none-eabi-newlib)
    command -v qemu-system-arm >/dev/null || missing+=(qemu-system-arm)
    command -v arm-linux-gnueabihf-g++ >/dev/null || missing+=(g++-arm-linux-gnueabihf)
    command -v qemu-arm >/dev/null || missing+=(qemu-user)
fi
if [ "$set_of" = bench ] || [ "$set_of" = ci ]; then
    command -v valgrind >/dev/null || missing+=(valgrind)
fi
if [ "$set_of" = bench ]; then
    have_header curl/curl.h || missing+=(libcurl4-openssl-dev)
    have_header simdjson.h || missing+=(libsimdjson-dev)
    have_header rapidjson/document.h || missing+=(rapidjson-dev)
    have_header httplib.h || missing+=(libcpp-httplib-dev)
fi
if [ "$set_of" = ci ]; then
    command -v clang++-19 >/dev/null || wished+=(clang-19)
    [ -e /usr/lib/llvm-16/include/c++/v1/version ] || wished+=(libc++-16-dev libc++abi-16-dev)
fi
[ $((${#missing[@]} + ${#wished[@]})) -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    [ ${#missing[@]} -gt 0 ] || exit 0
    echo "setup: no apt-get here; install the equivalents of: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: neither root nor sudo; ask an administrator for: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"; }

updated=no
update() {
    echo "setup: apt-get update"
    apt update || echo "setup: apt-get update failed; going on with the lists that are here" >&2
    updated=yes
}
has_candidate() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'Candidate: '[!\(]* ]]; }
for package in "${missing[@]}" "${wished[@]}"; do
    if ! has_candidate "$package"; then
        update
        break
    fi
done
for package in "${wished[@]}"; do
    if has_candidate "$package"; then missing+=("$package"); else echo "setup: this release has no $package"; fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

# Releases after Debian 12 have a newer Boost under another name.
for index in "${!missing[@]}"; do
    if [ "${missing[index]}" = libboost1.81-dev ] && ! has_candidate libboost1.81-dev; then
        missing[index]=libboost-dev
    fi
done

replaced=$(apt -s --no-install-recommends install "${missing[@]}" 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/\1/p' | xargs) || true
if [ -n "$replaced" ]; then
    echo "setup: ${missing[*]} cannot stand beside, and replaces: $replaced"
    if [ -t 0 ] && [ "${CI-}" != true ]; then
        read -r -p "Go on? [y/N] " answer
        [ "$answer" = y ] || exit 1
    fi
fi

echo "setup: installing ${missing[*]}"
install() { apt -y --no-install-recommends -o Dpkg::Use-Pty=0 install "${missing[@]}" </dev/null >"$log" 2>&1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install; then
    # The package lists may be older than the archive.
    if [ "$updated" = no ]; then
        update
        install && exit 0
    fi
    cat "$log" >&2
    echo "setup: could not install ${missing[*]}" >&2
    exit 1
fi
