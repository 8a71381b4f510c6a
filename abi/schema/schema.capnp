# SPDX-License-Identifier: Apache-2.0
#
# Where a shell learns what can be called: programs that serve this bring the schemas of their
# interfaces along, as data, with the documentation in them.
@0x9f4b3c0000000011;

interface SchemaSource @0x9f4b3c0000000601 {
  # A list of schema files. Transfer: copy. Session scope: shareable.

  read @0 (file :UInt32, offset :UInt32) -> (files :UInt32, name :Text, size :UInt32, data :Data);
  # How many files there are; of this one its name, how many bytes it is, and at most 512 of them
  # from offset. A file is a message of one segment without framing, whose root is the
  # CodeGeneratorRequest that the compiler of schemas makes of it. Beyond the last file, and beyond
  # its end, the data are empty.
}
