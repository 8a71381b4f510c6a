# server_member.capnp:6: Child: its C name `child_server.parent_server` is taken;
# rename one of the two: server_member.capnp:Child
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0005;
interface Parent { call @0 (); }
interface Child extends (Parent) {
  parentServer @0 ();
}
