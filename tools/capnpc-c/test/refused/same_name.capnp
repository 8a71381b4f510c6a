# same_name.capnp:7: LogReader: its C name `log_reader` is taken;
# rename one of the two: same_name.capnp:Log
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0007;
struct Log {}

interface LogReader {}
