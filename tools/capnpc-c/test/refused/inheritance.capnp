# inheritance.capnp:Child: inheritance: not yet
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0005;
interface Parent {} interface Child extends (Parent) {}
