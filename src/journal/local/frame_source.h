// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "journal/local/use.h"

namespace postrider::journal::local {

// The plain bytes of a frame. Any thread: it touches only what never changes of a use.
Result<std::string> read_frame(const Use& use, const FramePlace& place);

// The same with patience. What stays unreadable while the device gives other parts of the file is damage like
// any other (corrupt): what follows must not wait for what nobody will ever read.
Result<std::string> read_frame_for_good(const Use& use, const FramePlace& place);

// Notes in the use's hint what a frame of records says. corrupt = it is authentic and makes no sense.
Result<void> note_content(Use& use, const Frame& frame, std::string_view plain);

}  // namespace postrider::journal::local
