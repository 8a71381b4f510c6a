# same_name.capnp:LogReader: its C name is taken; rename one of the two: same_name.capnp:LogReader
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0007;
struct Log {} interface LogReader {}
