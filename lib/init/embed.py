# SPDX-License-Identifier: Apache-2.0
"""Writes a file as C++ source: embed.py INPUT OUTPUT."""
import sys

data = open(sys.argv[1], "rb").read()
rows = (data[i : i + 20] for i in range(0, len(data), 20))
with open(sys.argv[2], "w") as out:
    out.write('#include "linux/helper_image.hpp"\n\nnamespace {\nconstexpr unsigned char bytes[] = {\n')
    out.writelines("    " + ",".join(str(byte) for byte in row) + ",\n" for row in rows)
    out.write(
        "};\n}  // namespace\n\nnamespace insula::linux_ {\n"
        "const unsigned char* const helper_image = bytes;\n"
        "const std::size_t helper_image_size = sizeof bytes;\n"
        "}  // namespace insula::linux_\n"
    )
