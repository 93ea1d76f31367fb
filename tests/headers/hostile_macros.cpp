// SPDX-License-Identifier: MIT

// Names that the headers of operating systems and microcontrollers define as macros. What the standard library and
// nlohmann/json include comes first: they are not ours to defend.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <compare>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iomanip>
#include <iosfwd>
#include <istream>
#include <iterator>
#include <limits>
#include <list>
#include <locale>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <ostream>
#include <random>
#include <ranges>
#include <set>
#include <source_location>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#define UMBRACO_AI_HOSTILE ] a macro of the platform reached the library [

// windows.h and its family
#define min(a, b) UMBRACO_AI_HOSTILE
#define max(a, b) UMBRACO_AI_HOSTILE
#define ABSOLUTE UMBRACO_AI_HOSTILE
#define BOOL UMBRACO_AI_HOSTILE
#define BYTE UMBRACO_AI_HOSTILE
#define CALLBACK UMBRACO_AI_HOSTILE
#define CONST UMBRACO_AI_HOSTILE
#define CreateFile UMBRACO_AI_HOSTILE
#define DELETE UMBRACO_AI_HOSTILE
#define DIFFERENCE UMBRACO_AI_HOSTILE
#define DOMAIN UMBRACO_AI_HOSTILE
#define DeleteFile UMBRACO_AI_HOSTILE
#define ERROR UMBRACO_AI_HOSTILE
#define FALSE UMBRACO_AI_HOSTILE
#define FAR UMBRACO_AI_HOSTILE
#define GetCurrentTime UMBRACO_AI_HOSTILE
#define GetMessage UMBRACO_AI_HOSTILE
#define GetObject UMBRACO_AI_HOSTILE
#define GetUserName UMBRACO_AI_HOSTILE
#define IGNORE UMBRACO_AI_HOSTILE
#define IN UMBRACO_AI_HOSTILE
#define INFINITE UMBRACO_AI_HOSTILE
#define NEAR UMBRACO_AI_HOSTILE
#define NO_DATA UMBRACO_AI_HOSTILE
#define NO_ERROR UMBRACO_AI_HOSTILE
#define OPTIONAL UMBRACO_AI_HOSTILE
#define OUT UMBRACO_AI_HOSTILE
#define OVERFLOW UMBRACO_AI_HOSTILE
#define PASCAL UMBRACO_AI_HOSTILE
#define RELATIVE UMBRACO_AI_HOSTILE
#define STRICT UMBRACO_AI_HOSTILE
#define SendMessage UMBRACO_AI_HOSTILE
#define THIS UMBRACO_AI_HOSTILE
#define TRANSPARENT UMBRACO_AI_HOSTILE
#define TRUE UMBRACO_AI_HOSTILE
#define UNDERFLOW UMBRACO_AI_HOSTILE
#define VOID UMBRACO_AI_HOSTILE
#define Yield UMBRACO_AI_HOSTILE
#define far UMBRACO_AI_HOSTILE
#define interface UMBRACO_AI_HOSTILE
#define near UMBRACO_AI_HOSTILE
#define small UMBRACO_AI_HOSTILE

// X11
#define Always UMBRACO_AI_HOSTILE
#define Bool UMBRACO_AI_HOSTILE
#define False UMBRACO_AI_HOSTILE
#define None UMBRACO_AI_HOSTILE
#define Status UMBRACO_AI_HOSTILE
#define Success UMBRACO_AI_HOSTILE
#define True UMBRACO_AI_HOSTILE

// Unix
#undef linux
#undef major
#undef minor
#undef unix
#define linux UMBRACO_AI_HOSTILE
#define major(x) UMBRACO_AI_HOSTILE
#define minor(x) UMBRACO_AI_HOSTILE
#define unix UMBRACO_AI_HOSTILE

// Microcontrollers
#define HIGH UMBRACO_AI_HOSTILE
#define INPUT UMBRACO_AI_HOSTILE
#define LOW UMBRACO_AI_HOSTILE
#define OUTPUT UMBRACO_AI_HOSTILE
#define abs(x) UMBRACO_AI_HOSTILE
#define round(x) UMBRACO_AI_HOSTILE
#define bit(x) UMBRACO_AI_HOSTILE
#define interrupts() UMBRACO_AI_HOSTILE

// Qt
#define emit UMBRACO_AI_HOSTILE
#define foreach UMBRACO_AI_HOSTILE
#define signals UMBRACO_AI_HOSTILE
#define slots UMBRACO_AI_HOSTILE

#include <umbraco_ai/core.hpp>
