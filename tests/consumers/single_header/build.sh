#!/bin/sh
# SPDX-License-Identifier: MIT
# UMBRACO_AI: a clone
set -e
g++ -std=c++20 -pthread -I "$UMBRACO_AI/single_include" call.cpp -o call -lssl -lcrypto
