# SPDX-License-Identifier: Apache-2.0
#
# Annotations that capnpc-c understands.

@0xb1d4c39f02e6a785;

annotation prefix @0xe1c7a9b2d45f6038 (file) :Text;
# A prefix for all C names of a file: with $prefix("abi"), struct Process becomes
# abi_process_reader. For schemas whose names a C program already uses for something else.
