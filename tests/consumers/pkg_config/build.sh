#!/bin/sh
# SPDX-License-Identifier: MIT
# PKG_CONFIG_PATH: where it was installed, below share/pkgconfig
set -e
g++ -std=c++20 call.cpp -o call $(pkg-config --cflags --libs umbraco_ai)
