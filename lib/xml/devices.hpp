// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/model/domain.hpp"
#include "xml/reader.hpp"
#include "xml/writer.hpp"

namespace insula::inline v0::xml {

/// Reads the children of `<devices>`, one device each.
void read_devices(Reader& devices, Domain& domain);

/// Writes the devices in their order. One that was read keeps its element, and with it the comments
/// before it; the element of one that is gone goes too.
void write_devices(Writer& devices, const Domain& domain);

}  // namespace insula::inline v0::xml
