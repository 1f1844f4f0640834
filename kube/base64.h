// Base64 (RFC 4648, with padding) for kubeconfig's *-data fields and basic authentication.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headroom::kube {

[[nodiscard]] std::string base64_encode(std::string_view bytes);
// White space is skipped; nothing where anything else is not base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace headroom::kube
