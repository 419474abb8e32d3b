// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/event.h"

namespace postrider::records {

std::string encode(const Event& event);
Result<Event> decode_event(std::string_view bytes);  // corrupt = no event, or one of a newer format

}  // namespace postrider::records
