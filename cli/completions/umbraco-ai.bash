# SPDX-License-Identifier: MIT
# Read by bash-completion when the tool is first completed; asks the tool itself, so that it is always in step.
if command -v umbraco-ai >/dev/null; then
    eval "$(umbraco-ai completion bash)"
fi
